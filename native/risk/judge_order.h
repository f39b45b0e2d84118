/* judge_order: is the order itself sound, at a price and of a size that the market and the limits bear? */
#pragma once
#include "risk/risk_judge.h"

#define JUDGE_FLAGS (ORDER_POST_ONLY | ORDER_REDUCE_ONLY | ORDER_SWEEP | ORDER_SHORT_EXEMPT)

/* judge_price_is_malformed: only a market order has none; a peg may say how far it goes at most. */
static inline int judge_price_is_malformed(const struct order_intent *intent) {
    switch (intent->order_type) {
    case ORDER_TYPE_LIMIT: return !gate_is_price(intent->price) || intent->peg_offset;
    case ORDER_TYPE_MARKET: return intent->price != 0 || intent->peg_offset;
    default: return intent->price != 0 && !gate_is_price(intent->price);
    }
}

static inline int judge_is_malformed(const struct order_intent *intent) {
    return (intent->kind != INTENT_NEW && intent->kind != INTENT_REPLACE) || intent->side > SIDE_SELL ||
           intent->order_type >= ORDER_TYPE_COUNT || intent->time_in_force > TIF_EXTENDED ||
           intent->display > DISPLAY_HIDDEN || (intent->flags & ~(uint32_t)JUDGE_FLAGS) ||
           intent->quantity == 0 || intent->quantity > RISK_QUANTITY_MAX ||
           intent->minimum_quantity > intent->quantity || intent->display_quantity > intent->quantity ||
           (intent->display == DISPLAY_HIDDEN && intent->display_quantity) ||
           judge_price_is_malformed(intent);
}

/* judge_target finds what a REPLACE replaces, and what it adds to the open shares. */
static inline enum risk_verdict judge_target(const struct risk_gate *gate, const struct order_intent *intent,
                                             struct judgement *judgement) {
    judgement->target = NULL;
    judgement->added_shares = (int64_t)intent->quantity;
    if (__builtin_expect(intent->kind == INTENT_NEW, 1)) return RISK_PASS;
    struct gate_order *target = gate_find(gate, intent->venue, intent->target_order_id);
    if (!target || target->peer != ID_MAP_NONE) return RISK_UNKNOWN_ORDER;
    if (target->instrument != intent->instrument || target->side != intent->side ||
        target->strategy != intent->strategy || target->account != intent->account ||
        intent->quantity <= target->executed)
        return RISK_MALFORMED;
    judgement->target = target;
    judgement->added_shares =
        gate_most((int64_t)(intent->quantity - target->executed) - (int64_t)target->reserved, 0);
    return RISK_PASS;
}

static inline enum risk_verdict judge_tick_size(const struct order_intent *intent,
                                                const struct judgement *judgement) {
    uint32_t tick_size = judgement->limits->tick_size;
    if (tick_size == 0 || (uint32_t)intent->price % tick_size) return RISK_TICK_SIZE;
    return RISK_PASS;
}

static inline enum risk_verdict judge_market(const struct risk_gate *gate, const struct order_intent *intent,
                                             const struct risk_moment *moment,
                                             const struct judgement *judgement) {
    const struct gate_book *book = judgement->book;
    if (book->stale || book->bid == 0 || book->ask < book->bid) return RISK_BOOK_STALE;
    if (book->trading_state != TRADING_OPEN) return RISK_TRADING_STATE;
    if (judge_older(intent->rx_ns, moment->now_ns, gate->limits.tick_age_ns_max)) return RISK_TICK_AGE;
    return RISK_PASS;
}

/* judge_collar is how far from a price the limits let an order go.  Prices and ppm have 32 bits each, so
 * their product fits; rounding down changes nothing, prices being integers. */
static inline int64_t judge_collar(uint32_t price, uint32_t ppm) {
    return (int64_t)((uint64_t)price * ppm / JUDGE_PPM);
}

static inline int64_t judge_through(const struct judgement *judgement, uint32_t touch) {
    return gate_least(judge_collar(touch, judgement->limits->collar_ppm), judgement->limits->collar_distance);
}

/* judge_value_price: an order without a price is judged as if it had the farthest that the collar allows. */
static inline void judge_value_price(const struct order_intent *intent, struct judgement *judgement) {
    const struct gate_book *book = judgement->book;
    int buys = intent->side == SIDE_BUY;
    judgement->price = judgement->reach = intent->price;
    if (__builtin_expect(intent->price != 0, 1)) return;
    judgement->price = buys ? gate_least(book->ask + judge_through(judgement, book->ask), RISK_PRICE_MAX)
                            : gate_most(book->bid - judge_through(judgement, book->bid), 1);
    judgement->reach = buys ? RISK_PRICE_MAX : 1;
}

static inline enum risk_verdict judge_size(const struct order_intent *intent, struct judgement *judgement) {
    const struct risk_instrument_limits *limits = judgement->limits;
    if (intent->quantity > limits->order_quantity_max) return RISK_ORDER_QUANTITY;
    int64_t value = gate_value(intent->quantity, (uint64_t)judgement->price);
    if (value > limits->order_value_max) return RISK_ORDER_VALUE;
    judgement->added_value = value;
    const struct gate_order *target = judgement->target;
    if (target)
        judgement->added_value =
            gate_most(gate_value(intent->quantity - target->executed, (uint64_t)judgement->price),
                      target->value) -
            target->value;
    return RISK_PASS;
}

static inline enum risk_verdict judge_price(const struct order_intent *intent,
                                            const struct judgement *judgement) {
    const struct risk_instrument_limits *limits = judgement->limits;
    const struct gate_book *book = judgement->book;
    int64_t price = judgement->price;
    int buys = intent->side == SIDE_BUY;
    uint32_t other = buys ? book->ask : book->bid, own = buys ? book->bid : book->ask;
    int64_t sign = buys ? 1 : -1;
    int64_t through = (price - (int64_t)other) * sign, behind = ((int64_t)own - price) * sign;
    if (limits->collar_ppm == 0 || limits->collar_distance <= 0) return RISK_PRICE_COLLAR;
    if (through > 0 && through > judge_through(judgement, other)) return RISK_PRICE_COLLAR;
    if (behind > 0 &&
        (behind > limits->collar_distance * RISK_PASSIVE_COLLARS ||
         (uint64_t)behind * (JUDGE_PPM / RISK_PASSIVE_COLLARS) > (uint64_t)own * limits->collar_ppm))
        return RISK_PRICE_COLLAR;
    if (limits->collar_last_ppm && book->last &&
        (price - (int64_t)book->last) * sign > judge_collar(book->last, limits->collar_last_ppm))
        return RISK_PRICE_COLLAR_LAST;
    return RISK_PASS;
}

/* judge_fails_price_test: while the restriction is in effect anywhere, a short sale must be above the best
 * bid of all venues whose book is fresh (Reg SHO, 17 CFR 242.201). */
static inline int judge_fails_price_test(const struct risk_gate *gate, uint32_t instrument, int64_t price) {
    int restricted = 0;
    int64_t bid = 0;
    for (uint32_t venue = 0; venue < VENUE_COUNT_MAX; venue++) {
        const struct gate_book *book = &gate->books[instrument][venue];
        restricted |= book->short_sale;
        if (!book->stale) bid = gate_most(bid, book->bid);
    }
    return restricted && price <= bid;
}

/* judge_short_sale: short is what could be if everything on its way to be sold were sold and nothing were
 * bought. */
static inline enum risk_verdict judge_short_sale(const struct risk_gate *gate,
                                                 const struct order_intent *intent,
                                                 struct judgement *judgement) {
    const struct gate_cell *firm = &gate->cells[RISK_SCOPE_FIRM][intent->instrument];
    judgement->short_sale = SALE_LONG;
    if (intent->side != SIDE_SELL) return RISK_PASS;
    int64_t sold_short = firm->open[SIDE_SELL] + judgement->added_shares - firm->position;
    if (sold_short <= 0) return RISK_PASS;
    judgement->short_sale = intent->flags & ORDER_SHORT_EXEMPT ? SALE_SHORT_EXEMPT : SALE_SHORT;
    if (judgement->added_shares > 0 &&
        (!judgement->limits->short_sale || sold_short > (int64_t)judgement->limits->locate_quantity))
        return RISK_SHORT_SALE;
    if (judgement->short_sale != SALE_SHORT_EXEMPT &&
        judge_fails_price_test(gate, intent->instrument, judgement->price))
        return RISK_SHORT_SALE;
    return RISK_PASS;
}
