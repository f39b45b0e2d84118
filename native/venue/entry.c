/* entry: new orders, and orders in the place of others. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

#define SECOND_NS 1000000000ULL

/* order_dress gives an order its terms.  Its side and instrument are known. */
static void order_dress(struct venue *venue, struct order *order, const struct terms *terms) {
    bool market = terms->price == OUCH_PRICE_MARKET;
    order->limit = market ? (order->side == SIDE_BUY ? UINT32_MAX : 0) : (uint32_t)terms->price;
    order->price = (uint32_t)terms->price;
    order->display_quantity = terms->display_quantity;
    order->minimum = terms->minimum;
    order->peg_offset = terms->peg_offset;
    order->price_type = terms->price_type;
    order->post_only = terms->post_only;
    order->time_in_force = terms->time_in_force;
    order->display = terms->display;
    order->queue = terms->display == 'N' ? QUEUE_HIDDEN : QUEUE_DISPLAYED;
    if (terms->time_in_force == '6') {
        order->expires_ns = venue->now_ns + terms->expire_s * SECOND_NS;
        if (order->expires_ns < venue->expires_next_ns) venue->expires_next_ns = order->expires_ns;
    }
}

/* follow prices a pegged order for the first time: 0, or the reason it cannot be. */
static enum ouch_reject_reason follow(const struct venue *venue, struct order *order) {
    if (!order_pegged(order)) return 0;
    const struct instrument *instrument = &venue->instruments[order->locate];
    uint32_t touches[2];
    peg_touches(venue, instrument, touches);
    order->price = peg_price(instrument, order, touches);
    return order->price == 0 ? OUCH_REJECT_QUOTE_UNAVAILABLE : 0;
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
        .time_in_force = order->time_in_force,
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

/* draft is the order that an Enter describes, judged; it is not in the pool yet. */
static enum ouch_reject_reason draft(struct venue *venue, uint32_t account, uint32_t locate,
                                     const struct ouch_inbound *message, struct order *order) {
    const struct ouch_enter *enter = &message->enter;
    int64_t reason;
    if (fault_strikes(&venue->accounts[account], VENUE_FAULT_REJECT, &reason)) {
        return (enum ouch_reject_reason)reason;
    }
    enum ouch_reject_reason refused = check_enter(venue, account, locate, enter, &message->appendage);
    if (refused != 0) return refused;
    struct terms terms = {.price = enter->price,
                          .quantity = enter->quantity,
                          .time_in_force = enter->time_in_force,
                          .display = enter->display};
    refused = terms_read(&terms, &message->appendage);
    if (refused != 0) return refused;
    order->locate = (uint16_t)locate;
    order->side = enter->side == 'B' ? SIDE_BUY : SIDE_SELL;
    order->marking = enter->side;
    order->capacity = enter->capacity;
    order->intermarket_sweep = enter->intermarket_sweep;
    order->quantity = enter->quantity;
    memcpy(order->client_order_id, enter->client_order_id, sizeof order->client_order_id);
    order_dress(venue, order, &terms);
    refused = follow(venue, order);
    return refused != 0 ? refused : check_market(venue, &venue->instruments[locate], order);
}

/* order_become makes an order of the pool what a draft says, its identity kept. */
static void order_become(struct order *order, const struct order *draft) {
    struct order was = *order;
    *order = *draft;
    order->key = was.key;
    order->reference = was.reference;
    order->priority = was.priority;
    order->level = order->previous = order->next = NONE;
    order->elder = was.elder;
    order->younger = was.younger;
    order->peg_elder = order->peg_younger = NONE;
    order->user_ref = was.user_ref;
    order->account = was.account;
}

void account_enter(struct venue *venue, uint32_t account, const struct ouch_inbound *message) {
    const struct ouch_enter *enter = &message->enter;
    if (!account_claim(venue, account, enter->user_ref)) return;
    uint64_t symbol;
    memcpy(&symbol, enter->symbol, sizeof symbol);
    uint32_t locate = table_find(&venue->symbols, symbol);
    struct order wanted = {.expires_ns = UINT64_MAX};
    enum ouch_reject_reason reason = draft(venue, account, locate, message, &wanted);
    struct order *order = reason == 0 ? account_new(venue, account, enter->user_ref) : NULL;
    if (order == NULL) {
        report_rejected(venue, account, enter->user_ref, reason == 0 ? OUCH_REJECT_PROCESSING_ERROR : reason,
                        enter->client_order_id);
        return;
    }
    venue->counters[VENUE_COUNT_ORDERS]++;
    order_become(order, &wanted);
    peg_link(venue, order);
    report_accepted(venue, order, enter, &message->appendage);
    account_place(venue, order, NULL);
    peg_settle(venue, locate);
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
        .time_in_force = order->time_in_force,
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

/* redraft is the order that takes original's place: judged by what the market and the account allow now. */
static enum ouch_reject_reason redraft(struct venue *venue, const struct order *original,
                                       const struct ouch_replace *replace, const struct terms *terms,
                                       struct order *order) {
    struct account *account = &venue->accounts[original->account];
    int64_t reason;
    if (fault_strikes(account, VENUE_FAULT_REJECT, &reason)) return (enum ouch_reject_reason)reason;
    if (account->disabled) return OUCH_REJECT_FIRM_NOT_AUTHORIZED;
    if (original->cancel_pending) return OUCH_REJECT_CANCEL_PENDING;
    if (!instrument_trades(&venue->instruments[original->locate])) return OUCH_REJECT_REPLACE_NOT_ALLOWED;
    order->locate = original->locate;
    order->side = original->side;
    order->marking = original->marking;
    order->capacity = original->capacity;
    order->intermarket_sweep = replace->intermarket_sweep;
    order->executed = original->executed; /* the new size is of the order's whole life */
    order->quantity = replace->quantity > original->executed ? replace->quantity - original->executed : 0;
    memcpy(order->client_order_id, replace->client_order_id, sizeof order->client_order_id);
    order_dress(venue, order, terms);
    enum ouch_reject_reason refused = follow(venue, order);
    return refused != 0 ? refused : check_market(venue, &venue->instruments[order->locate], order);
}

/* The specification's three ways to refuse: an order no longer there is ignored, terms that are wrong cost
 * the order its life (neither uses up the new UserRefNum), and one that may not be replaced now is rejected
 * and lives on.  A replace names all its options anew: what it leaves out is off. */
void account_replace(struct venue *venue, uint32_t account, const struct ouch_inbound *message) {
    const struct ouch_replace *replace = &message->replace;
    if (replace->user_ref <= venue->accounts[account].user_ref_last) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return;
    }
    struct order *found = account_find(venue, account, replace->original_user_ref);
    if (found == NULL) return;
    struct terms terms = {.price = replace->price,
                          .quantity = replace->quantity,
                          .time_in_force = replace->time_in_force,
                          .display = replace->display};
    if (terms_read(&terms, &message->appendage) != 0) {
        uint32_t locate = found->locate;
        account_cancel(venue, found, 'U');
        peg_settle(venue, locate);
        return;
    }
    account_claim(venue, account, replace->user_ref);
    struct order wanted = {.expires_ns = UINT64_MAX};
    enum ouch_reject_reason reason = redraft(venue, found, replace, &terms, &wanted);
    struct order *order = reason == 0 ? account_new(venue, account, replace->user_ref) : NULL;
    if (order == NULL) {
        report_rejected(venue, account, replace->user_ref,
                        reason == 0 ? OUCH_REJECT_PROCESSING_ERROR : reason, replace->client_order_id);
        return;
    }
    order_become(order, &wanted);
    struct order original = *found;
    order_leave(venue, found);
    account_forget(venue, found);
    venue->counters[VENUE_COUNT_REPLACES]++;
    peg_link(venue, order);
    report_replaced(venue, order, &original, message);
    account_place(venue, order, &original);
    peg_settle(venue, original.locate);
}
