/* mold: MoldUDP64 packets, read and built. */
#include "codec/mold_inline.h"

int mold_decode(const uint8_t *data, size_t size, struct mold_header *header) {
    if (size < MOLD_HEADER_SIZE) return ERROR_TRUNCATED;
    memcpy(header->session, data, MOLD_SESSION_SIZE);
    header->sequence = load_be64(data + 10);
    header->count = load_be16(data + 18);
    return MOLD_HEADER_SIZE;
}

int mold_encode(const struct mold_header *header, uint8_t *data, size_t capacity) {
    if (capacity < MOLD_HEADER_SIZE) return ERROR_FULL;
    memcpy(data, header->session, MOLD_SESSION_SIZE);
    store_be64(data + 10, header->sequence);
    store_be16(data + 18, header->count);
    return MOLD_HEADER_SIZE;
}

int mold_open(struct mold_iterator *iterator, const uint8_t *data, size_t size, struct mold_header *header) {
    return mold_open_inline(iterator, data, size, header);
}

int mold_next(struct mold_iterator *iterator, const uint8_t **message, uint32_t *size) {
    return mold_next_inline(iterator, message, size);
}

int mold_check(const uint8_t *data, size_t size) {
    struct mold_iterator iterator;
    struct mold_header header;
    int count = mold_open_inline(&iterator, data, size, &header);
    const uint8_t *message;
    uint32_t length;
    int result = count;
    while (result > 0) result = mold_next_inline(&iterator, &message, &length);
    return result < 0 ? result : count;
}

int mold_begin(struct mold_builder *builder, uint8_t *data, size_t capacity, const char *session,
               uint64_t sequence) {
    struct mold_header header = {.sequence = sequence, .count = MOLD_HEARTBEAT};
    memcpy(header.session, session, MOLD_SESSION_SIZE);
    int size = mold_encode(&header, data, capacity);
    if (size < 0) return size;
    *builder = (struct mold_builder){.data = data, .capacity = (uint32_t)capacity, .size = (uint32_t)size};
    return 0;
}

int mold_append(struct mold_builder *builder, const uint8_t *message, size_t size) {
    if (size == 0 || size > UINT16_MAX) return ERROR_ARGUMENT;
    if (builder->capacity - builder->size < size + 2) return ERROR_FULL;
    if (builder->count == MOLD_END_OF_SESSION - 1)
        return ERROR_FULL; /* one more would read as the end of session */
    store_be16(builder->data + builder->size, (uint16_t)size);
    memcpy(builder->data + builder->size + 2, message, size);
    builder->size += 2 + (uint32_t)size;
    store_be16(builder->data + 18, (uint16_t)++builder->count);
    return 0;
}
