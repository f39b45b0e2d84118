/* judge_exposure: would the order, with all that is held and open, pass what a scope may have?  What does not
 * raise what is limited passes even above the limit. */
#pragma once
#include "risk/risk_judge.h"

static inline enum risk_verdict judge_position(const struct risk_gate *gate,
                                               const struct order_intent *intent,
                                               const struct judgement *judgement) {
    const struct gate_cell *firm = &gate->cells[RISK_SCOPE_FIRM][intent->instrument];
    int64_t held = intent->side == SIDE_BUY ? firm->position : -firm->position;
    if (judgement->added_shares > 0 &&
        held + firm->open[intent->side] + judgement->added_shares > judgement->limits->position_max)
        return RISK_POSITION;
    if (!(intent->flags & ORDER_REDUCE_ONLY)) return RISK_PASS;
    const struct gate_cell *own =
        &gate->cells[RISK_SCOPE_STRATEGY + (uint32_t)intent->strategy][intent->instrument];
    int64_t to_give = intent->side == SIDE_BUY ? -own->position : own->position;
    return own->open[intent->side] + judgement->added_shares > to_give ? RISK_NOT_REDUCING : RISK_PASS;
}

/* judge_gross_after is the cell's gross exposure with the order in it. */
static inline int64_t judge_gross_after(const struct gate_cell *cell, uint32_t side, int64_t added) {
    return gate_most(gate_size(cell->net[side] + added), gate_size(cell->net[1U - side]));
}

struct judge_excess {
    uint32_t gross;
    uint32_t net;
    uint32_t credit;
};

static inline struct judge_excess judge_scope(const struct risk_gate *gate, uint32_t scope,
                                              const struct order_intent *intent, int64_t added,
                                              const struct risk_scope_limits *limits) {
    const struct gate_scope *sums = &gate->scopes[scope];
    const struct gate_cell *cell = &gate->cells[scope][intent->instrument];
    int64_t raised = judge_gross_after(cell, intent->side, added) - cell->gross;
    return (struct judge_excess){.gross = (raised > 0) & (sums->gross + raised > limits->gross_max),
                                 .net = (added > 0) & (sums->net[intent->side] + added > limits->net_max),
                                 .credit = (added > 0) &
                                           (sums->executed + sums->working + added > limits->credit_max)};
}

static inline enum risk_verdict judge_exposure(const struct risk_gate *gate,
                                               const struct order_intent *intent,
                                               const struct judgement *judgement) {
    const struct risk_limits *limits = &gate->limits;
    const struct gate_cell *cell = &gate->cells[RISK_SCOPE_FIRM][intent->instrument];
    int64_t added = judgement->added_value, after = judge_gross_after(cell, intent->side, added);
    if (after > cell->gross && after > judgement->limits->exposure_max) return RISK_EXPOSURE_INSTRUMENT;
    struct judge_excess strategy = judge_scope(gate, RISK_SCOPE_STRATEGY + (uint32_t)intent->strategy, intent,
                                               added, &limits->strategies[intent->strategy].scope);
    if (strategy.gross) return RISK_GROSS_STRATEGY;
    if (strategy.net) return RISK_NET_STRATEGY;
    struct judge_excess account = judge_scope(gate, RISK_SCOPE_ACCOUNT + (uint32_t)intent->account, intent,
                                              added, &limits->accounts[intent->account]);
    if (account.gross) return RISK_GROSS_ACCOUNT;
    if (account.net) return RISK_NET_ACCOUNT;
    struct judge_excess firm = judge_scope(gate, RISK_SCOPE_FIRM, intent, added, &limits->firm);
    if (firm.gross) return RISK_GROSS_FIRM;
    if (firm.net) return RISK_NET_FIRM;
    if (account.credit) return RISK_CREDIT_ACCOUNT;
    return firm.credit ? RISK_CREDIT_FIRM : RISK_PASS;
}

/* judge_open_orders: a replace opens no order, but needs a place to be remembered in. */
static inline enum risk_verdict judge_open_orders(const struct risk_gate *gate,
                                                  const struct order_intent *intent,
                                                  const struct judgement *judgement) {
    const struct risk_limits *limits = &gate->limits;
    if (gate->free_count == 0) return RISK_OPEN_ORDERS;
    if (judgement->target) return RISK_PASS;
    const struct gate_scope *account = &gate->scopes[RISK_SCOPE_ACCOUNT + (uint32_t)intent->account];
    const struct gate_scope *strategy = &gate->scopes[RISK_SCOPE_STRATEGY + (uint32_t)intent->strategy];
    if (gate->instruments[intent->instrument].open_orders >= judgement->limits->open_orders_max ||
        strategy->open_orders >= limits->strategies[intent->strategy].scope.open_orders_max ||
        account->open_orders >= limits->accounts[intent->account].open_orders_max ||
        gate->open_orders >= limits->firm.open_orders_max)
        return RISK_OPEN_ORDERS;
    return RISK_PASS;
}
