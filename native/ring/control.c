#include "ring/control_inline.h"

#include <string.h>

int control_add(struct segment *segment, struct control **control) {
    void *block = NULL;
    int error = segment_add(segment, "control", BLOCK_CONTROL, sizeof(struct control), &block);
    if (!error) *control = block;
    return error;
}

struct control *control_find(struct segment *segment) {
    return segment_find(segment, "control", BLOCK_CONTROL, NULL);
}

static uint64_t *stop_word(struct control *control, enum stop_scope scope, uint32_t index) {
    struct control_stops *stops = &control->stops;
    switch (scope) {
    case STOP_FIRM: return index == 0 ? &stops->firm : NULL;
    case STOP_VENUE: return index < VENUE_COUNT_MAX ? &stops->venue[index] : NULL;
    case STOP_ACCOUNT: return index < ACCOUNT_COUNT_MAX ? &stops->account[index] : NULL;
    case STOP_STRATEGY: return index < STRATEGY_COUNT_MAX ? &stops->strategy[index] : NULL;
    case STOP_INSTRUMENT: return index < INSTRUMENT_COUNT_MAX ? &stops->instrument[index] : NULL;
    }
    return NULL;
}

int64_t control_stop_set(struct control *control, enum stop_scope scope, uint32_t index, uint64_t bits) {
    uint64_t *word = stop_word(control, scope, index);
    if (!word) return ERROR_ARGUMENT;
    uint64_t before = __atomic_fetch_or(word, bits, __ATOMIC_ACQ_REL);
    if (bits & STOP_KILL) __atomic_fetch_add(&control->stops.kills, 1, __ATOMIC_ACQ_REL);
    return (int64_t)before;
}

int64_t control_stop_clear(struct control *control, enum stop_scope scope, uint32_t index, uint64_t bits) {
    uint64_t *word = stop_word(control, scope, index);
    return word ? (int64_t)__atomic_fetch_and(word, ~bits, __ATOMIC_ACQ_REL) : ERROR_ARGUMENT;
}

int64_t control_stop_bits(const struct control *control, enum stop_scope scope, uint32_t index) {
    const uint64_t *word = stop_word((struct control *)control, scope, index);
    return word ? (int64_t)__atomic_load_n(word, __ATOMIC_ACQUIRE) : ERROR_ARGUMENT;
}

int control_declare_lane(struct control *control, const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length >= NAME_SIZE) return ERROR_ARGUMENT;
    for (int i = 0; i < STAGE_COUNT_MAX; i++) {
        struct lane_status *status = &control->lanes[i];
        if (strncmp(status->name, name, NAME_SIZE) == 0) return ERROR_DUPLICATE;
        if (status->name[0]) continue;
        memcpy(status->name, name, length);
        return ERROR_NONE;
    }
    return ERROR_FULL;
}

int parameters_add(struct segment *segment, const char *name, uint64_t size,
                   struct parameters_header **header) {
    if (size == 0 || size % sizeof(uint64_t)) return ERROR_ARGUMENT;
    void *block = NULL;
    int error = segment_add(segment, name, BLOCK_PARAMETERS, sizeof(struct parameters_header) + size, &block);
    if (error) return error;
    *header = block;
    (*header)->size = size;
    return ERROR_NONE;
}

struct parameters_header *parameters_find(struct segment *segment, const char *name) {
    return segment_find(segment, name, BLOCK_PARAMETERS, NULL);
}

int parameters_write(struct parameters_header *header, const void *payload, uint64_t size, uint64_t now_ns) {
    if (size != header->size) return ERROR_ARGUMENT;
    seqlock_begin(&header->version);
    seqlock_copy(header + 1, payload, size);
    __atomic_store_n(&header->published_ns, now_ns, __ATOMIC_RELAXED);
    seqlock_end(&header->version);
    return ERROR_NONE;
}

int parameters_read(struct parameters_header *header, void *payload, uint64_t size, uint64_t *version) {
    if (size != header->size) return ERROR_ARGUMENT;
    if (__atomic_load_n(&header->version, __ATOMIC_ACQUIRE) == 0) return 0;
    uint64_t read;
    if (!seqlock_read_entry(&header->version, payload, header + 1, size, &read)) return ERROR_BUSY;
    if (version) *version = read;
    return 1;
}

int table_read(const void *entry, void *to, uint64_t size) {
    uint64_t version;
    return seqlock_read_entry((const uint64_t *)entry, to, entry, size, &version);
}
