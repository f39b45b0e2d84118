#include "ring/ring_inline.h"

#include <string.h>

/* wait-free word copies: an observer may read a slot that the producer is overwriting; it then discards the
 * copy. */
static void copy_words(void *to, const void *from, uint64_t size) {
    uint64_t *target = to;
    const uint64_t *source = from;
    for (uint64_t i = 0; i < size / sizeof(uint64_t); i++)
        target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

int ring_add(struct segment *segment, const char *name, uint64_t capacity, uint64_t record_size,
             uint64_t consumer_count, struct ring **ring) {
    if (capacity < 2 || (capacity & (capacity - 1)) || capacity > (1ULL << 30)) return ERROR_ARGUMENT;
    if (record_size != CACHE_LINE && record_size != 2 * CACHE_LINE) return ERROR_ARGUMENT;
    if (consumer_count > RING_CONSUMER_COUNT_MAX) return ERROR_ARGUMENT;
    void *block = NULL;
    int error = segment_add(segment, name, BLOCK_RING, sizeof(struct ring) + capacity * record_size, &block);
    if (error) return error;
    struct ring *made = block;
    made->capacity = capacity;
    made->record_size = record_size;
    made->consumer_count = consumer_count;
    *ring = made;
    return ERROR_NONE;
}

struct ring *ring_find(struct segment *segment, const char *name) {
    uint64_t size = 0;
    struct ring *ring = segment_find(segment, name, BLOCK_RING, &size);
    if (!ring || size < sizeof *ring + ring->capacity * ring->record_size) return NULL;
    return ring;
}

int ring_write(struct ring *ring, const void *records, int count) {
    struct ring_producer producer;
    ring_producer_open(&producer, ring);
    int written = 0;
    for (; written < count; written++) {
        void *slot = ring_claim(&producer);
        if (!slot) break;
        memcpy(slot, (const uint8_t *)records + (uint64_t)written * ring->record_size, ring->record_size);
        ring_publish(&producer);
    }
    return written;
}

int ring_read(struct ring *ring, uint32_t consumer, void *records, int count) {
    if (consumer >= ring->consumer_count) return ERROR_ARGUMENT;
    struct ring_consumer handle;
    ring_consumer_open(&handle, ring, consumer);
    int taken = 0;
    for (; taken < count; taken++) {
        const void *record = ring_peek(&handle);
        if (!record) break;
        memcpy((uint8_t *)records + (uint64_t)taken * ring->record_size, record, ring->record_size);
        ring_release(&handle);
    }
    return taken;
}

int ring_observe(struct ring *ring, uint64_t *position, uint64_t *missed, void *records, int count) {
    int taken = 0;
    while (taken < count) {
        uint64_t published = __atomic_load_n(&ring->published, __ATOMIC_ACQUIRE);
        if (*position >= published) break;
        if (published - *position >= ring->capacity) { /* the oldest slot may be the one being written now */
            uint64_t oldest = published - ring->capacity + 1;
            *missed += oldest - *position;
            *position = oldest;
        }
        const uint8_t *slot = ring_records(ring) + (*position & (ring->capacity - 1)) * ring->record_size;
        copy_words((uint8_t *)records + (uint64_t)taken * ring->record_size, slot, ring->record_size);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        published = __atomic_load_n(&ring->published, __ATOMIC_RELAXED);
        if (published - *position >= ring->capacity) continue; /* overwritten meanwhile: count it and go on */
        (*position)++;
        taken++;
    }
    return taken;
}
