/* risk_stage: one duty cycle: reports, market, limits, and only when those are drained intents, so that no
 * intent is judged by a picture older than what this stage could have known. */
#include "risk/risk_stage.h"

#define REPORT_BATCH_MAX 64
#define MARKET_BATCH_MAX 64
#define INTENT_BATCH_MAX 16

static void publish_gauges(struct risk_stage *risk) {
    counter_set(risk->counters, RISK_COUNT_OPEN_ORDERS, risk_gate_open_orders(risk->gate));
    counter_set(risk->counters, RISK_COUNT_RECONCILED, risk_gate_reconciled(risk->gate));
}

/* publish_exposure brings every entry that has changed up to date. */
static void publish_exposure(struct risk_stage *risk) {
    struct risk_scope_exposure now;
    uint32_t scope;
    while ((scope = risk_gate_next_change(risk->gate)) < RISK_SCOPE_COUNT) {
        struct risk_scope_exposure *entry = &risk->exposure[scope];
        risk_gate_scope(risk->gate, scope, &now);
        seqlock_begin(&entry->version);
        seqlock_copy(&entry->gross, &now.gross, sizeof now - sizeof now.version);
        seqlock_end(&entry->version);
    }
}

static int drain_reports(struct risk_stage *risk, struct ring_consumer *reports) {
    int count = 0;
    const struct execution_report *report;
    while (count < REPORT_BATCH_MAX && (report = ring_peek(reports))) {
        if (risk_gate_report(risk->gate, report) == ERROR_NOT_FOUND)
            counter_add(risk->counters, RISK_COUNT_UNKNOWN_REPORTS, 1);
        ring_release(reports);
        count++;
    }
    if (count) counter_add(risk->counters, RISK_COUNT_REPORTS, (uint64_t)count);
    return count;
}

static int drain_market(struct risk_stage *risk, struct ring_consumer *market) {
    int count = 0;
    const struct market_update *update;
    while (count < MARKET_BATCH_MAX && (update = ring_peek(market))) {
        risk_gate_market(risk->gate, update);
        ring_release(market);
        count++;
    }
    return count;
}

/* refresh_limits takes over what the steward published.  The time of publication is not part of the payload:
 * if another version has been begun by the time it is read, the next cycle tries again, with the old limits
 * ageing. */
static void refresh_limits(struct risk_stage *risk) {
    uint64_t version = control_load(&risk->parameters->version);
    if (version == risk->limits_version || (version & 1)) return;
    if (parameters_read(risk->parameters, &risk->limits, sizeof risk->limits, &version) != 1) return;
    uint64_t published_ns = control_load(&risk->parameters->published_ns);
    if (control_load(&risk->parameters->version) != version) return;
    risk_gate_limits(risk->gate, &risk->limits, published_ns);
    risk->limits_version = version;
}

static void refuse(struct risk_stage *risk, const struct order_intent *intent, uint32_t source,
                   enum risk_verdict verdict, uint64_t now_ns) {
    struct risk_refusal *refusal = ring_claim(&risk->verdict);
    *refusal = (struct risk_refusal){.tick = intent->tick,
                                     .rx_ns = intent->rx_ns,
                                     .price = intent->price,
                                     .target_order_id = intent->target_order_id,
                                     .parent_id = intent->parent_id,
                                     .refused_ns = now_ns,
                                     .quantity = intent->quantity,
                                     .instrument = intent->instrument,
                                     .strategy = intent->strategy,
                                     .kind = intent->kind,
                                     .side = intent->side,
                                     .time_in_force = intent->time_in_force,
                                     .verdict = (uint8_t)verdict,
                                     .source = (uint8_t)source,
                                     .venue = intent->venue,
                                     .account = intent->account,
                                     .trader = intent->trader};
    ring_publish(&risk->verdict);
}

/* judge_next gives the oldest intent of a source its verdict, straight into the order ring's slot: nothing
 * else ever writes there. */
static void judge_next(struct risk_stage *risk, const struct order_intent *intent, uint32_t source,
                       uint64_t now_ns) {
    const struct control *control = risk->control;
    uint64_t start_ns = clock_now();
    struct ring_producer *orders = &risk->order[intent->venue < risk->venue_count ? intent->venue : 0];
    struct order *order = ring_claim(orders);
    const struct risk_moment moment = {.now_ns = now_ns,
                                       .kill = control_load(&control->kill),
                                       .armed = control_load(&control->armed),
                                       .epoch = control_load(&control->epoch),
                                       .supervisor_heartbeat_ns =
                                           control_load(&control->supervisor_heartbeat_ns),
                                       .order_room = order != NULL,
                                       .stops = &control->stops};
    enum risk_verdict verdict = risk_gate_reserve(risk->gate, intent, &moment, order); /* NULL never passes */
    uint64_t end_ns = clock_now();
    if (verdict == RISK_PASS) {
        order->risk_ns = clock_since(intent->rx_ns, end_ns);
        order->source = (uint8_t)source;
        ring_publish(orders);
        counter_add(risk->counters, RISK_COUNT_ORDERS, 1);
        if (intent->kind == INTENT_CANCEL) counter_add(risk->counters, RISK_COUNT_CANCELS, 1);
    } else {
        refuse(risk, intent, source, verdict, now_ns);
    }
    counter_add(risk->counters, (uint32_t)verdict, 1);
    histogram_record(risk->latency, end_ns - start_ns);
}

static int judge_intents(struct risk_stage *risk, uint32_t source, uint64_t now_ns) {
    int count = 0;
    const struct order_intent *intent;
    while (count < INTENT_BATCH_MAX && (intent = ring_peek(&risk->intent[source]))) {
        if (!ring_space(&risk->verdict, 1)) { /* a refusal could not be told: the intent waits */
            counter_add(risk->counters, RISK_COUNT_BACKPRESSURE, 1);
            break;
        }
        judge_next(risk, intent, source, now_ns);
        ring_release(&risk->intent[source]);
        count++;
    }
    if (count) counter_add(risk->counters, RISK_COUNT_INTENTS, (uint64_t)count);
    return count;
}

int risk_stage_poll(struct stage *stage, uint64_t now_ns) {
    struct risk_stage *risk = (struct risk_stage *)stage;
    int reports = 0, updates = 0, intents = 0, behind = 0;
    for (uint32_t venue = 0; venue < risk->venue_count; venue++) {
        int reported = drain_reports(risk, &risk->report[venue]);
        int updated = drain_market(risk, &risk->market[venue]);
        behind |= reported == REPORT_BATCH_MAX || updated == MARKET_BATCH_MAX;
        reports += reported;
        updates += updated;
    }
    refresh_limits(risk);
    for (uint32_t source = 0; source < SOURCE_COUNT && !behind; source++)
        intents += judge_intents(risk, source, now_ns);
    if (reports || intents) publish_gauges(risk);
    if (!reports && !updates && !intents) publish_exposure(risk); /* so that no order waits for it */
    return reports + updates + intents;
}

void risk_stage_housekeep(struct stage *stage, uint64_t now_ns) {
    (void)now_ns;
    publish_gauges((struct risk_stage *)stage);
    publish_exposure((struct risk_stage *)stage);
}
