/* risk_gate: judging intents and reserving what passes. */
#include "risk/risk_gate.h"

#define PPM 1000000

static int older(uint64_t then_ns, uint64_t now_ns, uint64_t age_ns_max) {
    return now_ns > then_ns && now_ns - then_ns > age_ns_max;
}

/* rate_allows: the budget-th latest message must have left the window.  The times are those of messages that
 * passed, so this is exact, not an approximation by buckets. */
static int rate_allows(const struct risk_gate *gate, uint64_t now_ns, uint32_t budget) {
    if (gate->message_count < budget) return 1;
    if (budget == 0) return 0;
    uint64_t then_ns = gate->message_ns[(gate->message_count - budget) & (RISK_MESSAGE_RATE_MAX - 1)];
    return now_ns >= then_ns && now_ns - then_ns >= gate->limits.message_window_ns;
}

static uint32_t rate_max(const struct risk_gate *gate) {
    uint32_t rate = gate->limits.message_rate_max;
    return rate < RISK_MESSAGE_RATE_MAX ? rate : RISK_MESSAGE_RATE_MAX;
}

static enum risk_verdict judge_session(const struct risk_gate *gate) {
    if (gate->follow.state == FOLLOW_DOWN) return RISK_SESSION_DOWN;
    if (gate->follow.state != FOLLOW_LIVE) return RISK_NOT_RECONCILED;
    return RISK_PASS;
}

/* A box without limits has no message rate either: its orders, if there are any, must stay cancellable. */
static enum risk_verdict judge_cancel(const struct risk_gate *gate, const struct order_intent *intent,
                                      const struct risk_moment *moment) {
    enum risk_verdict verdict = judge_session(gate);
    if (verdict) return verdict;
    if (!gate_find(gate, intent->target_order_id)) return RISK_UNKNOWN_ORDER;
    if (gate->limits_published_ns && !rate_allows(gate, moment->now_ns, rate_max(gate)))
        return RISK_MESSAGE_RATE;
    return moment->order_room ? RISK_PASS : RISK_BACKPRESSURE;
}

static enum risk_verdict judge_box(const struct risk_gate *gate, const struct risk_moment *moment) {
    if (moment->kill) return RISK_KILLED;
    if (!moment->armed) return RISK_NOT_ARMED;
    enum risk_verdict verdict = judge_session(gate);
    if (verdict) return verdict;
    if (gate->untrusted) return RISK_NOT_RECONCILED;
    if (gate->next_user_ref == 0) return RISK_SESSION_DOWN;
    if (!gate->limits_published_ns) return RISK_NO_LIMITS;
    if (older(gate->limits_published_ns, moment->now_ns, gate->limits.limits_age_ns_max))
        return RISK_LIMITS_STALE;
    if (older(moment->supervisor_heartbeat_ns, moment->now_ns, gate->limits.supervisor_age_ns_max))
        return RISK_SUPERVISOR_STALE;
    return RISK_PASS;
}

static int is_malformed(const struct order_intent *intent) {
    return (intent->kind != INTENT_NEW && intent->kind != INTENT_REPLACE) || intent->side > SIDE_SELL ||
           intent->time_in_force > TIF_IOC || intent->quantity == 0 || intent->quantity > RISK_QUANTITY_MAX ||
           intent->price <= 0 || intent->price > RISK_PRICE_MAX;
}

static enum risk_verdict judge_market(const struct risk_gate *gate, const struct order_intent *intent,
                                      const struct risk_moment *moment) {
    const struct gate_instrument *instrument = &gate->instruments[intent->instrument];
    if (instrument->stale || instrument->bid <= 0 || instrument->ask < instrument->bid)
        return RISK_BOOK_STALE;
    if (instrument->trading_state != TRADING_OPEN) return RISK_TRADING_STATE;
    if (older(intent->rx_ns, moment->now_ns, gate->limits.tick_age_ns_max)) return RISK_TICK_AGE;
    return RISK_PASS;
}

/* is_outside_collar: by multiplication, prices fit 32 bits and so every product 64. */
static int is_outside_collar(const struct gate_instrument *instrument, const struct order_intent *intent,
                             uint64_t collar_ppm) {
    int buys = intent->side == SIDE_BUY;
    int64_t through = buys ? intent->price - instrument->ask : instrument->bid - intent->price;
    int64_t behind = buys ? instrument->bid - intent->price : intent->price - instrument->ask;
    uint64_t touch = (uint64_t)(buys ? instrument->ask : instrument->bid);
    uint64_t own_touch = (uint64_t)(buys ? instrument->bid : instrument->ask);
    if (through > 0 && (uint64_t)through * PPM > touch * collar_ppm) return 1;
    return behind > 0 && (uint64_t)behind * (PPM / RISK_PASSIVE_COLLARS) > own_touch * collar_ppm;
}

static enum risk_verdict judge_order(const struct risk_gate *gate, const struct order_intent *intent) {
    const struct risk_instrument_limits *limits = &gate->limits.instruments[intent->instrument];
    if (intent->quantity > limits->order_quantity_max) return RISK_ORDER_QUANTITY;
    if (intent->price * (int64_t)intent->quantity > limits->order_value_max) return RISK_ORDER_VALUE;
    if (is_outside_collar(&gate->instruments[intent->instrument], intent, limits->collar_ppm))
        return RISK_PRICE_COLLAR;
    return RISK_PASS;
}

static enum risk_verdict judge_position(const struct risk_gate *gate, const struct order_intent *intent,
                                        int64_t added) {
    const struct gate_instrument *instrument = &gate->instruments[intent->instrument];
    int64_t held = intent->side == SIDE_BUY ? instrument->position : -instrument->position;
    int64_t worst = held + instrument->open[intent->side] + added;
    return worst > gate->limits.instruments[intent->instrument].position_max ? RISK_POSITION : RISK_PASS;
}

static enum risk_verdict judge_new(const struct risk_gate *gate, const struct order_intent *intent) {
    enum risk_verdict verdict = judge_position(gate, intent, (int64_t)intent->quantity);
    if (verdict) return verdict;
    const struct gate_instrument *instrument = &gate->instruments[intent->instrument];
    if (instrument->open_orders >= gate->limits.instruments[intent->instrument].open_orders_max ||
        gate->open_orders >= gate->limits.firm.open_orders_max || gate->free_count == 0)
        return RISK_OPEN_ORDERS;
    return RISK_PASS;
}

static enum risk_verdict judge_replace(const struct risk_gate *gate, const struct order_intent *intent) {
    const struct gate_order *target = gate_find(gate, intent->target_order_id);
    if (!target || target->peer != ID_MAP_NONE) return RISK_UNKNOWN_ORDER;
    if (target->instrument != intent->instrument || target->side != intent->side ||
        intent->quantity <= target->executed)
        return RISK_MALFORMED;
    uint32_t remaining = intent->quantity - target->executed;
    int64_t added = remaining > target->reserved ? (int64_t)(remaining - target->reserved) : 0;
    enum risk_verdict verdict = judge_position(gate, intent, added);
    if (verdict) return verdict;
    return gate->free_count ? RISK_PASS : RISK_OPEN_ORDERS;
}

enum risk_verdict risk_gate_judge(const struct risk_gate *gate, const struct order_intent *intent,
                                  const struct risk_moment *moment) {
    if (intent->kind == INTENT_CANCEL) return judge_cancel(gate, intent, moment);
    enum risk_verdict verdict = judge_box(gate, moment);
    if (verdict) return verdict;
    if (intent->instrument >= INSTRUMENT_COUNT_MAX || !gate->limits.instruments[intent->instrument].permitted)
        return RISK_INSTRUMENT;
    if (gate->instruments[intent->instrument].untrusted) return RISK_NOT_RECONCILED;
    if (is_malformed(intent)) return RISK_MALFORMED;
    verdict = judge_market(gate, intent, moment);
    if (verdict) return verdict;
    verdict = judge_order(gate, intent);
    if (verdict) return verdict;
    verdict = intent->kind == INTENT_NEW ? judge_new(gate, intent) : judge_replace(gate, intent);
    if (verdict) return verdict;
    uint32_t rate = rate_max(gate);
    if (!rate_allows(gate, moment->now_ns, rate - rate / RISK_CANCEL_RESERVE)) return RISK_MESSAGE_RATE;
    return moment->order_room ? RISK_PASS : RISK_BACKPRESSURE;
}

static void reserve_replacement(struct risk_gate *gate, const struct order_intent *intent,
                                uint64_t order_id) {
    struct gate_order *target = gate_find(gate, intent->target_order_id);
    uint32_t remaining = intent->quantity - target->executed;
    struct gate_order *replacement =
        gate_open(gate, order_id, target->instrument, target->side, GATE_REPLACEMENT, remaining);
    target->peer = (uint32_t)(replacement - gate->orders);
    replacement->peer = (uint32_t)(target - gate->orders);
    replacement->executed = target->executed;
    gate_reserve(gate, target);
}

enum risk_verdict risk_gate_reserve(struct risk_gate *gate, const struct order_intent *intent,
                                    const struct risk_moment *moment, struct order *order) {
    enum risk_verdict verdict = risk_gate_judge(gate, intent, moment);
    if (verdict) return verdict;
    gate->message_ns[gate->message_count++ & (RISK_MESSAGE_RATE_MAX - 1)] = moment->now_ns;
    *order = (struct order){.tick = intent->tick,
                            .rx_ns = intent->rx_ns,
                            .book_ns = intent->book_ns,
                            .signal_ns = intent->signal_ns,
                            .quantity = intent->quantity,
                            .price = intent->price,
                            .target_order_id = intent->target_order_id,
                            .instrument = intent->instrument,
                            .strategy = intent->strategy,
                            .venue = intent->venue,
                            .account = intent->account,
                            .trader = intent->trader,
                            .decision_price = intent->decision_price,
                            .parent_id = intent->parent_id,
                            .kind = intent->kind,
                            .side = intent->side,
                            .time_in_force = intent->time_in_force,
                            .generation = (uint8_t)gate->generation};
    if (intent->kind == INTENT_CANCEL) {
        const struct gate_order *target = gate_find(gate, intent->target_order_id);
        order->instrument = target->instrument; /* the intent's word was not checked */
        order->side = target->side;
        return RISK_PASS;
    }
    order->order_id = (uint64_t)intent->venue << ORDER_ID_VENUE_SHIFT |
                      moment->epoch << ORDER_ID_EPOCH_SHIFT |
                      gate->next_user_ref++; /* after the last it is 0: judge_box shuts */
    if (intent->kind == INTENT_REPLACE) {
        reserve_replacement(gate, intent, order->order_id);
    } else {
        order->target_order_id = 0;
        gate_open(gate, order->order_id, intent->instrument, intent->side, 0, intent->quantity);
    }
    return RISK_PASS;
}
