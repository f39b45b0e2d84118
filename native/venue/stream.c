/* stream: the public ITCH stream.  The street's own messages pass as they are; what accounts cause is written
 * here. */
#include <string.h>

#include "codec/bytes.h"
#include "venue/engine.h"

void stream_copy(struct venue *venue, const uint8_t *message, size_t size) {
    uint8_t *at = vector_extend(&venue->stream, 2 + size);
    store_be16(at, (uint16_t)size);
    memcpy(at + 2, message, size);
    venue->counters[VENUE_COUNT_ITCH]++;
}

static void append(struct venue *venue, uint16_t locate, struct itch_message *message) {
    uint8_t data[ITCH_LENGTH_MAX];
    message->locate = locate;
    message->tracking = 0;
    message->timestamp_ns = venue->now_ns;
    int size = itch_encode(message, data, sizeof data);
    if (size > 0) stream_copy(venue, data, (size_t)size);
}

void stream_add(struct venue *venue, const struct order *order) {
    struct itch_message message = {.type = ITCH_ADD_ORDER};
    message.add_order = (struct itch_add_order){
        .reference = order->reference,
        .side = order->side == SIDE_BUY ? 'B' : 'S',
        .quantity = order->shown,
        .price = order->price,
    };
    memcpy(message.add_order.stock, venue->instruments[order->locate].symbol, 8);
    append(venue, order->locate, &message);
}

void stream_executed(struct venue *venue, const struct order *order, uint32_t quantity, uint64_t match) {
    struct itch_message message = {.type = ITCH_ORDER_EXECUTED};
    message.order_executed = (struct itch_order_executed){
        .reference = order->reference, .quantity = quantity, .match_number = match};
    append(venue, order->locate, &message);
}

/* An execution of an order nobody saw names no order; its side is always B, as Nasdaq has it since 2014. */
void stream_trade(struct venue *venue, const struct order *order, uint32_t quantity, uint64_t match) {
    struct itch_message message = {.type = ITCH_TRADE};
    message.trade =
        (struct itch_trade){.side = 'B', .quantity = quantity, .price = order->price, .match_number = match};
    memcpy(message.trade.stock, venue->instruments[order->locate].symbol, 8);
    append(venue, order->locate, &message);
}

void stream_broken(struct venue *venue, uint16_t locate, uint64_t match) {
    struct itch_message message = {.type = ITCH_BROKEN_TRADE};
    message.broken_trade.match_number = match;
    append(venue, locate, &message);
}

void stream_canceled(struct venue *venue, const struct order *order, uint32_t quantity) {
    struct itch_message message = {.type = ITCH_ORDER_CANCEL};
    message.order_cancel = (struct itch_order_cancel){.reference = order->reference, .quantity = quantity};
    append(venue, order->locate, &message);
}

void stream_deleted(struct venue *venue, const struct order *order) {
    struct itch_message message = {.type = ITCH_ORDER_DELETE};
    message.order_delete = (struct itch_order_delete){.reference = order->reference};
    append(venue, order->locate, &message);
}

void stream_replaced(struct venue *venue, uint64_t reference, const struct order *order) {
    struct itch_message message = {.type = ITCH_ORDER_REPLACE};
    message.order_replace = (struct itch_order_replace){
        .reference = reference,
        .new_reference = order->reference,
        .quantity = order->shown,
        .price = order->price,
    };
    append(venue, order->locate, &message);
}
