/* ouch: OUCH 5.0 messages to structs and back, expanded from the field lists of ouch_fields.h. */
#include "codec/fields.h"
#include "codec/ouch_appendage.h"
#include "codec/ouch_fields.h"
#include "tickwire/codec_ouch.h"

#define DESCRIBE(type, name, length, appendage, fields)                                                      \
    static const struct codec_field name##_fields[] = {fields(FIELD_DESCRIBE)};
OUCH_INBOUND(DESCRIBE)
OUCH_OUTBOUND(DESCRIBE)

#define LAYOUT(type, name, length, appendage, fields)                                                        \
    [type] = {#name, name##_fields, FIELD_COUNT(name##_fields), length, type, CODEC_APPENDAGE_##appendage},
static const struct codec_layout inbound_layouts[256] = {OUCH_INBOUND(LAYOUT)};
static const struct codec_layout outbound_layouts[256] = {OUCH_OUTBOUND(LAYOUT)};

const struct codec_layout *ouch_inbound_layout(uint8_t type) {
    return inbound_layouts[type].name != NULL ? &inbound_layouts[type] : NULL;
}

const struct codec_layout *ouch_outbound_layout(uint8_t type) {
    return outbound_layouts[type].name != NULL ? &outbound_layouts[type] : NULL;
}

#define DECODE(type, name, length, appendage, fields)                                                        \
    case type: {                                                                                             \
        __typeof__(message->name) *part = &message->name;                                                    \
        (void)part;                                                                                          \
        fields(FIELD_DECODE)                                                                                 \
    } break;

int ouch_decode_inbound(const uint8_t *data, size_t size, struct ouch_inbound *message) {
    if (size == 0) return ERROR_TRUNCATED;
    const struct codec_layout *layout = ouch_inbound_layout(data[0]);
    if (layout == NULL) return ERROR_UNSUPPORTED;
    if (size < layout->length) return ERROR_TRUNCATED;
    *message = (struct ouch_inbound){.type = data[0]};
    switch (message->type) {
        OUCH_INBOUND(DECODE)
    default: break;
    }
    return ouch_appendage_read(layout, data, size, &message->appendage);
}

int ouch_decode_outbound(const uint8_t *data, size_t size, struct ouch_outbound *message) {
    if (size == 0) return ERROR_TRUNCATED;
    const struct codec_layout *layout = ouch_outbound_layout(data[0]);
    if (layout == NULL) return ERROR_UNSUPPORTED;
    if (size < layout->length) return ERROR_TRUNCATED;
    *message = (struct ouch_outbound){.type = data[0]};
    switch (message->type) {
        OUCH_OUTBOUND(DECODE)
    default: break;
    }
    return ouch_appendage_read(layout, data, size, &message->appendage);
}

/* Finishes an encoded fixed part: what its layout wants behind it. */
static int finish(const struct codec_layout *layout, const struct ouch_appendage *appendage, uint8_t *data,
                  size_t capacity) {
    int bare = layout->appendage == CODEC_APPENDAGE_NONE ||
               (layout->appendage == CODEC_APPENDAGE_OPTIONAL && !appendage->present);
    return bare ? layout->length : ouch_appendage_write(appendage, data, layout->length, capacity);
}

#define ENCODE(type, name, length, appendage, fields)                                                        \
    case type: {                                                                                             \
        const __typeof__(message->name) *part = &message->name;                                              \
        (void)part;                                                                                          \
        fields(FIELD_ENCODE)                                                                                 \
    } break;

int ouch_encode_inbound(const struct ouch_inbound *message, uint8_t *data, size_t capacity) {
    const struct codec_layout *layout = ouch_inbound_layout(message->type);
    if (layout == NULL) return ERROR_UNSUPPORTED;
    if (capacity < layout->length) return ERROR_FULL;
    data[0] = message->type;
    switch (message->type) {
        OUCH_INBOUND(ENCODE)
    default: break;
    }
    return finish(layout, &message->appendage, data, capacity);
}

int ouch_encode_outbound(const struct ouch_outbound *message, uint8_t *data, size_t capacity) {
    const struct codec_layout *layout = ouch_outbound_layout(message->type);
    if (layout == NULL) return ERROR_UNSUPPORTED;
    if (capacity < layout->length) return ERROR_FULL;
    data[0] = message->type;
    switch (message->type) {
        OUCH_OUTBOUND(ENCODE)
    default: break;
    }
    return finish(layout, &message->appendage, data, capacity);
}

enum { ENTER_LENGTH = 45, REPLACE_LENGTH = 38, CANCEL_LENGTH = 9 };

int ouch_encode_enter(const struct ouch_enter *part, const struct ouch_appendage *appendage, uint8_t *data,
                      size_t capacity) {
    if (capacity < ENTER_LENGTH) return ERROR_FULL;
    data[0] = OUCH_ENTER;
    ENTER_FIELDS(FIELD_ENCODE)
    return ouch_appendage_write(appendage, data, ENTER_LENGTH, capacity);
}

int ouch_encode_replace(const struct ouch_replace *part, const struct ouch_appendage *appendage,
                        uint8_t *data, size_t capacity) {
    if (capacity < REPLACE_LENGTH) return ERROR_FULL;
    data[0] = OUCH_REPLACE;
    REPLACE_FIELDS(FIELD_ENCODE)
    return ouch_appendage_write(appendage, data, REPLACE_LENGTH, capacity);
}

int ouch_encode_cancel(const struct ouch_cancel *part, const struct ouch_appendage *appendage, uint8_t *data,
                       size_t capacity) {
    if (capacity < CANCEL_LENGTH) return ERROR_FULL;
    data[0] = OUCH_CANCEL;
    CANCEL_FIELDS(FIELD_ENCODE)
    if (appendage == NULL) return CANCEL_LENGTH; /* the one of the three that may go without */
    return ouch_appendage_write(appendage, data, CANCEL_LENGTH, capacity);
}
