/* risk_settle: what execution reports, market updates and the steward change in the gate. */
#include "risk/risk_gate.h"

static void forget(struct risk_gate *gate, struct gate_order *order) {
    gate->free[gate->free_count++] = id_map_take(&gate->map, order->order_id);
}

/* finish ends an order.  A replacement in waiting leaves its original as it was; an original takes its
 * replacement with it, because a venue ignores the replace of an order that is done. */
static void finish(struct risk_gate *gate, struct gate_order *order) {
    struct gate_order *peer = gate_peer(gate, order);
    if (order->flags & GATE_REPLACEMENT) {
        peer->peer = ID_MAP_NONE;
        gate_reserve(gate, peer);
        forget(gate, order);
        return;
    }
    if (peer) forget(gate, peer);
    order->peer = ID_MAP_NONE;
    order->open = 0;
    gate_reserve(gate, order);
    gate->open_orders--;
    gate->instruments[order->instrument].open_orders--;
    forget(gate, order);
}

/* promote makes a replacement in waiting an order of its own: the venue has replaced the original by it. */
static void promote(struct risk_gate *gate, struct gate_order *replacement) {
    struct gate_order *original = gate_peer(gate, replacement);
    replacement->executed = original->executed;
    original->peer = ID_MAP_NONE;
    finish(gate, original);
    replacement->peer = ID_MAP_NONE;
    replacement->flags = GATE_CONFIRMED;
    gate->open_orders++;
    gate->instruments[replacement->instrument].open_orders++;
    gate_reserve(gate, replacement);
}

/* adopt takes in a working order that this gate did not pass (the venue's record after a restart, or the
 * venue's word against ours); executed is what the orders it replaced have done.  Without room for it nothing
 * is known any more. */
static int adopt(struct risk_gate *gate, const struct execution_report *report, uint32_t executed) {
    if (report->leaves == 0) return ERROR_NOT_FOUND;
    if (report->side <= SIDE_SELL && report->instrument >= INSTRUMENT_COUNT_MAX)
        return ERROR_NOT_FOUND; /* not one of this box's */
    struct gate_order *order = NULL;
    if (report->side <= SIDE_SELL && report->order_id)
        order = gate_open(gate, report->order_id, report->instrument, report->side, GATE_CONFIRMED,
                          report->leaves);
    if (!order) {
        gate->untrusted = 1;
        return ERROR_NOT_FOUND;
    }
    order->executed = executed;
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
        gate_reserve(gate, order);
    else
        finish(gate, order);
    return 1;
}

static int settle_accepted(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->order_id);
    return order ? confirm(gate, order, report) : adopt(gate, report, 0);
}

static int settle_replaced(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->order_id);
    int result = order ? confirm(gate, order, report) : 0;
    struct gate_order *target = gate_find(gate, report->target_order_id);
    uint32_t executed = target ? target->executed : 0;
    if (target) finish(gate, target);
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
        gate_reserve(gate, order);
    else
        finish(gate, order);
}

static void move_position(struct risk_gate *gate, uint32_t instrument, uint32_t side, uint32_t quantity) {
    int64_t change = side == SIDE_BUY ? (int64_t)quantity : -(int64_t)quantity;
    gate->instruments[instrument].position += change;
}

static int settle_executed(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->order_id);
    struct fill fill = {.order_id = report->order_id,
                        .match_number = report->match_number,
                        .price = report->price,
                        .quantity = report->quantity,
                        .instrument = order ? order->instrument : report->instrument,
                        .side = order ? order->side : report->side};
    if (!order && report->side > SIDE_SELL) { /* somebody's fill, nobody knows of what */
        gate->untrusted = 1;
        return ERROR_NOT_FOUND;
    }
    if (fill.instrument >= INSTRUMENT_COUNT_MAX) return ERROR_NOT_FOUND; /* not one of this box's */
    move_position(gate, fill.instrument, fill.side, fill.quantity);
    fill_log_add(&gate->fills, &fill);
    if (!order) return adopt(gate, report, report->quantity);
    reduce(gate, order, report->quantity, report->quantity);
    return 1;
}

static int settle_canceled(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->order_id);
    if (!order) return adopt(gate, report, 0);
    reduce(gate, order, 0, report->quantity);
    return 1;
}

/* settle_restated: the venue may take shares off an order that it modifies; more than was open it cannot add.
 */
static int settle_restated(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->order_id);
    if (!order || report->leaves >= order->open) return 0;
    reduce(gate, order, 0, order->open - report->leaves);
    return 1;
}

/* settle_refused: REJECTED and NOT_SENT end what the venue has never confirmed.  A cancel that was not sent
 * names its target as its own identity and ends nothing. */
static int settle_refused(struct risk_gate *gate, const struct execution_report *report) {
    struct gate_order *order = gate_find(gate, report->order_id);
    if (!order) return ERROR_NOT_FOUND;
    if ((order->flags & GATE_CONFIRMED) || report->order_id == report->target_order_id) return 0;
    finish(gate, order);
    return 1;
}

static int settle_broken(struct risk_gate *gate, const struct execution_report *report) {
    struct fill *fill = fill_log_find(&gate->fills, report->order_id, report->match_number);
    if (fill) {
        move_position(gate, fill->instrument, 1U - fill->side, fill->quantity);
        fill->quantity = 0;
        return 1;
    }
    if (report->instrument < INSTRUMENT_COUNT_MAX)
        gate->instruments[report->instrument].untrusted = 1;
    else
        gate->untrusted = 1;
    return ERROR_NOT_FOUND;
}

static int reset(struct risk_gate *gate) {
    id_map_clear(&gate->map);
    gate_free_all(gate);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        struct gate_instrument *instrument = &gate->instruments[i];
        instrument->position = instrument->open[SIDE_BUY] = instrument->open[SIDE_SELL] = 0;
        instrument->open_orders = 0;
        instrument->untrusted = 0;
    }
    gate->open_orders = gate->untrusted = 0;
    gate->fills.count = 0;
    return 1;
}

/* live: a number this gate has given is not given again, even when the venue has not seen it: what becomes of
 * that order may still be on its way here. */
static int live(struct risk_gate *gate, const struct execution_report *report) {
    if (gate->next_user_ref < report->next_user_ref) gate->next_user_ref = report->next_user_ref;
    gate->generation = report->generation;
    return 1;
}

int risk_gate_report(struct risk_gate *gate, const struct execution_report *report) {
    if (!report_follow_next(&gate->follow, report)) return 0;
    switch (report->kind) {
    case REPORT_RESET: return reset(gate);
    case REPORT_LIVE: return live(gate, report);
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

static int64_t touch(int64_t price, uint32_t quantity) {
    return quantity && price > 0 && price <= RISK_PRICE_MAX ? price : 0;
}

void risk_gate_market(struct risk_gate *gate, const struct market_update *update) {
    if (update->instrument >= INSTRUMENT_COUNT_MAX) return;
    struct gate_instrument *instrument = &gate->instruments[update->instrument];
    instrument->bid = touch(update->bid_price[0], update->bid_quantity[0]);
    instrument->ask = touch(update->ask_price[0], update->ask_quantity[0]);
    instrument->stale = (update->flags & MARKET_STALE) != 0;
    instrument->trading_state = update->trading_state;
}

void risk_gate_limits(struct risk_gate *gate, const struct risk_limits *limits, uint64_t published_ns) {
    gate->limits = *limits;
    gate->limits_published_ns = published_ns;
}

void risk_gate_exposure(const struct risk_gate *gate, uint32_t instrument, struct risk_exposure *exposure) {
    *exposure = (struct risk_exposure){0};
    if (instrument >= INSTRUMENT_COUNT_MAX) return;
    const struct gate_instrument *of = &gate->instruments[instrument];
    exposure->position = of->position;
    exposure->open_buy = of->open[SIDE_BUY];
    exposure->open_sell = of->open[SIDE_SELL];
    exposure->open_orders = of->open_orders;
}

uint32_t risk_gate_open_orders(const struct risk_gate *gate) {
    return gate->open_orders;
}

uint32_t risk_gate_reconciled(const struct risk_gate *gate) {
    return gate->follow.state == FOLLOW_LIVE && !gate->untrusted;
}
