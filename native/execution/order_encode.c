/* order_encode: Enter, Replace and Cancel Order.  Attributes that OUCH has no fixed field for go into the
 * appendage, which is built on the stack.  Their meaning: Nasdaq OUCH 5.0, "Appendages". */
#include "execution/order_encode.h"

#include <string.h>

#define OPTIONS_SIZE 64 /* more than all of them take */

uint32_t order_needs(const struct order *order) {
    uint32_t needs = 0;
    if (order->order_type == ORDER_TYPE_MARKET) needs |= OFFER_MARKET;
    if (order->order_type >= ORDER_TYPE_PEG_PRIMARY) needs |= OFFER_PEG;
    if (order->flags & ORDER_POST_ONLY) needs |= OFFER_POST_ONLY;
    if (order->display == DISPLAY_HIDDEN) needs |= OFFER_HIDDEN;
    if (order->display_quantity) needs |= OFFER_RESERVE;
    if (order->minimum_quantity) needs |= OFFER_MINIMUM_QUANTITY;
    if (order->time_in_force == TIF_EXTENDED) needs |= OFFER_EXTENDED_HOURS;
    return needs;
}

void order_inherit(struct order *order, const struct order_terms *target) {
    const uint32_t own = ORDER_REDUCE_ONLY; /* what the gate found of this quantity, not of that */
    if (target->strategy || target->account) {
        order->strategy = target->strategy;
        order->account = target->account;
        order->trader = target->trader;
    }
    order->order_type = target->order_type;
    order->display = target->display;
    order->display_quantity = target->display_quantity;
    order->minimum_quantity = target->minimum_quantity;
    order->peg_offset = target->peg_offset;
    order->flags = (order->flags & own) | (target->order_flags & ~own);
}

static char side_letter(const struct order *order) {
    static const char sales[] = {[SALE_LONG] = 'S', [SALE_SHORT] = 'T', [SALE_SHORT_EXEMPT] = 'E'};
    return order->side == SIDE_BUY ? 'B' : sales[order->short_sale];
}

/* A market order never rests: what does not trade at once is canceled. */
static char time_in_force_letter(const struct order *order) {
    static const char letters[] = {[TIF_DAY] = '0', [TIF_IOC] = '3', [TIF_EXTENDED] = '5'};
    return order->order_type == ORDER_TYPE_MARKET ? '3' : letters[order->time_in_force];
}

/* An order pegged to the midpoint is never shown. */
static char display_letter(const struct order *order) {
    return order->display == DISPLAY_HIDDEN || order->order_type == ORDER_TYPE_PEG_MIDPOINT ? 'N' : 'Y';
}

/* Without a price: a market order, or a peg that goes as far as what it follows. */
static uint64_t wire_price(const struct order *order) {
    return order->price == 0 ? OUCH_PRICE_MARKET : (uint64_t)order->price;
}

/* Ours is positive towards the other side; OUCH adds its own to the price, whatever the side. */
static int64_t wire_peg_offset(const struct order *order) {
    return order->side == SIDE_SELL ? -(int64_t)order->peg_offset : order->peg_offset;
}

static void append_number(uint8_t *data, uint16_t *size, enum ouch_tag tag, int64_t number) {
    if (number != 0) (void)ouch_option_append_number(data, size, OPTIONS_SIZE, (uint8_t)tag, number);
}

static void append_letter(uint8_t *data, uint16_t *size, enum ouch_tag tag, char letter) {
    (void)ouch_option_append(data, size, OPTIONS_SIZE, (uint8_t)tag, (const uint8_t *)&letter, 1);
}

/* The attributes of an order behind what is in data already. */
static void append_attributes(const struct order *order, uint8_t *data, uint16_t *size) {
    static const char price_types[ORDER_TYPE_COUNT] = {
        [ORDER_TYPE_PEG_PRIMARY] = 'R', [ORDER_TYPE_PEG_MARKET] = 'P', [ORDER_TYPE_PEG_MIDPOINT] = 'M'};
    uint32_t shown = order->display_quantity < order->quantity ? order->display_quantity : 0;
    append_number(data, size, OUCH_TAG_MIN_QUANTITY, order->minimum_quantity);
    append_number(data, size, OUCH_TAG_MAX_FLOOR, shown);
    if (price_types[order->order_type]) {
        append_letter(data, size, OUCH_TAG_PRICE_TYPE, price_types[order->order_type]);
        append_number(data, size, OUCH_TAG_PEG_OFFSET, wire_peg_offset(order));
    }
    if (order->flags & ORDER_POST_ONLY) append_letter(data, size, OUCH_TAG_POST_ONLY, 'P');
}

static void write_owner(char id[14], const struct order *order) {
    const struct order_owner owner = {
        .strategy = order->strategy, .account = order->account, .trader = order->trader};
    client_order_id_write(id, order->tick, &owner);
}

uint32_t order_encode_enter(const struct order *order, const char symbol[8],
                            const struct ouch_appendage *firm, uint8_t *payload) {
    uint8_t data[OPTIONS_SIZE];
    struct ouch_appendage options = {.data = data, .size = firm->size, .present = 1};
    struct ouch_enter enter = {
        .user_ref = order_user_ref(order->order_id),
        .side = side_letter(order),
        .quantity = order->quantity,
        .price = wire_price(order),
        .time_in_force = time_in_force_letter(order),
        .display = display_letter(order),
        .capacity = 'P',
        .intermarket_sweep = order->flags & ORDER_SWEEP ? 'Y' : 'N',
        .cross_type = 'N',
    };
    memcpy(enter.symbol, symbol, sizeof enter.symbol);
    write_owner(enter.client_order_id, order);
    if (firm->size) memcpy(data, firm->data, firm->size);
    append_attributes(order, data, &options.size);
    return (uint32_t)ouch_encode_enter(&enter, &options, payload, OUCH_MESSAGE_MAX);
}

uint32_t order_encode_replace(const struct order *order, uint8_t *payload) {
    uint8_t data[OPTIONS_SIZE];
    struct ouch_appendage options = {.data = data, .present = 1};
    struct ouch_replace replace = {
        .original_user_ref = order_user_ref(order->target_order_id),
        .user_ref = order_user_ref(order->order_id),
        .quantity = order->quantity,
        .price = wire_price(order),
        .time_in_force = time_in_force_letter(order),
        .display = display_letter(order),
        .intermarket_sweep = order->flags & ORDER_SWEEP ? 'Y' : 'N',
    };
    write_owner(replace.client_order_id, order);
    append_attributes(order, data, &options.size);
    return (uint32_t)ouch_encode_replace(&replace, &options, payload, OUCH_MESSAGE_MAX);
}

uint32_t order_encode_cancel(uint64_t order_id, uint8_t *payload) {
    struct ouch_cancel cancel = {.user_ref = order_user_ref(order_id), .quantity = 0};
    return (uint32_t)ouch_encode_cancel(&cancel, NULL, payload, OUCH_MESSAGE_MAX);
}
