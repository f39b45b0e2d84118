/* signal_rule: from the last update of an instrument to at most one intent.  Integers only. */
#include "signal/signal_rule.h"

#define PPM 1000000

struct signal_view { /* what the rule sees of a market it may trade in */
    int64_t bid;
    int64_t ask;
    int64_t imbalance; /* 1/1 000 000, positive: more to buy */
    int64_t edge;      /* micro-price - mid, 1/10 000 */
};

struct signal_wish { /* the one order that should be there; side SIDE_NONE: none */
    int64_t price;
    uint32_t quantity; /* and at most */
    uint8_t side;
    uint8_t time_in_force;
};

static const struct signal_wish NO_WISH = {.side = SIDE_NONE};

static int is_stale(const struct signal_instrument *instrument) {
    return !instrument->seen || (instrument->last.flags & MARKET_STALE) ||
           instrument->last.trading_state != TRADING_OPEN;
}

/* view reads the market; 0 when it is not one to trade in: one-sided, locked, crossed or too wide. */
static int view(const struct market_update *last, int64_t spread_max, struct signal_view *seen) {
    int64_t bids = 0, asks = 0;
    for (int level = 0; level < MARKET_LEVELS; level++) {
        bids += last->bid_quantity[level];
        asks += last->ask_quantity[level];
    }
    int64_t bid_quantity = last->bid_quantity[0], ask_quantity = last->ask_quantity[0];
    int64_t spread = last->ask_price[0] - last->bid_price[0];
    if (bid_quantity == 0 || ask_quantity == 0 || last->bid_price[0] <= 0) return 0;
    if (spread <= 0 || spread > spread_max || spread > UINT32_MAX / 2) return 0;
    seen->bid = last->bid_price[0];
    seen->ask = last->ask_price[0];
    seen->imbalance = (bids - asks) * PPM / (bids + asks);
    seen->edge = spread * (bid_quantity - ask_quantity) / (2 * (bid_quantity + ask_quantity));
    return 1;
}

/* held is the position in the direction of a side. */
static int64_t held(const struct signal_instrument *instrument, uint8_t side) {
    return side == SIDE_BUY ? instrument->position : -instrument->position;
}

static int64_t toward(int64_t value, uint8_t side) {
    return side == SIDE_BUY ? value : -value;
}

/* threshold: the more is held that way already, the more it takes; never below the exit. */
static int64_t threshold(const struct signal_instrument_parameters *parameters, int64_t held_quantity) {
    int64_t full = parameters->position_max;
    if (full == 0) return INT64_MAX;
    int64_t bounded = held_quantity > full ? full : held_quantity < -full ? -full : held_quantity;
    int64_t enter = parameters->imbalance_enter + parameters->inventory_skew * (bounded * PPM / full) / PPM;
    return enter > parameters->imbalance_exit ? enter : parameters->imbalance_exit;
}

static int is_favoured(const struct signal_instrument_parameters *parameters,
                       const struct signal_instrument *instrument, const struct signal_view *seen,
                       uint8_t side) {
    return toward(seen->imbalance, side) >= threshold(parameters, held(instrument, side)) &&
           toward(seen->edge, side) >= parameters->edge_min;
}

static int has_faded(const struct signal_instrument_parameters *parameters, const struct signal_view *seen,
                     uint8_t side) {
    return toward(seen->imbalance, side) < parameters->imbalance_exit;
}

static uint32_t at_most(int64_t room, uint32_t quantity) {
    if (room <= 0) return 0;
    return room < quantity ? (uint32_t)room : quantity;
}

/* wish_for an order of that side: at the own touch when quoting, at the opposite one when taking. */
static struct signal_wish wish_for(const struct signal_instrument_parameters *parameters,
                                   const struct signal_view *seen, uint8_t side, int64_t room) {
    int quotes = parameters->mode == SIGNAL_QUOTE;
    struct signal_wish wish = {.price = (side == SIDE_BUY) == quotes ? seen->bid : seen->ask,
                               .quantity = at_most(room, parameters->order_quantity),
                               .side = side,
                               .time_in_force = quotes ? TIF_DAY : TIF_IOC};
    return wish.quantity ? wish : NO_WISH;
}

/* wish_of is the rule: open where favoured, keep a quote until its side has faded, close what has faded. */
static struct signal_wish wish_of(const struct signal_instrument_parameters *parameters,
                                  const struct signal_instrument *instrument,
                                  const struct signal_view *seen) {
    for (uint8_t side = SIDE_BUY; side <= SIDE_SELL; side++) {
        int kept = parameters->mode == SIGNAL_QUOTE && instrument->order_count == 1 &&
                   instrument->orders[0].side == side && !has_faded(parameters, seen, side);
        if (kept || is_favoured(parameters, instrument, seen, side))
            return wish_for(parameters, seen, side, parameters->position_max - held(instrument, side));
    }
    if (instrument->position == 0) return NO_WISH;
    uint8_t long_side = instrument->position > 0 ? SIDE_BUY : SIDE_SELL;
    if (!has_faded(parameters, seen, long_side)) return NO_WISH;
    return wish_for(parameters, seen, (uint8_t)(1 - long_side), held(instrument, long_side));
}

static enum signal_outcome send(const struct signal_rule *rule, struct signal_instrument *instrument,
                                struct order_intent *intent, const struct order_intent *what) {
    const struct market_update *last = &instrument->last;
    *intent = *what;
    intent->tick = last->tick;
    intent->rx_ns = last->rx_ns;
    intent->book_ns = last->book_ns;
    if (what->kind != INTENT_CANCEL) intent->decision_price = (last->bid_price[0] + last->ask_price[0]) / 2;
    intent->instrument = (uint16_t)(instrument - rule->instruments);
    intent->strategy = rule->parameters.strategy;
    intent->account = rule->parameters.account;
    intent->trader = rule->parameters.trader;
    intent->venue = what->target_order_id ? signal_venue_of(what->target_order_id) : rule->parameters.venue;
    instrument->intent_rx_ns = last->rx_ns;
    instrument->intent_sent = 1;
    instrument->pending = what->kind;
    instrument->pending_tick = last->tick;
    instrument->pending_target = what->target_order_id;
    instrument->pending_venue = intent->venue;
    return SIGNAL_INTENT;
}

static enum signal_outcome cancel(const struct signal_rule *rule, struct signal_instrument *instrument,
                                  struct order_intent *intent, const struct signal_order *order,
                                  int32_t score) {
    if (instrument->cancel_refused) return SIGNAL_NOTHING;
    const struct order_intent what = {
        .kind = INTENT_CANCEL, .target_order_id = order->order_id, .side = order->side, .score = score};
    return send(rule, instrument, intent, &what);
}

static int has_cooled(const struct signal_instrument *instrument, uint64_t cooldown_ns) {
    uint64_t rx_ns = instrument->last.rx_ns;
    return !instrument->intent_sent ||
           (rx_ns >= instrument->intent_rx_ns && rx_ns - instrument->intent_rx_ns >= cooldown_ns);
}

/* pursue brings the one working order, or none, closer to the wish. */
static enum signal_outcome pursue(const struct signal_rule *rule, struct signal_instrument *instrument,
                                  int may_open, const struct signal_wish *wish, int32_t score,
                                  struct order_intent *intent) {
    struct order_intent what = {.kind = INTENT_NEW,
                                .price = wish->price,
                                .quantity = wish->quantity,
                                .side = wish->side,
                                .time_in_force = wish->time_in_force,
                                .score = score};
    if (instrument->order_count) {
        const struct signal_order *order = &instrument->orders[0];
        if (order->time_in_force == TIF_IOC) return SIGNAL_NOTHING; /* ends by itself */
        if (signal_venue_of(order->order_id) != rule->parameters.venue || wish->side != order->side ||
            wish->time_in_force != TIF_DAY || order->leaves > wish->quantity)
            return cancel(rule, instrument, intent, order, score);
        if (wish->price == order->price) return SIGNAL_NOTHING;
        if (order->executed) return cancel(rule, instrument, intent, order, score);
        what.kind = INTENT_REPLACE;
        what.target_order_id = order->order_id;
    }
    if (wish->side == SIDE_NONE || !may_open) return SIGNAL_NOTHING;
    return send(rule, instrument, intent, &what);
}

static enum signal_outcome decide(const struct signal_rule *rule, struct signal_instrument *instrument,
                                  int fresh, struct order_intent *intent) {
    if (!report_follow_live(rule->follow, rule->venue_count) || rule->untrusted || instrument->crowded)
        return SIGNAL_UNRECONCILED;
    if (instrument->pending) return SIGNAL_NOTHING;
    if (instrument->order_count > 1)
        return cancel(rule, instrument, intent, &instrument->orders[instrument->order_count - 1], 0);
    const struct signal_instrument_parameters *parameters =
        &rule->parameters.instruments[instrument - rule->instruments];
    int stale = is_stale(instrument);
    struct signal_view seen = {0};
    struct signal_wish wish = NO_WISH;
    if (!stale && rule->parameters.enabled && parameters->enabled &&
        view(&instrument->last, parameters->spread_max, &seen))
        wish = wish_of(parameters, instrument, &seen);
    int may_open = fresh && has_cooled(instrument, parameters->cooldown_ns);
    enum signal_outcome outcome = pursue(rule, instrument, may_open, &wish, (int32_t)seen.imbalance, intent);
    return outcome == SIGNAL_NOTHING && stale ? SIGNAL_STALE : outcome;
}

/* give_parent turns a take into a parent order.  Its number is that of the tick and the instrument: distinct
 * without a count that a restart would begin anew. */
static enum signal_outcome give_parent(struct signal_rule *rule, struct signal_instrument *instrument,
                                       const struct order_intent *take, struct parent_order *parent) {
    const struct market_update *last = &instrument->last;
    *parent = (struct parent_order){
        .parent_id = (uint64_t)SOURCE_SIGNAL << PARENT_SOURCE_SHIFT |
                     (take->tick << 8 & (((uint64_t)1 << PARENT_SOURCE_SHIFT) - 1)) | take->instrument,
        .tick = take->tick,
        .rx_ns = take->rx_ns,
        .book_ns = take->book_ns,
        .decision_price = (last->bid_price[0] + last->ask_price[0]) / 2,
        .quantity = take->quantity,
        .slippage_ppm_max = rule->parameters.slippage_ppm_max,
        .instrument = take->instrument,
        .strategy = take->strategy,
        .kind = INTENT_NEW,
        .side = take->side,
        .policy = PARENT_SWEEP,
        .account = take->account,
        .trader = take->trader,
        .score = take->score,
    };
    instrument->pending = PENDING_PARENT;
    instrument->pending_number = rule->parent_count++;
    instrument->pending_target = parent->parent_id;
    return SIGNAL_PARENT;
}

enum signal_outcome signal_rule_decide(struct signal_rule *rule, struct order_intent *intent,
                                       struct parent_order *parent) {
    if (rule->due_count == 0) return SIGNAL_NOTHING;
    struct signal_instrument *instrument = &rule->instruments[rule->due[rule->due_head]];
    rule->due_head = (rule->due_head + 1) % INSTRUMENT_COUNT_MAX;
    rule->due_count--;
    int fresh = instrument->fresh;
    instrument->due = instrument->fresh = 0;
    enum signal_outcome outcome = decide(rule, instrument, fresh, intent);
    int takes = outcome == SIGNAL_INTENT && intent->kind == INTENT_NEW && intent->time_in_force == TIF_IOC;
    if (!takes || rule->parameters.route != ROUTE_SWEEP) return outcome;
    return give_parent(rule, instrument, intent, parent);
}

int signal_rule_due(const struct signal_rule *rule) {
    return rule->due_count > 0;
}

int signal_rule_update(struct signal_rule *rule, const struct market_update *update) {
    if (update->instrument >= INSTRUMENT_COUNT_MAX || update->venue != rule->parameters.venue) return 0;
    struct signal_instrument *instrument = &rule->instruments[update->instrument];
    int conflated = instrument->fresh;
    instrument->last = *update;
    instrument->seen = instrument->fresh = 1;
    signal_make_due(rule, update->instrument);
    return conflated;
}
