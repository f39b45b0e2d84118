/* fuzz_itch: the input is framed ITCH.  Whatever decodes encodes to the same bytes, and a message cut
 * anywhere is refused without a look behind its end. */
#include "codec/itch_inline.h"
#include "fuzz.h"

static void check_cuts(const uint8_t *data, size_t size) {
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *piece = exact_copy(data, cut);
        struct itch_message message;
        CHECK(itch_decode(piece, cut, &message) == ERROR_TRUNCATED);
        CHECK(itch_check(piece, cut) == ERROR_TRUNCATED);
        free(piece);
    }
}

static void check_readers(const uint8_t *data, const struct itch_message *message) {
    CHECK(itch_locate(data) == message->locate && itch_timestamp_ns(data) == message->timestamp_ns);
    switch (message->type) {
    case ITCH_ADD_ORDER:
    case ITCH_ADD_ORDER_MPID:
        CHECK(itch_reference(data) == message->add_order.reference);
        CHECK(itch_add_side(data) == (uint8_t)message->add_order.side);
        CHECK(itch_add_quantity(data) == message->add_order.quantity);
        CHECK(itch_add_price(data) == message->add_order.price);
        break;
    case ITCH_TRADE: CHECK(itch_trade_match(data) == message->trade.match_number); break;
    case ITCH_ORDER_EXECUTED_PRICE:
        CHECK(itch_quantity(data) == message->order_executed_price.quantity);
        CHECK(itch_match(data) == message->order_executed_price.match_number);
        CHECK(itch_printable(data) == (uint8_t)message->order_executed_price.printable);
        CHECK(itch_executed_price(data) == message->order_executed_price.price);
        break;
    case ITCH_ORDER_CANCEL: CHECK(itch_quantity(data) == message->order_cancel.quantity); break;
    case ITCH_ORDER_REPLACE:
        CHECK(itch_new_reference(data) == message->order_replace.new_reference);
        CHECK(itch_replace_quantity(data) == message->order_replace.quantity);
        CHECK(itch_replace_price(data) == message->order_replace.price);
        break;
    case ITCH_CROSS_TRADE:
        CHECK(itch_cross_quantity(data) == message->cross_trade.quantity);
        CHECK(itch_cross_price(data) == message->cross_trade.price);
        CHECK(itch_cross_match(data) == message->cross_trade.match_number);
        CHECK(itch_cross_type(data) == (uint8_t)message->cross_trade.cross_type);
        break;
    default: break;
    }
}

static void check_message(const uint8_t *data, size_t size) {
    struct itch_message message;
    int used = itch_decode(data, size, &message);
    CHECK(itch_check(data, size) == (used < 0 ? used : 0));
    if (used < 0) return;
    CHECK((size_t)used == size);
    uint8_t again[ITCH_LENGTH_MAX];
    CHECK(itch_encode(&message, again, sizeof again) == used && memcmp(again, data, size) == 0);
    CHECK(itch_encode(&message, again, size - 1) == ERROR_FULL);
    char text[CODEC_JSON_SIZE_MAX];
    CHECK(codec_json(itch_layout(data[0]), data, text, sizeof text) > 0);
    check_readers(data, &message);
    check_cuts(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *message;
    size_t offset = 0;
    int length;
    while ((length = itch_file_next(data, size, &offset, &message)) > 0) {
        uint8_t *copy = exact_copy(message, (size_t)length);
        check_message(copy, (size_t)length);
        free(copy);
    }
    CHECK(offset <= size && (length != 0 || offset == size));
    check_message(data, size);
    return 0;
}
