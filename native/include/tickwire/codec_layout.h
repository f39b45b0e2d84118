/* codec_layout: what a message of a venue protocol looks like, as data.  Each codec writes the fields of a
 * message once (native/codec/fields.h expands that list into decoding, encoding and this description), so
 * that tools can name and print every field without a second copy of the layout. */
#pragma once
#include "tickwire/base.h"

enum codec_kind {
    CODEC_NUMBER = 0, /* unsigned, big-endian */
    CODEC_SIGNED = 1, /* two's complement, big-endian */
    CODEC_CHAR = 2,   /* one ASCII character */
    CODEC_TEXT = 3,   /* ASCII, padded with spaces on the right */
};

struct codec_field {
    const char *name;
    uint16_t offset; /* in the message, the type byte being 0 */
    uint8_t size;
    uint8_t kind;     /* enum codec_kind */
    uint8_t decimals; /* implied decimal places: 4 or 8 for a price, otherwise 0 */
};

struct codec_layout {
    const char *name;
    const struct codec_field *fields; /* every byte of the message after its type, in order */
    uint16_t field_count;
    uint16_t length;   /* bytes, with the type; an appendage comes after them */
    uint8_t type;      /* the first byte */
    uint8_t appendage; /* enum codec_appendage */
};

enum codec_appendage { CODEC_APPENDAGE_NONE = 0, CODEC_APPENDAGE_REQUIRED = 1, CODEC_APPENDAGE_OPTIONAL = 2 };

/* codec_json writes the fields of one message as the inside of a JSON object
 * (`"type":"A","name":"add_order",…`, no braces, not terminated): numbers as integers, prices as integers
 * under the name with `_1e4` or `_1e8` added, text with its padding stripped.  data must hold layout->length
 * bytes.  Returns the characters written or ERROR_FULL; CODEC_JSON_SIZE_MAX is always enough. */
#define CODEC_JSON_SIZE_MAX 2048
int codec_json(const struct codec_layout *layout, const uint8_t *data, char *text, size_t capacity);
/* codec_json_field writes one member, `"name":value`, from the field's own bytes; its offset is not used. */
int codec_json_field(const struct codec_field *field, const uint8_t *value, char *text, size_t capacity);
