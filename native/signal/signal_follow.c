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

/* is_own: what we have not heard of is ours when it was sent for no parent order, or when the venue's record
 * brings it back: the router's children there are looked after by nobody else. */
static int is_own(const struct execution_report *report) {
    if (report->kind == REPORT_SENT) return report->match_number == 0;
    return (report->flags & (REPORT_REPLAYED | REPORT_UNKNOWN_ORDER)) != 0;
}

static void order_add(struct signal_rule *rule, struct signal_instrument *instrument,
                      const struct execution_report *report) {
    if (instrument->order_count == SIGNAL_ORDER_COUNT_MAX) {
        instrument->crowded |= (uint8_t)(1U << report->venue);
        return;
    }
    instrument->orders[instrument->order_count++] = (struct signal_order){.order_id = report->order_id};
    signal_make_due(rule, (uint32_t)(instrument - rule->instruments));
}

/* order_is keeps what the report says of an order; the first word on an unknown one answers a pending NEW. */
static void order_is(struct signal_rule *rule, struct signal_instrument *instrument,
                     const struct execution_report *report, int own) {
    struct signal_order *order = order_find(instrument, report->order_id);
    if (!order && !own) return;
    if (!order && instrument->pending == INTENT_NEW) answered(rule, instrument);
    if (report->leaves == 0) {
        order_end(rule, instrument, report->order_id);
        return;
    }
    if (!order) order_add(rule, instrument, report);
    order = order_find(instrument, report->order_id);
    if (!order) return;
    order->leaves = report->leaves;
    order->side = report->side;
    order->time_in_force = report->time_in_force;
    if (report->kind == REPORT_EXECUTED)
        order->executed += report->quantity;
    else if (report->kind != REPORT_CANCELED)
        order->price = report->price;
}

static void position_move(struct signal_instrument *instrument, uint32_t venue, uint32_t side,
                          uint32_t quantity) {
    int64_t change = side == SIDE_BUY ? (int64_t)quantity : -(int64_t)quantity;
    instrument->position += change;
    instrument->position_at[venue] += change;
}

static void on_executed(struct signal_rule *rule, struct signal_instrument *instrument,
                        const struct execution_report *report) {
    const struct fill fill = {.order_id = report->order_id,
                              .match_number = report->match_number,
                              .price = report->price,
                              .quantity = report->quantity,
                              .instrument = report->instrument,
                              .side = report->side,
                              .venue = report->venue};
    position_move(instrument, report->venue, report->side, report->quantity);
    fill_log_add(&rule->fills, &fill);
    order_is(rule, instrument, report, is_own(report));
}

/* on_replaced: what the original executed counts against the quantity of any further replace. */
static void on_replaced(struct signal_rule *rule, struct signal_instrument *instrument,
                        const struct execution_report *report) {
    const struct signal_order *original = order_find(instrument, report->target_order_id);
    uint32_t executed = original ? original->executed : 0;
    int own = original || is_own(report);
    order_end(rule, instrument, report->target_order_id);
    order_is(rule, instrument, report, own);
    struct signal_order *order = order_find(instrument, report->order_id);
    if (order) order->executed += executed;
}

static void on_broken(struct signal_rule *rule, const struct execution_report *report) {
    struct fill *fill = fill_log_find(&rule->fills, report->order_id, report->match_number);
    if (!fill) {
        rule->untrusted |= 1U << report->venue;
        return;
    }
    position_move(&rule->instruments[fill->instrument], fill->venue, 1U - fill->side, fill->quantity);
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
    } else if (report->match_number == 0 && (replaces || instrument->pending == INTENT_NEW)) {
        answered(rule, instrument);
    }
}

static void on_order(struct signal_rule *rule, struct signal_instrument *instrument,
                     const struct execution_report *report) {
    switch (report->kind) {
    case REPORT_SENT: /* of a replace or cancel it changes nothing yet */
        if (report->target_order_id == 0) order_is(rule, instrument, report, is_own(report));
        break;
    case REPORT_ACCEPTED:
    case REPORT_RESTATED: order_is(rule, instrument, report, is_own(report)); break;
    case REPORT_REPLACED: on_replaced(rule, instrument, report); break;
    case REPORT_EXECUTED: on_executed(rule, instrument, report); break;
    case REPORT_CANCELED:
        order_is(rule, instrument, report, is_own(report));
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

/* drop_orders forgets the orders of one venue. */
static void drop_orders(struct signal_instrument *instrument, uint32_t venue) {
    uint8_t kept = 0;
    for (uint32_t i = 0; i < instrument->order_count; i++)
        if (signal_venue_of(instrument->orders[i].order_id) != venue)
            instrument->orders[kept++] = instrument->orders[i];
    instrument->order_count = kept;
}

/* unanswered: no answer to what was asked of that venue will come.  A parent order is answered by the router.
 */
static void unanswered(struct signal_rule *rule, uint32_t venue) {
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        struct signal_instrument *instrument = &rule->instruments[i];
        if (instrument->pending_venue == venue && instrument->pending != PENDING_PARENT)
            instrument->pending = 0;
    }
}

static void reset(struct signal_rule *rule, uint32_t venue) {
    unanswered(rule, venue);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        struct signal_instrument *instrument = &rule->instruments[i];
        instrument->position -= instrument->position_at[venue];
        instrument->position_at[venue] = 0;
        instrument->crowded &= (uint8_t)~(1U << venue);
        instrument->cancel_refused = 0;
        drop_orders(instrument, venue);
    }
    rule->untrusted &= ~(1U << venue);
    fill_log_forget(&rule->fills, venue);
}

static int is_foreign(const struct signal_rule *rule, const struct execution_report *report) {
    return report->strategy != 0 && report->strategy != rule->parameters.strategy;
}

void signal_rule_report(struct signal_rule *rule, const struct execution_report *report) {
    uint32_t venue = report->venue;
    if (venue >= rule->venue_count || !report_follow_next(&rule->follow[venue], report)) return;
    switch (report->kind) {
    case REPORT_RESET: reset(rule, venue); return;
    case REPORT_LIVE: signal_rule_review(rule); return;
    case REPORT_DOWN: unanswered(rule, venue); return;
    default: break;
    }
    if (is_foreign(rule, report)) return;
    if (report->kind == REPORT_BROKEN) {
        on_broken(rule, report);
        return;
    }
    if (report->side > SIDE_SELL && report->kind == REPORT_EXECUTED) rule->untrusted |= 1U << venue;
    if (report->instrument >= INSTRUMENT_COUNT_MAX || report->side > SIDE_SELL) return;
    on_order(rule, &rule->instruments[report->instrument], report);
}

void signal_rule_refusal(struct signal_rule *rule, const struct risk_refusal *refusal) {
    if (refusal->instrument >= INSTRUMENT_COUNT_MAX || refusal->source != SOURCE_SIGNAL) return;
    struct signal_instrument *instrument = &rule->instruments[refusal->instrument];
    if (instrument->pending != refusal->kind || instrument->pending_tick != refusal->tick ||
        instrument->pending_target != refusal->target_order_id)
        return;
    instrument->cancel_refused |= refusal->kind == INTENT_CANCEL;
    answered(rule, instrument);
}

void signal_rule_parent_report(struct signal_rule *rule, const struct parent_report *report) {
    if (report->parent_id && (report->state == PARENT_WORKING || report->instrument >= INSTRUMENT_COUNT_MAX))
        return;
    uint32_t first = report->parent_id ? report->instrument : 0;
    uint32_t end = report->parent_id ? first + 1 : INSTRUMENT_COUNT_MAX;
    for (uint32_t i = first; i < end; i++) {
        struct signal_instrument *instrument = &rule->instruments[i];
        int asked = instrument->pending == PENDING_PARENT;
        int named = report->parent_id ? instrument->pending_target == report->parent_id
                                      : instrument->pending_number < report->tick;
        if (asked && named) answered(rule, instrument);
    }
}

void signal_rule_review(struct signal_rule *rule) {
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        rule->instruments[i].cancel_refused = 0;
        if (rule->instruments[i].order_count) signal_make_due(rule, i);
    }
}

/* unlearn forgets what was followed for another strategy. */
static int unlearn(struct signal_rule *rule) {
    int known = 0;
    for (uint32_t venue = 0; venue < rule->venue_count; venue++) {
        known |= rule->follow[venue].state != FOLLOW_UNKNOWN;
        rule->follow[venue].state = FOLLOW_UNKNOWN;
        reset(rule, venue);
    }
    return known;
}

int signal_rule_parameters(struct signal_rule *rule, const struct signal_parameters *parameters) {
    int another_strategy = parameters->strategy != rule->parameters.strategy;
    int another_venue = parameters->venue != rule->parameters.venue;
    rule->parameters = *parameters;
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX && another_venue; i++) rule->instruments[i].seen = 0;
    int unknown = another_strategy ? unlearn(rule) : 0;
    signal_rule_review(rule);
    return unknown;
}

int64_t signal_rule_position(const struct signal_rule *rule, uint32_t instrument) {
    return instrument < INSTRUMENT_COUNT_MAX ? rule->instruments[instrument].position : 0;
}
