/* risk_table: what the gate counts against its limits, for people. */
#include "risk/risk_cell.h"

void risk_gate_exposure(const struct risk_gate *gate, uint32_t instrument, struct risk_exposure *exposure) {
    *exposure = (struct risk_exposure){0};
    if (instrument >= INSTRUMENT_COUNT_MAX) return;
    const struct gate_cell *firm = &gate->cells[RISK_SCOPE_FIRM][instrument];
    exposure->position = firm->position;
    exposure->open_buy = firm->open[SIDE_BUY];
    exposure->open_sell = firm->open[SIDE_SELL];
    exposure->open_orders = gate->instruments[instrument].open_orders;
}

static struct risk_scope_exposure instrument_of(const struct risk_gate *gate, uint32_t instrument) {
    const struct gate_cell *firm = &gate->cells[RISK_SCOPE_FIRM][instrument];
    return (struct risk_scope_exposure){.gross = firm->gross,
                                        .net_long = firm->net[SIDE_BUY],
                                        .net_short = firm->net[SIDE_SELL],
                                        .credit_used = firm->value[SIDE_BUY] + firm->value[SIDE_SELL],
                                        .position = firm->position,
                                        .open_orders = gate->instruments[instrument].open_orders};
}

static struct risk_scope_exposure sums_of(const struct risk_gate *gate, uint32_t scope) {
    const struct gate_scope *sums = &gate->scopes[scope];
    uint32_t strategy = scope - RISK_SCOPE_STRATEGY;
    return (struct risk_scope_exposure){
        .gross = sums->gross,
        .net_long = sums->net[SIDE_BUY],
        .net_short = sums->net[SIDE_SELL],
        .credit_used = sums->executed + sums->working,
        .open_orders = sums->open_orders,
        .throttled = scope >= RISK_SCOPE_STRATEGY ? gate->throttled >> strategy & 1 : 0};
}

void risk_gate_scope(const struct risk_gate *gate, uint32_t scope, struct risk_scope_exposure *exposure) {
    *exposure = (struct risk_scope_exposure){0};
    if (scope >= RISK_SCOPE_COUNT) return;
    *exposure = scope < RISK_SCOPE_INSTRUMENT ? sums_of(gate, scope)
                                              : instrument_of(gate, scope - RISK_SCOPE_INSTRUMENT);
    exposure->refusals = gate->refusals[scope];
}

uint32_t risk_gate_next_change(struct risk_gate *gate) {
    for (uint32_t i = 0; i < sizeof gate->dirty / sizeof gate->dirty[0]; i++) {
        if (gate->dirty[i] == 0) continue;
        uint32_t bit = (uint32_t)__builtin_ctzll(gate->dirty[i]);
        gate->dirty[i] &= gate->dirty[i] - 1;
        return i * 64 + bit;
    }
    return RISK_SCOPE_COUNT;
}

uint32_t risk_gate_open_orders(const struct risk_gate *gate) {
    return gate->open_orders;
}

uint32_t risk_gate_reconciled(const struct risk_gate *gate) {
    uint32_t live = 0;
    for (uint32_t venue = 0; venue < VENUE_COUNT_MAX; venue++)
        live |= (gate->venues[venue].follow.state == FOLLOW_LIVE ? 1U : 0U) << venue;
    return gate->permitted && !(gate->permitted & ~live) && !gate->untrusted;
}
