/* judge_rate: has there been too much of this lately? */
#pragma once
#include "risk/risk_judge.h"
#include "risk/risk_own.h"

/* judge_messages: submits, modifies and cancels all count; budget is what this kind may use of the long
 * window. */
static inline enum risk_verdict judge_messages(const struct risk_gate *gate, uint64_t now_ns,
                                               uint32_t budget) {
    const struct risk_limits *limits = &gate->limits;
    if (!gate_window_allows(gate->message_ns, gate->message_count, RISK_MESSAGE_RATE_MAX, now_ns,
                            limits->message_window_ns, budget))
        return RISK_MESSAGE_RATE;
    if (!gate_window_allows(gate->message_ns, gate->message_count, RISK_MESSAGE_RATE_MAX, now_ns,
                            limits->message_burst_window_ns, limits->message_burst_max))
        return RISK_MESSAGE_BURST;
    return RISK_PASS;
}

static inline int judge_orders_allowed(const struct risk_gate *gate, const struct gate_window *orders,
                                       uint64_t now_ns, uint32_t count_max) {
    return gate_window_allows(orders->ns, orders->count, RISK_WINDOW_COUNT_MAX, now_ns,
                              gate->limits.order_window_ns, count_max);
}

static inline enum risk_verdict judge_order_rate(const struct risk_gate *gate,
                                                 const struct order_intent *intent, uint64_t now_ns,
                                                 const struct judgement *judgement) {
    if (intent->kind != INTENT_NEW) return RISK_PASS;
    uint32_t count_max = gate->limits.strategies[intent->strategy].order_count_max;
    if (!judge_orders_allowed(gate, &gate->strategy_orders[intent->strategy], now_ns, count_max) ||
        !judge_orders_allowed(gate, &gate->instrument_orders[intent->instrument], now_ns,
                              judgement->limits->order_count_max))
        return RISK_ORDER_RATE;
    return RISK_PASS;
}

/* judge_duplicate: the same side, type, price, quantity and time in force, for the same strategy at the same
 * venue. */
static inline enum risk_verdict judge_duplicate(const struct risk_gate *gate,
                                                const struct order_intent *intent, uint64_t now_ns,
                                                struct judgement *judgement) {
    if (intent->kind != INTENT_NEW) return RISK_PASS;
    const struct gate_recent *recent = &gate->recent[intent->instrument];
    uint64_t what = (uint64_t)intent->price << 32 | intent->quantity;
    uint64_t who = (uint64_t)intent->side | (uint64_t)intent->order_type << 8 |
                   (uint64_t)intent->time_in_force << 16 | (uint64_t)intent->venue << 24 |
                   (uint64_t)intent->strategy << 32;
    int64_t window_ns = (int64_t)gate->limits.duplicate_window_ns;
    uint32_t count = 0;
    for (uint32_t i = 0; i < RISK_DUPLICATE_MEMORY; i++)
        count += (recent->what[i] == what) & (recent->who[i] == who) &
                 ((int64_t)now_ns - recent->ns[i] < window_ns);
    judgement->what = what;
    judgement->who = who;
    return count > gate->limits.duplicate_max ? RISK_DUPLICATE : RISK_PASS;
}

static inline enum risk_verdict judge_self_match(const struct risk_gate *gate,
                                                 const struct order_intent *intent,
                                                 const struct judgement *judgement) {
    if (gate->limits.self_match) return RISK_PASS;
    /* What is remembered of our best prices is no state of the gate's: putting it right changes no answer. */
    struct gate_own *own = (struct gate_own *)&gate->own[intent->instrument][intent->venue];
    return gate_own_meets(gate, own, intent->side, judgement->reach) ? RISK_SELF_MATCH : RISK_PASS;
}
