/* judge_box: may this box, venue, account, strategy and instrument send anything at all? */
#pragma once
#include "ring/control_inline.h"
#include "risk/risk_judge.h"

/* judge_names: what does not exist can be looked up nowhere. */
static inline enum risk_verdict judge_names(const struct order_intent *intent) {
    if (intent->venue >= VENUE_COUNT_MAX) return RISK_VENUE;
    if (intent->instrument >= INSTRUMENT_COUNT_MAX) return RISK_INSTRUMENT;
    if (intent->account == 0 || intent->account >= ACCOUNT_COUNT_MAX) return RISK_ACCOUNT;
    if (intent->strategy == 0 || intent->strategy >= STRATEGY_COUNT_MAX) return RISK_STRATEGY;
    if (intent->trader == 0 || intent->trader >= TRADER_COUNT_MAX) return RISK_TRADER;
    return RISK_PASS;
}

static inline enum risk_verdict judge_probes(const struct risk_gate *gate, const struct order_intent *intent,
                                             uint32_t probes) {
    const struct risk_limits *limits = &gate->limits;
    if (probes & PROBE_NOBODY) return RISK_PROBE;
    if ((probes & PROBE_FIRM) && gate->probes[GATE_PROBE_FIRM] >= limits->probe_orders_max) return RISK_PROBE;
    if ((probes & PROBE_VENUE) &&
        gate->probes[GATE_PROBE_VENUE + intent->venue] >= limits->venues[intent->venue].probe_orders_max)
        return RISK_PROBE;
    if ((probes & PROBE_STRATEGY) && gate->probes[GATE_PROBE_STRATEGY + intent->strategy] >=
                                         limits->strategies[intent->strategy].probe_orders_max)
        return RISK_PROBE;
    return RISK_PASS;
}

/* judge_stops: an order that only reduces passes all but a kill and a break.  Whether it does reduce is
 * judged later, and always. */
static inline enum risk_verdict judge_stops(const struct risk_gate *gate, const struct order_intent *intent,
                                            const struct risk_moment *moment, struct judgement *judgement) {
    const struct control_stops *stops = moment->stops;
    uint64_t firm = control_load(&stops->firm), venue = control_load(&stops->venue[intent->venue]);
    uint64_t strategy = control_load(&stops->strategy[intent->strategy]);
    uint64_t others =
        control_load(&stops->account[intent->account]) | control_load(&stops->instrument[intent->instrument]);
    uint64_t bits = firm | venue | strategy | others;
    if (moment->kill) bits |= STOP_KILL;
    if (gate->throttled >> intent->strategy & 1) bits |= STOP_THROTTLE;
    judgement->probes = 0;
    if (__builtin_expect(bits == 0, 1)) return RISK_PASS;
    int reduces = (intent->flags & ORDER_REDUCE_ONLY) != 0;
    if ((bits & STOP_KILL) && !(reduces && gate->limits.kill_allows_reducing)) return RISK_KILLED;
    if ((bits & STOP_BREAK) && reduces) return RISK_BREAK;
    if (reduces) return RISK_PASS;
    if (bits & ~(uint64_t)(STOP_KILL | STOP_BREAK | STOP_BREAKER | STOP_PROBE | STOP_THROTTLE))
        return RISK_PAUSED; /* so does a bit that nobody has told this gate about */
    if (bits & STOP_BREAK) return RISK_BREAK;
    if (bits & STOP_BREAKER) return RISK_BREAKER;
    if (bits & STOP_THROTTLE) return RISK_THROTTLED;
    judgement->probes = (firm & STOP_PROBE ? PROBE_FIRM : 0U) | (venue & STOP_PROBE ? PROBE_VENUE : 0U) |
                        (strategy & STOP_PROBE ? PROBE_STRATEGY : 0U) |
                        (others & STOP_PROBE ? PROBE_NOBODY : 0U);
    return judge_probes(gate, intent, judgement->probes);
}

static inline enum risk_verdict judge_session(const struct risk_gate *gate, uint32_t venue) {
    uint32_t state = gate->venues[venue].follow.state;
    if (__builtin_expect(state == FOLLOW_LIVE, 1)) return RISK_PASS;
    return state == FOLLOW_DOWN ? RISK_SESSION_DOWN : RISK_NOT_RECONCILED;
}

/* judge_box: as long as one permitted venue's record is unknown, so is what the firm holds. */
static inline enum risk_verdict judge_box(const struct risk_gate *gate, const struct order_intent *intent,
                                          const struct risk_moment *moment) {
    if (!moment->armed) return RISK_NOT_ARMED;
    enum risk_verdict verdict = judge_session(gate, intent->venue);
    if (verdict) return verdict;
    if (gate->untrusted | (gate->permitted & ~gate->known) | gate->instruments[intent->instrument].untrusted)
        return RISK_NOT_RECONCILED;
    if (gate->venues[intent->venue].next_user_ref == 0 || moment->epoch > ORDER_ID_EPOCH_MAX)
        return RISK_SESSION_DOWN;
    if (!gate->limits_published_ns || !gate->limits.firm.permitted) return RISK_NO_LIMITS;
    if (judge_older(gate->limits_published_ns, moment->now_ns, gate->limits.limits_age_ns_max))
        return RISK_LIMITS_STALE;
    if (judge_older(moment->supervisor_heartbeat_ns, moment->now_ns, gate->limits.supervisor_age_ns_max))
        return RISK_SUPERVISOR_STALE;
    return RISK_PASS;
}

static inline enum risk_verdict judge_permissions(const struct risk_gate *gate,
                                                  const struct order_intent *intent) {
    const struct risk_limits *limits = &gate->limits;
    const struct risk_instrument_limits *instrument = &limits->instruments[intent->instrument];
    const struct risk_strategy_limits *strategy = &limits->strategies[intent->strategy];
    if (!limits->venues[intent->venue].permitted) return RISK_VENUE;
    if (!instrument->permitted) return RISK_INSTRUMENT;
    if (instrument->restricted) return RISK_RESTRICTED;
    if (!limits->accounts[intent->account].permitted) return RISK_ACCOUNT;
    if (!strategy->scope.permitted || strategy->account != intent->account) return RISK_STRATEGY;
    if (!limits->traders[intent->trader] || strategy->trader != intent->trader) return RISK_TRADER;
    if (strategy->execution_count_max == 0) return RISK_THROTTLED;
    return RISK_PASS;
}
