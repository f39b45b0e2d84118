/* json: the fields of a message as JSON text, driven by its layout. */
#include "codec/bytes.h"
#include "tickwire/codec_layout.h"

struct writer {
    char *text;
    size_t size;
    size_t capacity;
    int full;
};

static void put(struct writer *writer, const char *text, size_t size) {
    if (writer->capacity - writer->size < size) {
        writer->full = 1;
        return;
    }
    memcpy(writer->text + writer->size, text, size);
    writer->size += size;
}

static void put_string(struct writer *writer, const char *text) {
    put(writer, text, strlen(text));
}

/* Anything that is not plain ASCII becomes an escape, so that every wire byte shows and the text is valid
 * JSON. */
static void put_character(struct writer *writer, uint8_t character) {
    static const char hex[] = "0123456789abcdef";
    if (character == '"' || character == '\\') {
        put(writer, (const char[]){'\\', (char)character}, 2);
    } else if (character < ' ' || character > '~') {
        put(writer, (const char[]){'\\', 'u', '0', '0', hex[character >> 4], hex[character & 15]}, 6);
    } else {
        put(writer, (const char[]){(char)character}, 1);
    }
}

static void put_number(struct writer *writer, uint64_t number) {
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(writer, digits + first, sizeof digits - first);
}

static uint64_t load_number(const uint8_t *data, size_t size) {
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) number = number << 8 | data[i];
    return number;
}

static void put_signed(struct writer *writer, const uint8_t *data, size_t size) {
    uint64_t number = load_number(data, size);
    if (data[0] & 0x80) {
        put_string(writer, "-");
        number = (~number + 1) & (UINT64_MAX >> (64 - 8 * size));
    }
    put_number(writer, number);
}

static void put_text(struct writer *writer, const uint8_t *data, size_t size) {
    while (size > 0 && data[size - 1] == ' ') size--;
    put_string(writer, "\"");
    for (size_t i = 0; i < size; i++) put_character(writer, data[i]);
    put_string(writer, "\"");
}

static void put_field(struct writer *writer, const struct codec_field *field, const uint8_t *value) {
    put_string(writer, "\"");
    put_string(writer, field->name);
    put_string(writer, field->decimals == 4 ? "_1e4\":" : field->decimals == 8 ? "_1e8\":" : "\":");
    switch (field->kind) {
    case CODEC_NUMBER: put_number(writer, load_number(value, field->size)); break;
    case CODEC_SIGNED: put_signed(writer, value, field->size); break;
    default: put_text(writer, value, field->size); break;
    }
}

static int finish(const struct writer *writer) {
    return writer->full ? ERROR_FULL : (int)writer->size;
}

int codec_json(const struct codec_layout *layout, const uint8_t *data, char *text, size_t capacity) {
    struct writer writer = {.text = text, .capacity = capacity};
    put_string(&writer, "\"type\":");
    put_text(&writer, &layout->type, 1);
    put_string(&writer, ",\"name\":\"");
    put_string(&writer, layout->name);
    put_string(&writer, "\"");
    for (uint16_t i = 0; i < layout->field_count; i++) {
        const struct codec_field *field = &layout->fields[i];
        put_string(&writer, ",");
        put_field(&writer, field, data + field->offset);
    }
    return finish(&writer);
}

int codec_json_field(const struct codec_field *field, const uint8_t *value, char *text, size_t capacity) {
    struct writer writer = {.text = text, .capacity = capacity};
    put_field(&writer, field, value);
    return finish(&writer);
}
