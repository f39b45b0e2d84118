/* risk_cell: exposure by scope and instrument, and what orders hold of it. */
#pragma once
#include "risk/risk_gate.h"

#define GATE_OWNER_SCOPES 3 /* an order counts for the firm, its account and its strategy */

static inline void gate_scopes_of(struct gate_owner owner, uint32_t scopes[GATE_OWNER_SCOPES]) {
    scopes[0] = RISK_SCOPE_FIRM;
    scopes[1] = RISK_SCOPE_ACCOUNT + (uint32_t)owner.account;
    scopes[2] = RISK_SCOPE_STRATEGY + (uint32_t)owner.strategy;
}

static inline struct gate_owner gate_owner_of(const struct gate_order *order) {
    return (struct gate_owner){.strategy = order->strategy, .account = order->account};
}

static inline int64_t gate_bounded(int64_t value, int64_t bound) {
    return value > bound ? bound : value < -bound ? -bound : value;
}

/* gate_settle_cell brings what the cell adds to its scope's sums up to date with its position, orders and
 * mark. */
static inline void gate_settle_cell(struct gate_scope *scope, struct gate_cell *cell, int64_t mark) {
    int64_t held = gate_bounded(cell->position, GATE_POSITION_MAX) * mark;
    int64_t net_long = gate_bounded(held + cell->value[SIDE_BUY], GATE_VALUE_MAX);
    int64_t net_short = gate_bounded(cell->value[SIDE_SELL] - held, GATE_VALUE_MAX);
    int64_t gross = gate_most(gate_size(net_long), gate_size(net_short));
    scope->gross += gross - cell->gross;
    scope->net[SIDE_BUY] += net_long - cell->net[SIDE_BUY];
    scope->net[SIDE_SELL] += net_short - cell->net[SIDE_SELL];
    cell->gross = gross;
    cell->net[SIDE_BUY] = net_long;
    cell->net[SIDE_SELL] = net_short;
}

/* gate_hold makes the order hold exactly what it and its replacement may still execute: of shares and of
 * value the larger each. */
static inline void gate_hold(struct risk_gate *gate, struct gate_order *order) {
    const struct gate_order *replacement = gate_peer(gate, order);
    uint32_t shares = order->open;
    int64_t value = gate_value(shares, order->price);
    if (replacement) {
        shares = replacement->open > shares ? replacement->open : shares;
        value = gate_most(value, gate_value(replacement->open, replacement->price));
    }
    int64_t more_shares = (int64_t)shares - (int64_t)order->reserved, more_value = value - order->value;
    int64_t mark = gate->instruments[order->instrument].mark;
    uint32_t scopes[GATE_OWNER_SCOPES];
    gate_scopes_of(gate_owner_of(order), scopes);
    for (uint32_t i = 0; i < GATE_OWNER_SCOPES; i++) {
        struct gate_cell *cell = &gate->cells[scopes[i]][order->instrument];
        cell->open[order->side] += more_shares;
        cell->value[order->side] += more_value;
        gate->scopes[scopes[i]].working += more_value;
        gate_settle_cell(&gate->scopes[scopes[i]], cell, mark);
        gate_touch(gate, scopes[i]);
    }
    gate_touch(gate, RISK_SCOPE_INSTRUMENT + (uint32_t)order->instrument);
    order->reserved = shares;
    order->value = value;
}

/* gate_count_open adds an order to the working ones, or, by -1, takes it off. */
static inline void gate_count_open(struct risk_gate *gate, const struct gate_order *order, uint32_t by) {
    gate->open_orders += by;
    gate->instruments[order->instrument].open_orders += by;
    gate->scopes[RISK_SCOPE_FIRM].open_orders += by;
    gate->scopes[RISK_SCOPE_ACCOUNT + (uint32_t)order->account].open_orders += by;
    gate->scopes[RISK_SCOPE_STRATEGY + (uint32_t)order->strategy].open_orders += by;
}

struct gate_move { /* shares that changed hands, or came back */
    uint32_t venue;
    uint32_t instrument;
    struct gate_owner owner;
    int64_t shares; /* bought; sold: negative */
    int64_t value;  /* of credit: undone: negative */
};

void gate_move_position(struct risk_gate *gate, const struct gate_move *move);
void gate_remark(struct risk_gate *gate, uint32_t instrument, int64_t mark);
/* gate_forget_positions takes back all that a venue's executions have moved. */
void gate_forget_positions(struct risk_gate *gate, uint32_t venue);
