/* signal_follow: the rule's own orders and position, from reports and refusals. */
#include "signal/signal_rule.h"

static struct signal_order *order_find(struct signal_instrument *instrument, uint64_t order_id) {
    for (uint32_t i = 0; i < instrument->order_count; i++)
        if (instrument->orders[i].order_id == order_id) return &instrument->orders[i];
    return NULL;
}

static void answered(struct signal_rule *rule, struct signal_instrument *instrument) {
    instrument->pending = 0;
    signal_make_due(rule, (uint32_t)(instrument - rule->instruments));
}

/* order_end drops an order; whatever was asked about it has its answer. */
static void order_end(struct signal_rule *rule, struct signal_instrument *instrument, uint64_t order_id) {
    struct signal_order *order = order_find(instrument, order_id);
    if (!order) return;
    *order = instrument->orders[--instrument->order_count];
    if (instrument->pending != INTENT_NEW && instrument->pending_target == order_id) instrument->pending = 0;
    signal_make_due(rule, (uint32_t)(instrument - rule->instruments));
}

/* order_is keeps what the report says of an order; the first word on an unknown one answers a pending NEW. */
static void order_is(struct signal_rule *rule, struct signal_instrument *instrument,
                     const struct execution_report *report) {
    struct signal_order *order = order_find(instrument, report->order_id);
    if (!order && instrument->pending == INTENT_NEW) answered(rule, instrument);
    if (report->leaves == 0) {
        order_end(rule, instrument, report->order_id);
        return;
    }
    if (!order) {
        if (instrument->order_count == SIGNAL_ORDER_COUNT_MAX) {
            instrument->crowded = 1;
            return;
        }
        order = &instrument->orders[instrument->order_count++];
        *order = (struct signal_order){.order_id = report->order_id};
        signal_make_due(rule, (uint32_t)(instrument - rule->instruments));
    }
    order->leaves = report->leaves;
    order->side = report->side;
    order->time_in_force = report->time_in_force;
    if (report->kind == REPORT_EXECUTED)
        order->executed += report->quantity;
    else if (report->kind != REPORT_CANCELED)
        order->price = report->price;
}

static void position_move(struct signal_instrument *instrument, uint32_t side, uint32_t quantity) {
    instrument->position += side == SIDE_BUY ? (int64_t)quantity : -(int64_t)quantity;
}

static void on_executed(struct signal_rule *rule, struct signal_instrument *instrument,
                        const struct execution_report *report) {
    const struct fill fill = {.order_id = report->order_id,
                              .match_number = report->match_number,
                              .price = report->price,
                              .quantity = report->quantity,
                              .instrument = report->instrument,
                              .side = report->side};
    position_move(instrument, report->side, report->quantity);
    fill_log_add(&rule->fills, &fill);
    order_is(rule, instrument, report);
}

/* on_replaced: what the original executed counts against the quantity of any further replace. */
static void on_replaced(struct signal_rule *rule, struct signal_instrument *instrument,
                        const struct execution_report *report) {
    const struct signal_order *original = order_find(instrument, report->target_order_id);
    uint32_t executed = original ? original->executed : 0;
    order_end(rule, instrument, report->target_order_id);
    order_is(rule, instrument, report);
    struct signal_order *order = order_find(instrument, report->order_id);
    if (order) order->executed += executed;
}

static void on_broken(struct signal_rule *rule, const struct execution_report *report) {
    struct fill *fill = fill_log_find(&rule->fills, report->order_id, report->match_number);
    if (!fill) {
        rule->untrusted = 1;
        return;
    }
    position_move(&rule->instruments[fill->instrument], 1U - fill->side, fill->quantity);
    fill->quantity = 0;
}

/* on_refused: REJECTED and NOT_SENT.  Of a cancel it is named by its target, of a replace the original stays.
 */
static void on_refused(struct signal_rule *rule, struct signal_instrument *instrument,
                       const struct execution_report *report) {
    if (report->order_id == report->target_order_id) {
        if (instrument->pending == INTENT_CANCEL && instrument->pending_target == report->order_id) {
            instrument->cancel_refused = 1;
            answered(rule, instrument);
        }
        return;
    }
    int replaces = instrument->pending == INTENT_REPLACE;
    if (order_find(instrument, report->order_id)) {
        order_end(rule, instrument, report->order_id);
    } else if (report
                   ->target_order_id) { /* perhaps the late settlement of a replace whose original is done */
        if (replaces && instrument->pending_target == report->target_order_id) answered(rule, instrument);
    } else if (replaces || instrument->pending == INTENT_NEW) {
        answered(rule, instrument);
    }
}

static void on_order(struct signal_rule *rule, struct signal_instrument *instrument,
                     const struct execution_report *report) {
    switch (report->kind) {
    case REPORT_SENT: /* of a replace or cancel it changes nothing yet */
        if (report->target_order_id == 0) order_is(rule, instrument, report);
        break;
    case REPORT_ACCEPTED:
    case REPORT_RESTATED: order_is(rule, instrument, report); break;
    case REPORT_REPLACED: on_replaced(rule, instrument, report); break;
    case REPORT_EXECUTED: on_executed(rule, instrument, report); break;
    case REPORT_CANCELED:
        order_is(rule, instrument, report);
        if (instrument->pending == INTENT_CANCEL && instrument->pending_target == report->order_id)
            answered(rule, instrument);
        break;
    case REPORT_REJECTED:
    case REPORT_NOT_SENT: on_refused(rule, instrument, report); break;
    case REPORT_CANCEL_REJECTED:
        if (instrument->pending != INTENT_CANCEL) break;
        instrument->cancel_refused = 1;
        answered(rule, instrument);
        break;
    default: break; /* cancel pending */
    }
}

static void reset(struct signal_rule *rule) {
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        struct signal_instrument *instrument = &rule->instruments[i];
        instrument->position = 0;
        instrument->pending = instrument->crowded = instrument->cancel_refused = instrument->order_count = 0;
    }
    rule->untrusted = 0;
    rule->fills.count = 0;
}

void signal_rule_report(struct signal_rule *rule, const struct execution_report *report) {
    if (!report_follow_next(&rule->follow, report)) return;
    switch (report->kind) {
    case REPORT_RESET: reset(rule); return;
    case REPORT_LIVE: signal_rule_review(rule); return;
    case REPORT_DOWN: /* no answer will come */
        for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) rule->instruments[i].pending = 0;
        return;
    case REPORT_BROKEN: on_broken(rule, report); return;
    default: break;
    }
    if (report->side > SIDE_SELL && report->kind == REPORT_EXECUTED) rule->untrusted = 1;
    if (report->instrument >= INSTRUMENT_COUNT_MAX || report->side > SIDE_SELL) return;
    on_order(rule, &rule->instruments[report->instrument], report);
}

void signal_rule_refusal(struct signal_rule *rule, const struct risk_refusal *refusal) {
    if (refusal->instrument >= INSTRUMENT_COUNT_MAX) return;
    struct signal_instrument *instrument = &rule->instruments[refusal->instrument];
    if (instrument->pending != refusal->kind || instrument->pending_tick != refusal->tick ||
        instrument->pending_target != refusal->target_order_id)
        return;
    instrument->cancel_refused |= refusal->kind == INTENT_CANCEL;
    answered(rule, instrument);
}

void signal_rule_review(struct signal_rule *rule) {
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        rule->instruments[i].cancel_refused = 0;
        if (rule->instruments[i].order_count) signal_make_due(rule, i);
    }
}

void signal_rule_parameters(struct signal_rule *rule, const struct signal_parameters *parameters) {
    rule->parameters = *parameters;
    signal_rule_review(rule);
}

int64_t signal_rule_position(const struct signal_rule *rule, uint32_t instrument) {
    return instrument < INSTRUMENT_COUNT_MAX ? rule->instruments[instrument].position : 0;
}
