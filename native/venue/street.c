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
    uint32_t taken = book_sweep(venue, &sweep);
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
        if (order->quantity > 0) stream_add(venue, order);
    } else if (order->quantity == 0) {
        venue->counters[VENUE_COUNT_STREET_CLAMPED]++;
        stream_deleted(venue, &old);
    } else {
        pass_quantity(venue, message, size, ITCH_AT_REPLACE_QUANTITY, order->quantity);
    }
    if (order->quantity > 0) (void)order_rest(venue, order);
}

/* Anything but trading takes the accounts' orders of the instrument out, with the reason that says so. */
static void trading_action(struct venue *venue, const uint8_t *message) {
    uint16_t locate = itch_locate(message);
    bool halted = itch_state(message) != 'T';
    instrument_learn(venue, locate, message + ITCH_AT_STOCK);
    venue->instruments[locate].halted = halted;
    for (uint32_t account = 0; halted && account < venue->config.account_count; account++) {
        account_cancel_where(venue, account, locate, NONE, 'H');
    }
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

/* The end of system hours closes the venue for accounts; a new start of messages opens it again. */
static void system_event(struct venue *venue, const uint8_t *message) {
    char event = (char)message[ITCH_HEADER_SIZE];
    if (event == 'O') venue->closed = 0;
    if (event != 'E') return;
    venue->closed = 1;
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        account_cancel_where(venue, account, NONE, NONE, 'E');
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
    switch (message[0]) {
    case ITCH_ADD_ORDER:
    case ITCH_ADD_ORDER_MPID: street_add(venue, message, size); return;
    case ITCH_ORDER_EXECUTED: street_executed(venue, message, size); return;
    case ITCH_ORDER_EXECUTED_PRICE:
    case ITCH_ORDER_CANCEL: street_reduced(venue, message, size); return;
    case ITCH_ORDER_DELETE: street_deleted(venue, message, size); return;
    case ITCH_ORDER_REPLACE: street_replaced(venue, message, size); return;
    default: break;
    }
    stream_copy(venue, message, size);
    if (message[0] == ITCH_STOCK_DIRECTORY) {
        instrument_learn(venue, itch_locate(message), message + ITCH_AT_STOCK);
        if (venue->config.announce_trading) announce_trading(venue, message);
    }
    if (message[0] == ITCH_TRADING_ACTION) trading_action(venue, message);
    if (message[0] == ITCH_SYSTEM_EVENT) system_event(venue, message);
}
