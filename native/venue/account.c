/* account: the orders of accounts, from Enter to their end. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

int account_claim(struct venue *venue, uint32_t account, uint32_t user_ref) {
    if (user_ref <= venue->accounts[account].user_ref_last) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return 0;
    }
    venue->accounts[account].user_ref_last = user_ref;
    return 1;
}

static struct order *account_find(struct venue *venue, uint32_t account, uint32_t user_ref) {
    struct order *order = order_find(venue, account_key(account, user_ref));
    if (order == NULL) venue->counters[VENUE_COUNT_IGNORED]++;
    return order;
}

/* account_new takes an order from the pool and puts it at the end of its account's open ones. */
static struct order *account_new(struct venue *venue, uint32_t index, uint32_t user_ref) {
    struct order *order = order_new(venue, account_key(index, user_ref));
    if (order == NULL) return NULL;
    struct account *account = &venue->accounts[index];
    order->account = (uint16_t)index;
    order->user_ref = user_ref;
    order->reference = ACCOUNT_REFERENCE + venue->reference_next++;
    order->priority = venue->priority_next++;
    order->elder = account->youngest;
    if (account->youngest == NONE) {
        account->oldest = order_index(venue, order);
    } else {
        venue->orders[account->youngest].younger = order_index(venue, order);
    }
    account->youngest = order_index(venue, order);
    venue->counters[VENUE_COUNT_OPEN_ORDERS]++;
    return order;
}

void account_forget(struct venue *venue, struct order *order) {
    struct account *account = &venue->accounts[order->account];
    if (order->elder == NONE) {
        account->oldest = order->younger;
    } else {
        venue->orders[order->elder].younger = order->younger;
    }
    if (order->younger == NONE) {
        account->youngest = order->elder;
    } else {
        venue->orders[order->younger].elder = order->elder;
    }
    venue->counters[VENUE_COUNT_OPEN_ORDERS]--;
    order_forget(venue, order);
}

void account_cancel(struct venue *venue, struct order *order, char reason) {
    stream_deleted(venue, order);
    report_canceled(venue, order, order->quantity, reason);
    order_reduce(venue, order, order->quantity);
    account_forget(venue, order);
}

void account_cancel_where(struct venue *venue, uint32_t account, uint32_t locate, uint32_t side,
                          char reason) {
    uint32_t at = venue->accounts[account].oldest;
    while (at != NONE) {
        struct order *order = &venue->orders[at];
        at = order->younger;
        if (locate != NONE && order->locate != locate) continue;
        if (side != NONE && order->side != side) continue;
        account_cancel(venue, order, reason);
    }
}

/* account_trade lets an order that just arrived trade with what it crosses. */
static void account_trade(struct venue *venue, struct order *order, uint64_t price) {
    uint32_t side = side_other(order->side);
    uint32_t worst = order->side == SIDE_BUY ? UINT32_MAX : 0;
    struct sweep sweep = {
        .instrument = &venue->instruments[order->locate],
        .side = side,
        .price = price == OUCH_PRICE_MARKET ? worst : (uint32_t)price,
        .quantity = order->quantity,
        .priority_end = UINT64_MAX,
        .taker = order,
    };
    book_sweep(venue, &sweep);
}

/* account_settle decides what becomes of the shares that did not trade: they rest, or they go.  replaced is
 * the public reference of an order still shown whose place this one takes, 0 if none. */
static void account_settle(struct venue *venue, struct order *order, bool rests, const struct order *replaced,
                           bool traded) {
    if (order->quantity > 0 && rests && order_rest(venue, order) == ERROR_NONE) {
        if (replaced != NULL && !traded) {
            stream_replaced(venue, replaced->reference, order);
            return;
        }
        if (replaced != NULL) stream_deleted(venue, replaced);
        stream_add(venue, order);
        return;
    }
    if (replaced != NULL) stream_deleted(venue, replaced);
    if (order->quantity > 0) report_canceled(venue, order, order->quantity, 'I');
    account_forget(venue, order);
}

static void report_accepted(struct venue *venue, const struct order *order, const struct ouch_enter *enter,
                            const struct ouch_appendage *appendage) {
    struct ouch_outbound message = {.type = OUCH_ACCEPTED, .appendage = *appendage};
    message.accepted = (struct ouch_accepted){
        .timestamp_ns = venue->now_ns,
        .user_ref = order->user_ref,
        .side = order->marking,
        .quantity = order->quantity,
        .price = enter->price,
        .time_in_force = enter->time_in_force,
        .display = enter->display,
        .order_reference = order->reference,
        .capacity = order->capacity,
        .intermarket_sweep = order->intermarket_sweep,
        .cross_type = 'N',
        .order_state = 'L',
    };
    memcpy(message.accepted.symbol, enter->symbol, sizeof enter->symbol);
    memcpy(message.accepted.client_order_id, enter->client_order_id, sizeof enter->client_order_id);
    report_append(venue, order->account, &message);
}

static bool immediate(uint64_t price, char time_in_force) {
    return price == OUCH_PRICE_MARKET || time_in_force == '3';
}

void account_enter(struct venue *venue, uint32_t account, const struct ouch_inbound *message) {
    const struct ouch_enter *enter = &message->enter;
    if (!account_claim(venue, account, enter->user_ref)) return;
    uint64_t symbol;
    memcpy(&symbol, enter->symbol, sizeof symbol);
    uint32_t locate = table_find(&venue->symbols, symbol);
    enum ouch_reject_reason reason = check_enter(venue, account, locate, enter, &message->appendage);
    struct order *order = reason == 0 ? account_new(venue, account, enter->user_ref) : NULL;
    if (order == NULL) {
        report_rejected(venue, account, enter->user_ref, reason == 0 ? OUCH_REJECT_PROCESSING_ERROR : reason,
                        enter->client_order_id);
        return;
    }
    venue->counters[VENUE_COUNT_ORDERS]++;
    order->locate = (uint16_t)locate;
    order->side = enter->side == 'B' ? SIDE_BUY : SIDE_SELL;
    order->marking = enter->side;
    order->capacity = enter->capacity;
    order->intermarket_sweep = enter->intermarket_sweep;
    order->price = (uint32_t)enter->price;
    order->quantity = enter->quantity;
    report_accepted(venue, order, enter, &message->appendage);
    account_trade(venue, order, enter->price);
    account_settle(venue, order, !immediate(enter->price, enter->time_in_force), NULL, order->executed > 0);
}

static void report_replaced(struct venue *venue, const struct order *order, const struct order *original,
                            const struct ouch_inbound *request) {
    const struct ouch_replace *replace = &request->replace;
    struct ouch_outbound message = {.type = OUCH_REPLACED, .appendage = request->appendage};
    message.replaced = (struct ouch_accepted){
        .timestamp_ns = venue->now_ns,
        .original_user_ref = original->user_ref,
        .user_ref = order->user_ref,
        .side = order->marking,
        .quantity = order->quantity,
        .price = replace->price,
        .time_in_force = replace->time_in_force,
        .display = replace->display,
        .order_reference = order->reference,
        .capacity = order->capacity,
        .intermarket_sweep = replace->intermarket_sweep,
        .cross_type = 'N',
        .order_state = order->quantity > 0 ? 'L' : 'D',
    };
    memcpy(message.replaced.symbol, venue->instruments[order->locate].symbol, 8);
    memcpy(message.replaced.client_order_id, replace->client_order_id, sizeof replace->client_order_id);
    report_append(venue, order->account, &message);
}

/* The specification's three ways to refuse: an order no longer there is ignored, terms that are wrong cost
 * the order its life (neither uses up the new UserRefNum), and one that may not be replaced now is rejected
 * and lives on. */
void account_replace(struct venue *venue, uint32_t account, const struct ouch_inbound *message) {
    const struct ouch_replace *replace = &message->replace;
    if (replace->user_ref <= venue->accounts[account].user_ref_last) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return;
    }
    struct order *found = account_find(venue, account, replace->original_user_ref);
    if (found == NULL) return;
    if (check_terms(replace->quantity, replace->price, replace->time_in_force, replace->display,
                    &message->appendage) != 0) {
        account_cancel(venue, found, 'U');
        return;
    }
    account_claim(venue, account, replace->user_ref);
    struct order *order =
        venue->accounts[account].disabled ? NULL : account_new(venue, account, replace->user_ref);
    if (order == NULL) {
        report_rejected(venue, account, replace->user_ref,
                        venue->accounts[account].disabled ? OUCH_REJECT_FIRM_NOT_AUTHORIZED
                                                          : OUCH_REJECT_PROCESSING_ERROR,
                        replace->client_order_id);
        return;
    }
    struct order original = *found;
    order_reduce(venue, found, found->quantity);
    account_forget(venue, found);
    venue->counters[VENUE_COUNT_REPLACES]++;
    order->locate = original.locate;
    order->side = original.side;
    order->marking = original.marking;
    order->capacity = original.capacity;
    order->intermarket_sweep = replace->intermarket_sweep;
    order->price = (uint32_t)replace->price;
    order->executed = original.executed; /* the new size is of the order's whole life */
    order->quantity = replace->quantity > original.executed ? replace->quantity - original.executed : 0;
    report_replaced(venue, order, &original, message);
    account_trade(venue, order, replace->price);
    account_settle(venue, order, !immediate(replace->price, replace->time_in_force), &original,
                   order->executed > original.executed);
}

/* account_shrink brings an order down to a size intended for its whole life; returns the shares that go, 0 if
 * none. */
static uint32_t account_shrink(const struct order *order, uint32_t quantity) {
    uint32_t open = quantity > order->executed ? quantity - order->executed : 0;
    return open < order->quantity ? order->quantity - open : 0;
}

/* account_take_off takes shares off a resting order, which keeps its place, or leaves with the last of them.
 */
static void account_take_off(struct venue *venue, struct order *order, uint32_t quantity) {
    if (quantity == order->quantity) {
        stream_deleted(venue, order);
    } else {
        stream_canceled(venue, order, quantity);
    }
    order_reduce(venue, order, quantity);
    if (order->quantity == 0) account_forget(venue, order);
}

void account_reduce(struct venue *venue, uint32_t account, const struct ouch_cancel *cancel) {
    struct order *order = account_find(venue, account, cancel->user_ref);
    if (order == NULL) return;
    uint32_t quantity = account_shrink(order, cancel->quantity);
    if (quantity == 0) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return;
    }
    report_canceled(venue, order, quantity, 'U');
    account_take_off(venue, order, quantity);
}

void account_modify(struct venue *venue, uint32_t account, const struct ouch_modify *modify) {
    struct order *order = account_find(venue, account, modify->user_ref);
    if (order == NULL) return;
    bool remarked = modify->side != order->marking;
    bool buys =
        modify->side == 'B' || order->marking == 'B'; /* only kinds of selling may change into one another */
    uint32_t quantity = account_shrink(order, modify->quantity);
    if ((remarked && (buys || memchr("STE", modify->side, 3) == NULL)) || (!remarked && quantity == 0)) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return;
    }
    order->marking = modify->side;
    struct ouch_outbound message = {.type = OUCH_MODIFIED};
    message.modified = (struct ouch_modified){.timestamp_ns = venue->now_ns,
                                              .user_ref = order->user_ref,
                                              .side = order->marking,
                                              .quantity = order->quantity - quantity};
    report_append(venue, account, &message);
    if (quantity > 0) account_take_off(venue, order, quantity);
}
