/* fuzz_ouch: the input is one message, read in both directions.  Whatever decodes encodes to the same bytes;
 * options walk to the end and can be appended again one by one. */
#include "fuzz.h"
#include "tickwire/codec_ouch.h"

static void check_options(const struct ouch_appendage *appendage) {
    static uint8_t again[UINT16_MAX];
    uint16_t size = 0;
    uint32_t offset = 0;
    struct ouch_option option, found;
    int result;
    while ((result = ouch_option_next(appendage, &offset, &option)) > 0) {
        char text[CODEC_JSON_SIZE_MAX];
        CHECK(ouch_option_find(appendage, option.tag, &found) == 1);
        CHECK(ouch_option_append(again, &size, sizeof again, option.tag, option.value, option.size) == 0);
        int numeric =
            option.field && (option.field->kind == CODEC_NUMBER || option.field->kind == CODEC_SIGNED);
        if (numeric) {
            uint16_t one = 0;
            uint8_t element[16];
            int64_t number = ouch_option_number(&option);
            CHECK(ouch_option_append_number(element, &one, sizeof element, option.tag, number) == 0);
            CHECK(memcmp(element + 2, option.value, option.size) == 0);
        }
        if (option.field) CHECK(codec_json_field(option.field, option.value, text, sizeof text) > 0);
    }
    CHECK(result == 0 && size == appendage->size);
    if (size > 0) CHECK(memcmp(again, appendage->data, size) == 0);
}

static void check_hot_encoders(const struct ouch_inbound *message, const uint8_t *data, int size) {
    uint8_t again[OUCH_MESSAGE_MAX];
    const struct ouch_appendage *appendage = message->appendage.present ? &message->appendage : NULL;
    if ((size_t)size > sizeof again) return;
    int written = size;
    if (message->type == OUCH_ENTER)
        written = ouch_encode_enter(&message->enter, appendage, again, sizeof again);
    else if (message->type == OUCH_REPLACE)
        written = ouch_encode_replace(&message->replace, appendage, again, sizeof again);
    else if (message->type == OUCH_CANCEL)
        written = ouch_encode_cancel(&message->cancel, appendage, again, sizeof again);
    else
        return;
    CHECK(written == size && memcmp(again, data, (size_t)size) == 0);
}

static int check_inbound(const uint8_t *data, size_t size) {
    struct ouch_inbound message;
    int used = ouch_decode_inbound(data, size, &message);
    if (used < 0) return used;
    CHECK((size_t)used == size);
    uint8_t *again = malloc(size);
    CHECK(ouch_encode_inbound(&message, again, size) == used && memcmp(again, data, size) == 0);
    CHECK(ouch_encode_inbound(&message, again, size - 1) == ERROR_FULL);
    free(again);
    check_options(&message.appendage);
    check_hot_encoders(&message, data, used);
    return used;
}

static int check_outbound(const uint8_t *data, size_t size) {
    struct ouch_outbound message;
    int used = ouch_decode_outbound(data, size, &message);
    if (used < 0) return used;
    CHECK((size_t)used == size);
    uint8_t *again = malloc(size);
    CHECK(ouch_encode_outbound(&message, again, size) == used && memcmp(again, data, size) == 0);
    CHECK(ouch_encode_outbound(&message, again, size - 1) == ERROR_FULL);
    free(again);
    check_options(&message.appendage);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int inbound = check_inbound(data, size), outbound = check_outbound(data, size);
    if (inbound < 0 && outbound < 0) return 0;
    for (size_t cut = 0; cut < size && cut < 128; cut++) {
        uint8_t *piece = exact_copy(data, cut);
        check_inbound(piece, cut);
        check_outbound(piece, cut);
        free(piece);
    }
    return 0;
}
