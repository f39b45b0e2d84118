/* itch: TotalView-ITCH 5.0 messages to structs and back, expanded from the field lists of itch_fields.h. */
#include "codec/fields.h"
#include "codec/itch_inline.h"
#include "tickwire/codec_itch.h"

#define HEADER_FIELDS(FIELD)                                                                                 \
    FIELD(NUMBER, 1, 2, locate)                                                                              \
    FIELD(NUMBER, 3, 2, tracking)                                                                            \
    FIELD(NUMBER, 5, 6, timestamp_ns)

#define DESCRIBE(type, name, member, length, fields)                                                         \
    static const struct codec_field name##_fields[] = {HEADER_FIELDS(FIELD_DESCRIBE) fields(FIELD_DESCRIBE)};
ITCH_MESSAGES(DESCRIBE)

#define LAYOUT(type, name, member, length, fields)                                                           \
    [type] = {#name, name##_fields, FIELD_COUNT(name##_fields), length, type, CODEC_APPENDAGE_NONE},
static const struct codec_layout layouts[256] = {ITCH_MESSAGES(LAYOUT)};

int itch_length(uint8_t type) {
    return itch_lengths[type];
}

const struct codec_layout *itch_layout(uint8_t type) {
    return itch_lengths[type] ? &layouts[type] : NULL;
}

static void decode_body(const uint8_t *data, struct itch_message *message) {
    switch (message->type) {
#define DECODE(type, name, member, length, fields)                                                           \
    case type: {                                                                                             \
        __typeof__(message->member) *part = &message->member;                                                \
        fields(FIELD_DECODE)                                                                                 \
    } break;
        ITCH_MESSAGES(DECODE)
    default: break;
    }
}

static void encode_body(const struct itch_message *message, uint8_t *data) {
    switch (message->type) {
#define ENCODE(type, name, member, length, fields)                                                           \
    case type: {                                                                                             \
        const __typeof__(message->member) *part = &message->member;                                          \
        fields(FIELD_ENCODE)                                                                                 \
    } break;
        ITCH_MESSAGES(ENCODE)
    default: break;
    }
}

int itch_decode(const uint8_t *data, size_t size, struct itch_message *message) {
    if (size == 0) return ERROR_TRUNCATED;
    int length = itch_lengths[data[0]];
    if (length == 0) return ERROR_UNSUPPORTED;
    if (size < (size_t)length) return ERROR_TRUNCATED;
    if (size > (size_t)length) return ERROR_MALFORMED;
    *message = (struct itch_message){.type = data[0]};
    struct itch_message *part = message;
    HEADER_FIELDS(FIELD_DECODE)
    decode_body(data, message);
    return length;
}

int itch_encode(const struct itch_message *message, uint8_t *data, size_t capacity) {
    int length = itch_lengths[message->type];
    if (length == 0) return ERROR_UNSUPPORTED;
    if (capacity < (size_t)length) return ERROR_FULL;
    const struct itch_message *part = message;
    data[0] = part->type;
    HEADER_FIELDS(FIELD_ENCODE)
    encode_body(message, data);
    return length;
}
