/* risk_settle: what execution reports change in the gate. */
#include "risk/risk_settle.h"

static struct gate_owner owner_in(const struct execution_report *report) {
    return (struct gate_owner){.strategy =
                                   report->strategy < STRATEGY_COUNT_MAX ? (uint8_t)report->strategy : 0,
                               .account = report->account < ACCOUNT_COUNT_MAX ? report->account : 0};
}

static void distrust(struct risk_gate *gate, const struct execution_report *report, uint32_t instrument) {
    if (instrument < INSTRUMENT_COUNT_MAX)
        gate->instruments[instrument].untrusted |= 1U << report->venue;
    else
        gate->untrusted |= 1U << report->venue;
}

/* promote makes a replacement in waiting an order of its own: the venue has replaced the original by it. */
static void promote(struct risk_gate *gate, struct gate_order *replacement) {
    struct gate_order *original = gate_peer(gate, replacement);
    replacement->executed = original->executed;
    original->peer = ID_MAP_NONE;
    gate_finish(gate, original);
    replacement->peer = ID_MAP_NONE;
    replacement->flags = (uint8_t)((replacement->flags & GATE_RESTS) | GATE_CONFIRMED);
    gate_count_open(gate, replacement, 1);
    gate_hold(gate, replacement);
}

/* adopted_price: an order that says none is valued at the mark, which then must be known. */
static uint32_t adopted_price(struct risk_gate *gate, const struct execution_report *report) {
    if (gate_is_price(report->price) && report->kind != REPORT_EXECUTED) return (uint32_t)report->price;
    int64_t mark = gate->instruments[report->instrument].mark;
    if (mark == 0) distrust(gate, report, report->instrument);
    return (uint32_t)mark;
}

/* adopt takes in a working order that this gate did not pass (the venue's record after a restart, or the
 * venue's word against ours); executed is what the orders it replaced have done.  Without room for it nothing
 * is known any more. */
static int adopt(struct risk_gate *gate, const struct execution_report *report, uint32_t executed) {
    if (report->leaves == 0) return ERROR_NOT_FOUND;
    if (report->side <= SIDE_SELL && report->instrument >= INSTRUMENT_COUNT_MAX)
        return ERROR_NOT_FOUND; /* not one of this box's */
    struct gate_order *order = NULL;
    if (report->side <= SIDE_SELL && report->order_id && !gate_knows(gate, report->order_id)) {
        uint32_t price = adopted_price(gate, report);
        struct gate_owner owner = owner_in(report);
        int priced = report->order_type == ORDER_TYPE_LIMIT && price == report->price;
        const struct gate_order opened = {.order_id = report->order_id,
                                          .open = report->leaves,
                                          .executed = executed,
                                          .price = price,
                                          .reach = priced                     ? price
                                                   : report->side == SIDE_BUY ? UINT32_MAX
                                                                              : 1U,
                                          .instrument = report->instrument,
                                          .side = report->side,
                                          .flags = GATE_CONFIRMED |
                                                   (report->time_in_force == TIF_IOC ? 0 : GATE_RESTS),
                                          .venue = report->venue,
                                          .account = owner.account,
                                          .strategy = owner.strategy,
                                          .trader = report->trader};
        order = gate_open(gate, &opened, NULL);
    }
    if (!order) {
        gate->untrusted |= 1U << report->venue;
        return ERROR_NOT_FOUND;
    }
    if (order->value == GATE_ORDER_VALUE_MAX) distrust(gate, report, report->instrument);
    return report->flags & (REPORT_REPLAYED | REPORT_UNKNOWN_ORDER) ? 1 : ERROR_NOT_FOUND;
}

/* confirm settles the venue's first word on an order; an execution or cancel that overtook it said more. */
static int confirm(struct risk_gate *gate, struct gate_order *order, const struct execution_report *report) {
    if (order->flags & GATE_REPLACEMENT)
        promote(gate, order);
    else if (order->flags & GATE_CONFIRMED)
        return 0;
    order->flags |= GATE_CONFIRMED;
    order->open = report->leaves;
    if (order->open)
        gate_hold(gate, order);
    else
        gate_finish(gate, order);
    return 1;
}

static int settle_accepted(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->venue, report->order_id);
    return order ? confirm(gate, order, report) : adopt(gate, report, 0);
}

static int settle_replaced(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->venue, report->order_id);
    int result = order ? confirm(gate, order, report) : 0;
    struct gate_order *target = gate_find(gate, report->venue, report->target_order_id);
    uint32_t executed = target ? target->executed : 0;
    if (target) gate_finish(gate, target);
    return order ? result : adopt(gate, report, executed);
}

/* reduce takes shares off an order and, since a replace counts what was executed before it, off its
 * replacement. */
static void reduce(struct risk_gate *gate, struct gate_order *order, uint32_t executed, uint32_t quantity) {
    if (order->flags & GATE_REPLACEMENT) promote(gate, order);
    order->flags |= GATE_CONFIRMED;
    order->executed += executed;
    order->open -= quantity < order->open ? quantity : order->open;
    struct gate_order *replacement = gate_peer(gate, order);
    if (replacement) replacement->open -= executed < replacement->open ? executed : replacement->open;
    if (order->open)
        gate_hold(gate, order);
    else
        gate_finish(gate, order);
}

static struct gate_move move_of(const struct risk_gate *gate, uint32_t venue, const struct fill *fill) {
    const struct gate_venue *at = &gate->venues[venue];
    uint32_t owner = at->fill_owner[fill - at->fills.fills];
    return (struct gate_move){.venue = venue,
                              .instrument = fill->instrument,
                              .owner = {.strategy = (uint8_t)(owner >> 8), .account = (uint8_t)owner},
                              .shares =
                                  fill->side == SIDE_BUY ? (int64_t)fill->quantity : -(int64_t)fill->quantity,
                              .value = gate_value(fill->quantity, (uint64_t)fill->price)};
}

/* count_execution: so many executions of a strategy in so short a time, and a person has to look at it.  What
 * a replay tells happened at another time. */
static void count_execution(struct risk_gate *gate, uint32_t strategy,
                            const struct execution_report *report) {
    if ((report->flags & REPORT_REPLAYED) || strategy == 0) return;
    const struct risk_strategy_limits *limits = &gate->limits.strategies[strategy];
    struct gate_window *executions = &gate->executions[strategy];
    gate_window_add(executions, report->report_ns);
    if (limits->execution_count_max == 0) return; /* it may send nothing anyway */
    if (gate_window_allows(executions->ns, executions->count, RISK_WINDOW_COUNT_MAX, report->report_ns,
                           limits->execution_window_ns, limits->execution_count_max))
        return;
    gate->throttled |= 1U << strategy;
    gate_touch(gate, RISK_SCOPE_STRATEGY + strategy);
}

/* fill_price: what a fill cost, or as good a guess as there is when the report does not say. */
static int64_t fill_price(const struct risk_gate *gate, const struct gate_order *order,
                          const struct execution_report *report, uint32_t instrument) {
    if (gate_is_price(report->price)) return report->price;
    return order ? order->price : gate->instruments[instrument].mark;
}

static void apply_fill(struct risk_gate *gate, const struct execution_report *report, const struct fill *made,
                       struct gate_owner owner) {
    struct gate_venue *venue = &gate->venues[report->venue];
    struct fill *fill = fill_log_next(&venue->fills);
    fill_log_add(&venue->fills, made);
    venue->fill_owner[fill - venue->fills.fills] = (uint16_t)(owner.strategy << 8 | owner.account);
    if (gate->instruments[made->instrument].mark == 0) gate_remark(gate, made->instrument, made->price);
    struct gate_move move = move_of(gate, report->venue, fill);
    gate_move_position(gate, &move);
    if (move.value == GATE_ORDER_VALUE_MAX || made->price == 0) distrust(gate, report, made->instrument);
    count_execution(gate, owner.strategy, report);
}

static int settle_executed(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->venue, report->order_id);
    uint32_t instrument = order ? order->instrument : report->instrument;
    if (!order && report->side > SIDE_SELL) { /* somebody's fill, nobody knows of what */
        gate->untrusted |= 1U << report->venue;
        return ERROR_NOT_FOUND;
    }
    if (instrument >= INSTRUMENT_COUNT_MAX) return ERROR_NOT_FOUND; /* not one of this box's */
    const struct fill fill = {.order_id = report->order_id,
                              .match_number = report->match_number,
                              .price = fill_price(gate, order, report, instrument),
                              .quantity = report->quantity,
                              .instrument = (uint16_t)instrument,
                              .side = order ? order->side : report->side};
    apply_fill(gate, report, &fill, order ? gate_owner_of(order) : owner_in(report));
    if (!order) return adopt(gate, report, report->quantity);
    reduce(gate, order, report->quantity, report->quantity);
    return 1;
}

static int settle_canceled(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->venue, report->order_id);
    if (!order) return adopt(gate, report, 0);
    reduce(gate, order, 0, report->quantity);
    return 1;
}

/* settle_restated: the venue may take shares off an order that it modifies; more than was open it cannot add.
 */
static int settle_restated(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->venue, report->order_id);
    if (!order || report->leaves >= order->open) return 0;
    reduce(gate, order, 0, order->open - report->leaves);
    return 1;
}

/* settle_refused: REJECTED and NOT_SENT end what the venue has never confirmed.  A cancel that was not sent
 * names its target as its own identity and ends nothing. */
static int settle_refused(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->venue, report->order_id);
    if (!order) return ERROR_NOT_FOUND;
    if ((order->flags & GATE_CONFIRMED) || report->order_id == report->target_order_id) return 0;
    gate_finish(gate, order);
    return 1;
}

static int settle_broken(struct risk_gate *gate, const struct execution_report *report) {
    struct fill *fill =
        fill_log_find(&gate->venues[report->venue].fills, report->order_id, report->match_number);
    if (!fill) {
        distrust(gate, report, report->instrument);
        return ERROR_NOT_FOUND;
    }
    struct gate_move move = move_of(gate, report->venue, fill);
    move.shares = -move.shares;
    move.value = -move.value;
    gate_move_position(gate, &move);
    fill->quantity = 0;
    return 1;
}

/* live: a number this gate has given is not given again, even when the venue has not seen it: what becomes of
 * that order may still be on its way here. */
static int live(struct gate_venue *venue, const struct execution_report *report) {
    if (venue->next_user_ref < report->next_user_ref) venue->next_user_ref = report->next_user_ref;
    venue->generation = report->generation;
    return 1;
}

static int reset(struct risk_gate *gate, uint32_t venue) {
    gate_forget_venue(gate, venue);
    return 1;
}

static void note_known(struct risk_gate *gate, uint32_t venue) {
    uint32_t state = gate->venues[venue].follow.state;
    if (state == FOLLOW_LIVE || state == FOLLOW_DOWN)
        gate->known |= 1U << venue;
    else
        gate->known &= ~(1U << venue);
}

int risk_gate_report(struct risk_gate *gate, const struct execution_report *report) {
    if (report->venue >= VENUE_COUNT_MAX) return ERROR_NOT_FOUND;
    struct gate_venue *venue = &gate->venues[report->venue];
    if (!report_follow_next(&venue->follow, report)) return 0;
    note_known(gate, report->venue);
    switch (report->kind) {
    case REPORT_RESET: return reset(gate, report->venue);
    case REPORT_LIVE: return live(venue, report);
    case REPORT_DOWN: return 1;
    case REPORT_ACCEPTED: return settle_accepted(gate, report);
    case REPORT_REPLACED: return settle_replaced(gate, report);
    case REPORT_EXECUTED: return settle_executed(gate, report);
    case REPORT_CANCELED: return settle_canceled(gate, report);
    case REPORT_RESTATED: return settle_restated(gate, report);
    case REPORT_REJECTED:
    case REPORT_NOT_SENT: return settle_refused(gate, report);
    case REPORT_BROKEN: return settle_broken(gate, report);
    default: return 0; /* sent, cancel pending, cancel rejected: no exposure changes */
    }
}
