/* risk_gate: judging intents and reserving what passes.
 *
 * The order in which an intent is judged, which is the order of the reasons: the first that holds is the one
 * that is told.
 *  1 names       venue, instrument, account, strategy, trader that do not exist (0: nobody)
 *  2 stops       killed, paused, break, breaker, throttled, probe
 *  3 box         not armed; session down or not reconciled; limits never published, stale; supervisor stale
 *  4 permissions venue, instrument, restricted, account, strategy, trader, throttle without a limit
 *  5 order       malformed; unknown order or malformed (of what is replaced); tick size
 *  6 market      book stale, trading state, tick age
 *  7 price       order quantity, order value, collar by the book, collar by the last trade, short sale
 *  8 exposure    position, not reducing; instrument, gross and net of strategy, account, firm; credit of
 *                account and firm; open orders
 *  9 rate        messages, burst, orders, duplicate, self-match
 * 10 room        backpressure */
#include "risk/judge_box.h"
#include "risk/judge_exposure.h"
#include "risk/judge_order.h"
#include "risk/judge_rate.h"
#include "risk/risk_settle.h"

static enum risk_verdict first(enum risk_verdict verdict, enum risk_verdict otherwise) {
    return verdict ? verdict : otherwise;
}

/* A box without limits has no message rate either: its orders, if there are any, must stay cancellable. */
static enum risk_verdict judge_cancel(const struct risk_gate *gate, const struct order_intent *intent,
                                      const struct risk_moment *moment) {
    if (intent->venue >= VENUE_COUNT_MAX) return RISK_VENUE;
    enum risk_verdict verdict = judge_session(gate, intent->venue);
    if (verdict) return verdict;
    if (!gate_find(gate, intent->venue, intent->target_order_id)) return RISK_UNKNOWN_ORDER;
    if (gate->limits_published_ns)
        verdict = judge_messages(gate, moment->now_ns, gate->limits.message_rate_max);
    return first(verdict, moment->order_room ? RISK_PASS : RISK_BACKPRESSURE);
}

static inline uint64_t next_order_id(const struct risk_gate *gate, uint32_t venue, uint64_t epoch) {
    return (uint64_t)venue << ORDER_ID_VENUE_SHIFT | epoch << ORDER_ID_EPOCH_SHIFT |
           gate->venues[venue].next_user_ref;
}

/* judge_identity: a number about to be given that is in the picture already was given by nobody here, or the
 * venue says what cannot be. */
static inline enum risk_verdict judge_identity(const struct risk_gate *gate,
                                               const struct order_intent *intent,
                                               const struct risk_moment *moment) {
    uint64_t order_id = next_order_id(gate, intent->venue, moment->epoch);
    return gate_knows(gate, order_id) ? RISK_NOT_RECONCILED : RISK_PASS;
}

static inline enum risk_verdict judge_right(const struct risk_gate *gate, const struct order_intent *intent,
                                            const struct risk_moment *moment, struct judgement *judgement) {
    enum risk_verdict verdict = judge_names(intent);
    if (verdict) return verdict;
    verdict = judge_stops(gate, intent, moment, judgement);
    if (verdict) return verdict;
    verdict = judge_box(gate, intent, moment);
    if (verdict) return verdict;
    verdict = judge_identity(gate, intent, moment);
    if (verdict) return verdict;
    return judge_permissions(gate, intent);
}

static inline enum risk_verdict judge_terms(const struct risk_gate *gate, const struct order_intent *intent,
                                            const struct risk_moment *moment, struct judgement *judgement) {
    if (judge_is_malformed(intent)) return RISK_MALFORMED;
    enum risk_verdict verdict = judge_target(gate, intent, judgement);
    if (verdict) return verdict;
    verdict = judge_tick_size(intent, judgement);
    if (verdict) return verdict;
    verdict = judge_market(gate, intent, moment, judgement);
    if (verdict) return verdict;
    judge_value_price(intent, judgement);
    verdict = judge_size(intent, judgement);
    if (verdict) return verdict;
    verdict = judge_price(intent, judgement);
    if (verdict) return verdict;
    return judge_short_sale(gate, intent, judgement);
}

static inline enum risk_verdict judge_amount(const struct risk_gate *gate, const struct order_intent *intent,
                                             const struct risk_moment *moment, struct judgement *judgement) {
    enum risk_verdict verdict = judge_position(gate, intent, judgement);
    if (verdict) return verdict;
    verdict = judge_exposure(gate, intent, judgement);
    if (verdict) return verdict;
    verdict = judge_open_orders(gate, intent, judgement);
    if (verdict) return verdict;
    uint32_t rate = gate->limits.message_rate_max;
    verdict = judge_messages(gate, moment->now_ns, rate - rate / RISK_CANCEL_RESERVE);
    if (verdict) return verdict;
    verdict = judge_order_rate(gate, intent, moment->now_ns, judgement);
    if (verdict) return verdict;
    verdict = judge_duplicate(gate, intent, moment->now_ns, judgement);
    if (verdict) return verdict;
    return judge_self_match(gate, intent, judgement);
}

static inline enum risk_verdict judge(const struct risk_gate *gate, const struct order_intent *intent,
                                      const struct risk_moment *moment, struct judgement *judgement) {
    if (intent->kind == INTENT_CANCEL) return judge_cancel(gate, intent, moment);
    enum risk_verdict verdict = judge_right(gate, intent, moment, judgement);
    if (verdict) return verdict;
    judgement->limits = &gate->limits.instruments[intent->instrument];
    judgement->book = &gate->books[intent->instrument][intent->venue];
    verdict = judge_terms(gate, intent, moment, judgement);
    if (verdict) return verdict;
    verdict = judge_amount(gate, intent, moment, judgement);
    if (verdict) return verdict;
    return moment->order_room ? RISK_PASS : RISK_BACKPRESSURE;
}

enum risk_verdict risk_gate_judge(const struct risk_gate *gate, const struct order_intent *intent,
                                  const struct risk_moment *moment) {
    struct judgement judgement;
    return judge(gate, intent, moment, &judgement);
}

static void count_refusal(struct risk_gate *gate, uint32_t scope) {
    gate->refusals[scope]++;
    gate_touch(gate, scope);
}

static enum risk_verdict refuse(struct risk_gate *gate, const struct order_intent *intent,
                                enum risk_verdict verdict) {
    count_refusal(gate, RISK_SCOPE_FIRM);
    if (intent->account < ACCOUNT_COUNT_MAX)
        count_refusal(gate, RISK_SCOPE_ACCOUNT + (uint32_t)intent->account);
    if (intent->strategy < STRATEGY_COUNT_MAX)
        count_refusal(gate, RISK_SCOPE_STRATEGY + (uint32_t)intent->strategy);
    if (intent->instrument < INSTRUMENT_COUNT_MAX)
        count_refusal(gate, RISK_SCOPE_INSTRUMENT + (uint32_t)intent->instrument);
    return verdict;
}

/* flags_of: what the intent says, and what only the gate may say. */
static uint32_t flags_of(const struct risk_gate *gate, const struct order_intent *intent) {
    int passes = (intent->flags & ORDER_REDUCE_ONLY) && gate->limits.kill_allows_reducing;
    return passes ? intent->flags | ORDER_PASSES_KILL : intent->flags;
}

static void describe(const struct risk_gate *gate, const struct order_intent *intent, struct order *order) {
    *order = (struct order){.tick = intent->tick,
                            .rx_ns = intent->rx_ns,
                            .book_ns = intent->book_ns,
                            .signal_ns = intent->signal_ns,
                            .quantity = intent->quantity,
                            .price = intent->price,
                            .target_order_id = intent->target_order_id,
                            .decision_price = intent->decision_price,
                            .parent_id = intent->parent_id,
                            .display_quantity = intent->display_quantity,
                            .minimum_quantity = intent->minimum_quantity,
                            .peg_offset = intent->peg_offset,
                            .flags = flags_of(gate, intent),
                            .instrument = intent->instrument,
                            .strategy = intent->strategy,
                            .kind = intent->kind,
                            .side = intent->side,
                            .time_in_force = intent->time_in_force,
                            .venue = intent->venue,
                            .account = intent->account,
                            .trader = intent->trader,
                            .order_type = intent->order_type,
                            .display = intent->display,
                            .score = intent->score};
}

/* name_cancel: whose order it is, is the order's word and not the intent's, which was not checked. */
static void name_cancel(const struct risk_gate *gate, struct order *order) {
    const struct gate_order *target = gate_find(gate, order->venue, order->target_order_id);
    order->instrument = target->instrument;
    order->side = target->side;
    order->strategy = target->strategy;
    order->account = target->account;
    order->trader = target->trader;
}

static void note_messages(struct risk_gate *gate, const struct order_intent *intent, uint64_t now_ns,
                          const struct judgement *judgement) {
    if (judgement->probes & PROBE_FIRM) gate->probes[GATE_PROBE_FIRM]++;
    if (judgement->probes & PROBE_VENUE) gate->probes[GATE_PROBE_VENUE + intent->venue]++;
    if (judgement->probes & PROBE_STRATEGY) gate->probes[GATE_PROBE_STRATEGY + intent->strategy]++;
    if (intent->kind != INTENT_NEW) return;
    gate_window_add(&gate->strategy_orders[intent->strategy], now_ns);
    gate_window_add(&gate->instrument_orders[intent->instrument], now_ns);
    struct gate_recent *recent = &gate->recent[intent->instrument];
    uint64_t slot = recent->next++ % RISK_DUPLICATE_MEMORY;
    recent->what[slot] = judgement->what;
    recent->who[slot] = judgement->who;
    recent->ns[slot] = (int64_t)now_ns;
}

static void open_order(struct risk_gate *gate, const struct order_intent *intent, struct order *order,
                       const struct judgement *judgement) {
    struct gate_order *target = judgement->target;
    uint32_t executed = target ? target->executed : 0;
    uint32_t rests = intent->time_in_force == TIF_IOC ? 0 : GATE_RESTS;
    const struct gate_order opened = {.order_id = order->order_id,
                                      .open = intent->quantity - executed,
                                      .executed = executed,
                                      .price = (uint32_t)judgement->price,
                                      .reach = (uint32_t)judgement->reach,
                                      .instrument = intent->instrument,
                                      .side = intent->side,
                                      .flags = (uint8_t)(rests | (target ? GATE_REPLACEMENT : 0)),
                                      .venue = intent->venue,
                                      .account = intent->account,
                                      .strategy = (uint8_t)intent->strategy,
                                      .trader = intent->trader};
    gate_open(gate, &opened, target);
}

enum risk_verdict risk_gate_reserve(struct risk_gate *gate, const struct order_intent *intent,
                                    const struct risk_moment *moment, struct order *order) {
    struct judgement judgement;
    enum risk_verdict verdict = judge(gate, intent, moment, &judgement);
    if (verdict) return refuse(gate, intent, verdict);
    struct gate_venue *venue = &gate->venues[intent->venue];
    gate->message_ns[gate->message_count++ & (RISK_MESSAGE_RATE_MAX - 1)] = moment->now_ns;
    describe(gate, intent, order);
    order->generation = (uint8_t)venue->generation;
    if (intent->kind == INTENT_CANCEL) {
        name_cancel(gate, order);
        return RISK_PASS;
    }
    order->order_id = next_order_id(gate, intent->venue, moment->epoch);
    venue->next_user_ref++; /* after the last it is 0: judge_box shuts */
    if (intent->kind == INTENT_NEW) order->target_order_id = 0;
    order->short_sale = (uint8_t)judgement.short_sale;
    note_messages(gate, intent, moment->now_ns, &judgement);
    open_order(gate, intent, order, &judgement);
    return RISK_PASS;
}
