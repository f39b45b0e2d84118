/* street: what history says.  A message goes out exactly as it came in unless accounts traded first; then it
 * goes out clamped to what is left, or not at all. */
#include <stdbool.h>
#include <string.h>

#include "codec/itch_inline.h"
#include "venue/engine.h"

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* pass_quantity passes a message on with another quantity in it; 0 withholds it. */
static void pass_quantity(struct venue *venue, const uint8_t *message, size_t size, size_t offset,
                          uint32_t quantity) {
    if (load_be32(message + offset) == quantity) {
        stream_copy(venue, message, size);
        return;
    }
    venue->counters[VENUE_COUNT_STREET_CLAMPED]++;
    if (quantity == 0) return;
    uint8_t changed[ITCH_LENGTH_MAX];
    memcpy(changed, message, size);
    store_be32(changed + offset, quantity);
    stream_copy(venue, changed, size);
}

static struct order *street_find(struct venue *venue, const uint8_t *message, size_t size) {
    struct order *order = order_find(venue, itch_reference(message));
    if (order == NULL || order->account != STREET) {
        venue->counters[VENUE_COUNT_STREET_UNKNOWN]++;
        stream_copy(venue, message, size);
        return NULL;
    }
    return order;
}

static void street_forget(struct venue *venue, struct order *order) {
    venue->counters[VENUE_COUNT_STREET_ORDERS]--;
    order_forget(venue, order);
}

/* street_settle ends an order of which history has no more shares: what this venue still held of it is
 * deleted. */
static void street_settle(struct venue *venue, struct order *order) {
    if (order->history > 0) return;
    if (order->quantity > 0) {
        venue->counters[VENUE_COUNT_STREET_CLAMPED]++;
        stream_deleted(venue, order);
        order_reduce(venue, order, order->quantity);
    }
    street_forget(venue, order);
}

static struct order *street_new(struct venue *venue, uint64_t reference, uint16_t locate, uint32_t side,
                                uint32_t price) {
    struct order *known = order_find(venue, reference);
    bool usable = reference != 0 && reference < ACCOUNT_REFERENCE && known == NULL;
    struct order *order = usable ? order_new(venue, reference) : NULL;
    if (order == NULL) {
        venue->counters[VENUE_COUNT_STREET_UNTRACKED]++;
        return NULL;
    }
    venue->counters[VENUE_COUNT_STREET_ORDERS]++;
    order->reference = reference;
    order->priority = venue->priority_next++;
    order->locate = locate;
    order->account = STREET;
    order->side = (uint8_t)side;
    order->price = price;
    return order;
}

/* street_cross lets an arriving street order trade with the accounts' orders it crosses; returns the shares
 * traded. */
static uint32_t street_cross(struct venue *venue, uint16_t locate, uint32_t side, uint32_t price,
                             uint32_t quantity) {
    if (!instrument_trades(&venue->instruments[locate])) return 0;
    struct sweep sweep = {
        .instrument = &venue->instruments[locate],
        .side = side_other(side),
        .price = price,
        .quantity = quantity,
        .accounts_only = 1,
        .priority_end = UINT64_MAX,
    };
    return book_sweep(venue, &sweep);
}

static void instrument_learn(struct venue *venue, uint16_t locate, const uint8_t *symbol) {
    struct instrument *instrument = &venue->instruments[locate];
    if (locate >= venue->locate_end) venue->locate_end = locate + 1U;
    if (instrument->known) return;
    uint64_t key;
    memcpy(&key, symbol, sizeof key);
    if (key == 0 || table_put(&venue->symbols, key, locate) != ERROR_NONE) return;
    memcpy(instrument->symbol, symbol, sizeof instrument->symbol);
    instrument->known = 1;
}

static void street_add(struct venue *venue, const uint8_t *message, size_t size) {
    uint16_t locate = itch_locate(message);
    uint32_t side = itch_add_side(message) == 'B' ? SIDE_BUY : SIDE_SELL;
    uint32_t price = itch_add_price(message);
    uint32_t quantity = itch_add_quantity(message);
    instrument_learn(venue, locate, message + ITCH_AT_ADD_STOCK);
    struct order *order =
        quantity == 0 ? NULL : street_new(venue, itch_reference(message), locate, side, price);
    if (order == NULL) {
        stream_copy(venue, message, size);
        return;
    }
    order->history = quantity;
    order->quantity = quantity - street_cross(venue, locate, side, price, quantity);
    pass_quantity(venue, message, size, ITCH_AT_ADD_QUANTITY, order->quantity);
    if (order->quantity > 0) (void)order_rest(venue, order);
}

/* An execution says that somebody came for n shares at this order's price: accounts who were better or
 * earlier are served first, then the order itself. */
static void street_executed(struct venue *venue, const uint8_t *message, size_t size) {
    struct order *order = street_find(venue, message, size);
    if (order == NULL) return;
    uint32_t quantity = itch_quantity(message);
    struct sweep sweep = {
        .instrument = &venue->instruments[order->locate],
        .side = order->side,
        .price = order->price,
        .quantity = quantity,
        .accounts_only = 1,
        .priority_end = order->priority,
    };
    uint32_t taken = instrument_trades(sweep.instrument) ? book_sweep(venue, &sweep) : 0;
    bool whole =
        taken == 0 && order->quantity == order->history; /* as history knows it: pass even what is odd */
    uint32_t mine = least(quantity - taken, order->quantity);
    pass_quantity(venue, message, size, ITCH_AT_QUANTITY, whole ? quantity : mine);
    order_reduce(venue, order, mine);
    order->history -= least(quantity, order->history);
    street_settle(venue, order);
}

/* Executions at another price (crosses) and cancels concern this order alone. */
static void street_reduced(struct venue *venue, const uint8_t *message, size_t size) {
    struct order *order = street_find(venue, message, size);
    if (order == NULL) return;
    uint32_t quantity = itch_quantity(message);
    bool whole = order->quantity == order->history;
    uint32_t mine = least(quantity, order->quantity);
    pass_quantity(venue, message, size, ITCH_AT_QUANTITY, whole ? quantity : mine);
    order_reduce(venue, order, mine);
    order->history -= least(quantity, order->history);
    street_settle(venue, order);
}

static void street_deleted(struct venue *venue, const uint8_t *message, size_t size) {
    struct order *order = street_find(venue, message, size);
    if (order == NULL) return;
    if (order->quantity > 0) {
        stream_copy(venue, message, size);
        order_reduce(venue, order, order->quantity);
    } else {
        venue->counters[VENUE_COUNT_STREET_CLAMPED]++;
    }
    street_forget(venue, order);
}

/* A replace is a new order in the old one's place.  Shares that accounts already took from the old one stay
 * taken. */
static void street_replaced(struct venue *venue, const uint8_t *message, size_t size) {
    struct order *found = street_find(venue, message, size);
    if (found == NULL) return;
    struct order old = *found;
    uint32_t quantity = itch_replace_quantity(message);
    uint32_t price = itch_replace_price(message);
    uint32_t taken = old.history > old.quantity ? old.history - old.quantity : 0;
    order_reduce(venue, found, found->quantity);
    street_forget(venue, found);
    struct order *order =
        quantity == 0 ? NULL : street_new(venue, itch_new_reference(message), old.locate, old.side, price);
    if (order == NULL) {
        stream_copy(venue, message, size);
        return;
    }
    uint32_t open = quantity - least(quantity, taken);
    order->history = quantity;
    order->quantity = open - street_cross(venue, old.locate, old.side, price, open);
    if (old.quantity == 0) { /* the public no longer knows the old order */
        venue->counters[VENUE_COUNT_STREET_CLAMPED]++;
        order->shown = order->quantity;
        if (order->quantity > 0) stream_add(venue, order);
    } else if (order->quantity == 0) {
        venue->counters[VENUE_COUNT_STREET_CLAMPED]++;
        stream_deleted(venue, &old);
    } else {
        pass_quantity(venue, message, size, ITCH_AT_REPLACE_QUANTITY, order->quantity);
    }
    if (order->quantity > 0) (void)order_rest(venue, order);
}

/* announce_trading tells the public what accounts find anyway: that an instrument just listed trades. */
static void announce_trading(struct venue *venue, const uint8_t *directory) {
    struct itch_message message = {.type = ITCH_TRADING_ACTION,
                                   .locate = itch_locate(directory),
                                   .timestamp_ns = itch_timestamp_ns(directory),
                                   .trading_action = {.trading_state = 'T', .reserved = ' '}};
    memcpy(message.trading_action.stock, directory + ITCH_AT_STOCK, sizeof message.trading_action.stock);
    memset(message.trading_action.reason, ' ', sizeof message.trading_action.reason);
    uint8_t data[ITCH_LENGTH_MAX];
    int size = itch_encode(&message, data, sizeof data);
    stream_copy(venue, data, (size_t)size);
}

/* What the street says of an instrument or of the day, beyond its orders. */
static void street_notice(struct venue *venue, const uint8_t *message) {
    uint16_t locate = itch_locate(message);
    switch (message[0]) {
    case ITCH_STOCK_DIRECTORY:
        instrument_learn(venue, locate, message + ITCH_AT_STOCK);
        if (venue->config.announce_trading) announce_trading(venue, message);
        return;
    case ITCH_TRADING_ACTION:
        instrument_learn(venue, locate, message + ITCH_AT_STOCK);
        hours_state(venue, locate, (char)itch_state(message));
        return;
    case ITCH_REG_SHO:
        instrument_learn(venue, locate, message + ITCH_AT_STOCK);
        venue->instruments[locate].restricted = message[ITCH_AT_STATE] != '0';
        venue->instruments[locate].touches[SIDE_BUY] = NONE; /* pegged short sales look again */
        return;
    case ITCH_SYSTEM_EVENT: hours_event(venue, (char)message[ITCH_HEADER_SIZE]); return;
    default: return;
    }
}

static bool street_order(struct venue *venue, const uint8_t *message, size_t size) {
    switch (message[0]) {
    case ITCH_ADD_ORDER:
    case ITCH_ADD_ORDER_MPID: street_add(venue, message, size); return true;
    case ITCH_ORDER_EXECUTED: street_executed(venue, message, size); return true;
    case ITCH_ORDER_EXECUTED_PRICE:
    case ITCH_ORDER_CANCEL: street_reduced(venue, message, size); return true;
    case ITCH_ORDER_DELETE: street_deleted(venue, message, size); return true;
    case ITCH_ORDER_REPLACE: street_replaced(venue, message, size); return true;
    default: return false;
    }
}

void venue_street(struct venue *venue, const uint8_t *message, size_t size) {
    venue->counters[VENUE_COUNT_STREET]++;
    if (itch_check(message, size) != ERROR_NONE) {
        venue->counters[VENUE_COUNT_STREET_MALFORMED]++;
        stream_copy(venue, message, size);
        return;
    }
    venue->now_ns = itch_timestamp_ns(message);
    hours_advance(venue, venue->now_ns);
    if (!street_order(venue, message, size)) {
        stream_copy(venue, message, size);
        street_notice(venue, message);
    }
    peg_settle(venue, itch_locate(message));
}
