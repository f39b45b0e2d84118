/* ouch_appendage: the optional attributes of OUCH messages, one element {size, tag, value} each. */
#include "codec/ouch_appendage.h"

enum { ELEMENT_HEADER_SIZE = 2 };

static const struct codec_field tags[] = {
    [OUCH_TAG_SECONDARY_REFERENCE] = {"secondary_reference", 0, 8, CODEC_NUMBER, 0},
    [OUCH_TAG_FIRM] = {"firm", 0, 4, CODEC_TEXT, 0},
    [OUCH_TAG_MIN_QUANTITY] = {"min_quantity", 0, 4, CODEC_NUMBER, 0},
    [OUCH_TAG_CUSTOMER_TYPE] = {"customer_type", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_MAX_FLOOR] = {"max_floor", 0, 4, CODEC_NUMBER, 0},
    [OUCH_TAG_PRICE_TYPE] = {"price_type", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_PEG_OFFSET] = {"peg_offset", 0, 4, CODEC_SIGNED, 4},
    [OUCH_TAG_DISCRETION_PRICE] = {"discretion_price", 0, 8, CODEC_NUMBER, 4},
    [OUCH_TAG_DISCRETION_PRICE_TYPE] = {"discretion_price_type", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_DISCRETION_PEG_OFFSET] = {"discretion_peg_offset", 0, 4, CODEC_SIGNED, 4},
    [OUCH_TAG_POST_ONLY] = {"post_only", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_RANDOM_RESERVES] = {"random_reserves", 0, 4, CODEC_NUMBER, 0},
    [OUCH_TAG_ROUTE] = {"route", 0, 4, CODEC_TEXT, 0},
    [OUCH_TAG_EXPIRE_TIME] = {"expire_time", 0, 4, CODEC_NUMBER, 0},
    [OUCH_TAG_TRADE_NOW] = {"trade_now", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_HANDLE_INST] = {"handle_inst", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_BBO_WEIGHT] = {"bbo_weight", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_DISPLAY_QUANTITY] = {"display_quantity", 0, 4, CODEC_NUMBER, 0},
    [OUCH_TAG_DISPLAY_PRICE] = {"display_price", 0, 8, CODEC_NUMBER, 4},
    [OUCH_TAG_GROUP_ID] = {"group_id", 0, 2, CODEC_NUMBER, 0},
    [OUCH_TAG_SHARES_LOCATED] = {"shares_located", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_LOCATE_BROKER] = {"locate_broker", 0, 4, CODEC_TEXT, 0},
    [OUCH_TAG_SIDE] = {"side", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_USER_REF_INDEX] = {"user_ref_index", 0, 1, CODEC_NUMBER, 0},
    [OUCH_TAG_AIQ_STRATEGY] = {"aiq_strategy", 0, 1, CODEC_CHAR, 0},
    [OUCH_TAG_AIQ_GROUP] = {"aiq_group", 0, 2, CODEC_TEXT, 0},
};

const struct codec_field *ouch_option_field(uint8_t tag) {
    return tag < sizeof tags / sizeof tags[0] && tags[tag].name != NULL ? &tags[tag] : NULL;
}

int ouch_option_next(const struct ouch_appendage *appendage, uint32_t *offset, struct ouch_option *option) {
    uint32_t left = appendage->size - *offset;
    if (left == 0) return 0;
    const uint8_t *element = appendage->data + *offset;
    if (left < ELEMENT_HEADER_SIZE || element[0] == 0 || element[0] > left - 1) return ERROR_MALFORMED;
    const struct codec_field *field = ouch_option_field(element[1]);
    uint8_t size = (uint8_t)(element[0] - 1); /* the tag is counted, the size itself is not */
    if (field != NULL && field->size != size) return ERROR_MALFORMED;
    *option = (struct ouch_option){
        .value = element + ELEMENT_HEADER_SIZE, .field = field, .tag = element[1], .size = size};
    *offset += ELEMENT_HEADER_SIZE + (uint32_t)size;
    return 1;
}

int ouch_option_find(const struct ouch_appendage *appendage, uint8_t tag, struct ouch_option *option) {
    uint32_t offset = 0;
    while (ouch_option_next(appendage, &offset, option) > 0)
        if (option->tag == tag) return 1;
    return 0;
}

int64_t ouch_option_number(const struct ouch_option *option) {
    switch (option->size) {
    case 1: return option->value[0];
    case 2: return load_be16(option->value);
    case 4: {
        uint32_t number = load_be32(option->value);
        return option->field != NULL && option->field->kind == CODEC_SIGNED ? (int32_t)number
                                                                            : (int64_t)number;
    }
    case 8: return (int64_t)load_be64(option->value);
    default: return 0;
    }
}

int ouch_option_append(uint8_t *data, uint16_t *size, size_t capacity, uint8_t tag, const uint8_t *value,
                       size_t value_size) {
    const struct codec_field *field = ouch_option_field(tag);
    if (value_size > UINT8_MAX - 1 || (field != NULL && field->size != value_size)) return ERROR_ARGUMENT;
    size_t end = *size + ELEMENT_HEADER_SIZE + value_size;
    if (end > capacity || end > UINT16_MAX) return ERROR_FULL;
    data[*size] = (uint8_t)(value_size + 1);
    data[*size + 1] = tag;
    if (value_size > 0) memcpy(data + *size + ELEMENT_HEADER_SIZE, value, value_size);
    *size = (uint16_t)end;
    return 0;
}

int ouch_option_append_number(uint8_t *data, uint16_t *size, size_t capacity, uint8_t tag, int64_t number) {
    const struct codec_field *field = ouch_option_field(tag);
    if (field == NULL || (field->kind != CODEC_NUMBER && field->kind != CODEC_SIGNED)) return ERROR_ARGUMENT;
    uint8_t value[8];
    store_be64(value, (uint64_t)number);
    return ouch_option_append(data, size, capacity, tag, value + sizeof value - field->size, field->size);
}

int ouch_option_append_text(uint8_t *data, uint16_t *size, size_t capacity, uint8_t tag, const char *text) {
    const struct codec_field *field = ouch_option_field(tag);
    if (field == NULL || (field->kind != CODEC_TEXT && field->kind != CODEC_CHAR)) return ERROR_ARGUMENT;
    size_t length = strlen(text);
    if (length > field->size) return ERROR_ARGUMENT;
    uint8_t value[8];
    memset(value, ' ', sizeof value);
    memcpy(value, text, length);
    return ouch_option_append(data, size, capacity, tag, value, field->size);
}

int ouch_appendage_read(const struct codec_layout *layout, const uint8_t *data, size_t size,
                        struct ouch_appendage *appendage) {
    size_t fixed = layout->length;
    *appendage = (struct ouch_appendage){0};
    if (size == fixed && layout->appendage != CODEC_APPENDAGE_REQUIRED) return (int)size;
    if (layout->appendage == CODEC_APPENDAGE_NONE) return ERROR_MALFORMED;
    if (size < fixed + 2) return ERROR_TRUNCATED;
    uint16_t length = load_be16(data + fixed);
    if (size < fixed + 2 + length) return ERROR_TRUNCATED;
    if (size > fixed + 2 + length) return ERROR_MALFORMED;
    *appendage = (struct ouch_appendage){.data = data + fixed + 2, .size = length, .present = 1};
    struct ouch_option option;
    uint32_t offset = 0;
    int result;
    do result = ouch_option_next(appendage, &offset, &option);
    while (result > 0);
    return result < 0 ? result : (int)size;
}
