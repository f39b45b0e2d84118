/* mold_inline: the messages of a MoldUDP64 packet, for the hot path.  Contracts: codec_mold.h. */
#pragma once
#include "codec/bytes.h"
#include "tickwire/codec_mold.h"

static inline int mold_open_inline(struct mold_iterator *iterator, const uint8_t *data, size_t size,
                                   struct mold_header *header) {
    if (__builtin_expect(size < MOLD_HEADER_SIZE, 0)) return ERROR_TRUNCATED;
    memcpy(header->session, data, MOLD_SESSION_SIZE);
    header->sequence = load_be64(data + 10);
    header->count = load_be16(data + 18);
    iterator->next = data + MOLD_HEADER_SIZE;
    iterator->end = data + size;
    iterator->left = header->count == MOLD_END_OF_SESSION ? 0 : header->count;
    iterator->sequence = header->sequence;
    if (__builtin_expect(iterator->left == 0 && size > MOLD_HEADER_SIZE, 0)) return ERROR_MALFORMED;
    return (int)iterator->left;
}

static inline int mold_next_inline(struct mold_iterator *iterator, const uint8_t **message, uint32_t *size) {
    size_t room = (size_t)(iterator->end - iterator->next);
    if (iterator->left == 0) return room == 0 ? 0 : ERROR_MALFORMED;
    if (__builtin_expect(room < 2, 0)) return ERROR_MALFORMED;
    uint32_t length = load_be16(iterator->next);
    if (__builtin_expect(length == 0 || room - 2 < length, 0)) return ERROR_MALFORMED;
    *message = iterator->next + 2;
    *size = length;
    iterator->next += 2 + length;
    iterator->left--;
    iterator->sequence++;
    return 1;
}
