/* signal_stage: one duty cycle: reports and refusals first, then all updates that are there, then one
 * decision an instrument.  A decision that finds no room in ring "intent" stays due, and is taken later on
 * the latest update. */
#include "signal/signal_stage.h"

#define REPORT_BATCH_MAX 64
#define MARKET_BATCH_MAX 64
#define REVIEW_NS        100000000 /* refused cancels are tried again this often */

static int drain_venue_reports(struct signal_stage *signal, struct ring_consumer *reports) {
    int count = 0;
    const struct execution_report *report;
    while (count < REPORT_BATCH_MAX && (report = ring_peek(reports))) {
        signal_rule_report(signal->rule, report);
        ring_release(reports);
        count++;
    }
    return count;
}

/* drain_reports sets *behind when it had to leave some of them. */
static int drain_reports(struct signal_stage *signal, int *behind) {
    int count = 0;
    for (uint32_t venue = 0; venue < signal->venue_count; venue++) {
        int taken = drain_venue_reports(signal, &signal->report[venue]);
        *behind |= taken == REPORT_BATCH_MAX;
        count += taken;
    }
    if (count) counter_add(signal->counters, SIGNAL_COUNT_REPORTS, (uint64_t)count);
    return count;
}

/* drain_parents takes the count parent reports that were there before the reports were read: what a parent
 * has executed is then part of the position by the time the parent counts as over. */
static int drain_parents(struct signal_stage *signal, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        signal_rule_parent_report(signal->rule, ring_peek(&signal->parent_report));
        ring_release(&signal->parent_report);
    }
    return (int)count;
}

static int drain_refusals(struct signal_stage *signal) {
    int count = 0;
    const struct risk_refusal *refusal;
    while (count < REPORT_BATCH_MAX && (refusal = ring_peek(&signal->verdict))) {
        signal_rule_refusal(signal->rule, refusal);
        ring_release(&signal->verdict);
        count++;
    }
    if (count) counter_add(signal->counters, SIGNAL_COUNT_REFUSALS, (uint64_t)count);
    return count;
}

static int drain_venue_market(struct signal_stage *signal, struct ring_consumer *market,
                              uint64_t *conflated) {
    int count = 0;
    const struct market_update *update;
    while (count < MARKET_BATCH_MAX && (update = ring_peek(market))) {
        *conflated += (uint64_t)signal_rule_update(signal->rule, update);
        ring_release(market);
        count++;
    }
    return count;
}

static int drain_market(struct signal_stage *signal) {
    int count = 0;
    uint64_t conflated = 0;
    for (uint32_t venue = 0; venue < signal->venue_count; venue++)
        count += drain_venue_market(signal, &signal->market[venue], &conflated);
    if (count) counter_add(signal->counters, SIGNAL_COUNT_UPDATES, (uint64_t)count);
    if (conflated) counter_add(signal->counters, SIGNAL_COUNT_CONFLATED, conflated);
    return count;
}

static void refresh_parameters(struct signal_stage *signal) {
    uint64_t version = control_load(&signal->parameters->version);
    if (version == signal->parameters_version || (version & 1)) return;
    if (parameters_read(signal->parameters, &signal->read, sizeof signal->read, &version) != 1) return;
    if (signal_rule_parameters(signal->rule, &signal->read))
        __atomic_fetch_add(&signal->control->resync_requests, 1, __ATOMIC_ACQ_REL);
    signal->parameters_version = version;
}

static void count_intent(struct signal_stage *signal, const struct order_intent *intent) {
    counter_add(signal->counters, SIGNAL_COUNT_INTENTS, 1);
    if (intent->kind == INTENT_CANCEL) counter_add(signal->counters, SIGNAL_COUNT_CANCELS, 1);
    if (intent->kind == INTENT_REPLACE) counter_add(signal->counters, SIGNAL_COUNT_REPLACES, 1);
}

static void hand_over(struct signal_stage *signal, struct parent_order *parent) {
    parent->signal_ns = clock_since(parent->rx_ns, clock_now());
    counter_add(signal->counters, SIGNAL_COUNT_PARENTS, 1);
    ring_publish(&signal->parent);
}

static int decide_next(struct signal_stage *signal, struct order_intent *intent,
                       struct parent_order *parent) {
    switch (signal_rule_decide(signal->rule, intent, parent)) {
    case SIGNAL_INTENT:
        intent->signal_ns = clock_since(intent->rx_ns, clock_now());
        count_intent(signal, intent);
        ring_publish(&signal->intent);
        return 1;
    case SIGNAL_PARENT: hand_over(signal, parent); return 1;
    case SIGNAL_STALE: counter_add(signal->counters, SIGNAL_COUNT_STALE, 1); return 0;
    case SIGNAL_UNRECONCILED: counter_add(signal->counters, SIGNAL_COUNT_UNRECONCILED, 1); return 0;
    case SIGNAL_NOTHING: return 0;
    }
    return 0;
}

static int decide_due(struct signal_stage *signal) {
    int intents = 0;
    while (signal_rule_due(signal->rule)) {
        struct order_intent *intent = ring_claim(&signal->intent);
        struct parent_order *parent = intent ? ring_claim(&signal->parent) : NULL;
        if (!parent) {
            counter_add(signal->counters, SIGNAL_COUNT_BACKPRESSURE, 1);
            break;
        }
        intents += decide_next(signal, intent, parent);
    }
    return intents;
}

int signal_stage_poll(struct stage *stage, uint64_t now_ns) {
    (void)now_ns; /* the rule's time is the tick's */
    struct signal_stage *signal = (struct signal_stage *)stage;
    int behind = 0;
    uint64_t parents = ring_waiting(&signal->parent_report);
    refresh_parameters(signal); /* before the reports: they say whose orders are ours */
    int work = drain_reports(signal, &behind);
    if (!behind) work += drain_parents(signal, parents);
    work += drain_refusals(signal);
    work += drain_market(signal);
    return work + decide_due(signal);
}

void signal_stage_housekeep(struct stage *stage, uint64_t now_ns) {
    struct signal_stage *signal = (struct signal_stage *)stage;
    if (now_ns - signal->reviewed_ns < REVIEW_NS) return;
    signal->reviewed_ns = now_ns;
    signal_rule_review(signal->rule);
}
