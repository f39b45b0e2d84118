/* itch_inline: ITCH 5.0 fields straight from the wire, for the hot path.  Call itch_check first: every reader
 * below trusts that the message is as long as its type says. */
#pragma once
#include "codec/bytes.h"
#include "codec/itch_fields.h"
#include "tickwire/codec_itch.h"

/* Where the fields of the messages that change a book are; the header is common to all. */
enum itch_offset {
    ITCH_AT_LOCATE = 1,
    ITCH_AT_TRACKING = 3,
    ITCH_AT_TIMESTAMP = 5,
    ITCH_AT_REFERENCE = 11, /* A F E C X D U P */
    ITCH_AT_SIDE = 19,      /* A F P */
    ITCH_AT_ADD_QUANTITY = 20,
    ITCH_AT_ADD_STOCK = 24,
    ITCH_AT_ADD_PRICE = 32,
    ITCH_AT_ATTRIBUTION = 36, /* F */
    ITCH_AT_QUANTITY = 19,    /* E C executed, X canceled */
    ITCH_AT_MATCH = 23,       /* E C */
    ITCH_AT_PRINTABLE = 31,   /* C */
    ITCH_AT_EXECUTED_PRICE = 32,
    ITCH_AT_NEW_REFERENCE = 19, /* U */
    ITCH_AT_REPLACE_QUANTITY = 27,
    ITCH_AT_REPLACE_PRICE = 31,
    ITCH_AT_TRADE_MATCH = 36,    /* P; its side, quantity, stock and price are where A has them */
    ITCH_AT_CROSS_QUANTITY = 11, /* Q, 8 bytes */
    ITCH_AT_CROSS_STOCK = 19,
    ITCH_AT_CROSS_PRICE = 27,
    ITCH_AT_CROSS_MATCH = 31,
    ITCH_AT_CROSS_TYPE = 39,
    ITCH_AT_STOCK = 11, /* R H Y K J h N O */
    ITCH_AT_STATE = 19, /* H trading state, Y action */
};

/* A table, not a switch: the next message's type is hard to predict, and a wrong jump costs more than a load.
 */
#define ITCH_LENGTH_OF(type, name, member, length, fields) [type] = length,
static const uint8_t itch_lengths[256] = {ITCH_MESSAGES(ITCH_LENGTH_OF)};

/* itch_size is itch_length without the call. */
static inline int itch_size(uint8_t type) {
    return itch_lengths[type];
}

/* itch_check says whether data is one whole message: 0, or what itch_decode would answer. */
static inline int itch_check(const uint8_t *data, size_t size) {
    if (__builtin_expect(size == 0, 0)) return ERROR_TRUNCATED;
    size_t length = (size_t)itch_size(data[0]);
    if (__builtin_expect(size == length, 1)) return 0; /* a length of 0 cannot match: size is not 0 */
    if (length == 0) return ERROR_UNSUPPORTED;
    return size < length ? ERROR_TRUNCATED : ERROR_MALFORMED;
}

static inline uint16_t itch_locate(const uint8_t *data) {
    return load_be16(data + ITCH_AT_LOCATE);
}
static inline uint64_t itch_timestamp_ns(const uint8_t *data) {
    return load_be48(data + ITCH_AT_TIMESTAMP);
}
static inline uint64_t itch_reference(const uint8_t *data) {
    return load_be64(data + ITCH_AT_REFERENCE);
}

/* A F P */
static inline uint8_t itch_add_side(const uint8_t *data) {
    return data[ITCH_AT_SIDE];
} /* 'B' or 'S' */
static inline uint32_t itch_add_quantity(const uint8_t *data) {
    return load_be32(data + ITCH_AT_ADD_QUANTITY);
}
static inline uint32_t itch_add_price(const uint8_t *data) {
    return load_be32(data + ITCH_AT_ADD_PRICE);
}
static inline uint64_t itch_trade_match(const uint8_t *data) {
    return load_be64(data + ITCH_AT_TRADE_MATCH);
}

/* E C X: shares executed or taken off */
static inline uint32_t itch_quantity(const uint8_t *data) {
    return load_be32(data + ITCH_AT_QUANTITY);
}
static inline uint64_t itch_match(const uint8_t *data) {
    return load_be64(data + ITCH_AT_MATCH);
}
static inline uint8_t itch_printable(const uint8_t *data) {
    return data[ITCH_AT_PRINTABLE];
} /* 'Y' or 'N' */
static inline uint32_t itch_executed_price(const uint8_t *data) {
    return load_be32(data + ITCH_AT_EXECUTED_PRICE);
}

/* U */
static inline uint64_t itch_new_reference(const uint8_t *data) {
    return load_be64(data + ITCH_AT_NEW_REFERENCE);
}
static inline uint32_t itch_replace_quantity(const uint8_t *data) {
    return load_be32(data + ITCH_AT_REPLACE_QUANTITY);
}
static inline uint32_t itch_replace_price(const uint8_t *data) {
    return load_be32(data + ITCH_AT_REPLACE_PRICE);
}

/* Q */
static inline uint64_t itch_cross_quantity(const uint8_t *data) {
    return load_be64(data + ITCH_AT_CROSS_QUANTITY);
}
static inline uint32_t itch_cross_price(const uint8_t *data) {
    return load_be32(data + ITCH_AT_CROSS_PRICE);
}
static inline uint64_t itch_cross_match(const uint8_t *data) {
    return load_be64(data + ITCH_AT_CROSS_MATCH);
}
static inline uint8_t itch_cross_type(const uint8_t *data) {
    return data[ITCH_AT_CROSS_TYPE];
}

/* H Y: stock is eight characters at data + ITCH_AT_STOCK */
static inline uint8_t itch_state(const uint8_t *data) {
    return data[ITCH_AT_STATE];
}
