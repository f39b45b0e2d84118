/* risk_cell: positions and marks. */
#include "risk/risk_cell.h"

static void hold_bit(uint32_t *bits, uint32_t bit, int64_t position) {
    *bits = position ? *bits | UINT32_C(1) << bit : *bits & ~(UINT32_C(1) << bit);
}

/* note_holders remembers who is to be marked again when the mid moves. */
static void note_holders(struct risk_gate *gate, uint32_t instrument, struct gate_owner owner) {
    struct gate_instrument *of = &gate->instruments[instrument];
    const struct gate_cell *account = &gate->cells[RISK_SCOPE_ACCOUNT + (uint32_t)owner.account][instrument];
    const struct gate_cell *strategy =
        &gate->cells[RISK_SCOPE_STRATEGY + (uint32_t)owner.strategy][instrument];
    hold_bit(&of->accounts, owner.account, account->position);
    hold_bit(&of->strategies, owner.strategy, strategy->position);
}

/* count_credit: a scope's sum is that of its venues, to the last digit, so that one of them can be forgotten.
 */
static void count_credit(struct gate_venue *venue, struct gate_scope *of, uint32_t scope, int64_t value) {
    int64_t before = venue->executed[scope];
    venue->executed[scope] = gate_bounded(before + value, GATE_CREDIT_MAX);
    of->executed += venue->executed[scope] - before;
}

void gate_move_position(struct risk_gate *gate, const struct gate_move *move) {
    struct gate_instrument *instrument = &gate->instruments[move->instrument];
    struct gate_venue *venue = &gate->venues[move->venue];
    uint32_t scopes[GATE_OWNER_SCOPES];
    gate_scopes_of(move->owner, scopes);
    for (uint32_t i = 0; i < GATE_OWNER_SCOPES; i++) {
        struct gate_scope *scope = &gate->scopes[scopes[i]];
        struct gate_cell *cell = &gate->cells[scopes[i]][move->instrument];
        cell->position += move->shares;
        venue->position[scopes[i]][move->instrument] += move->shares;
        count_credit(venue, scope, scopes[i], move->value);
        if (gate_size(cell->position) > GATE_POSITION_MAX) instrument->untrusted |= 1U << move->venue;
        gate_settle_cell(scope, cell, instrument->mark);
        gate_touch(gate, scopes[i]);
    }
    gate_touch(gate, RISK_SCOPE_INSTRUMENT + move->instrument);
    note_holders(gate, move->instrument, move->owner);
}

static void remark_cell(struct risk_gate *gate, uint32_t scope, uint32_t instrument, int64_t mark) {
    gate_settle_cell(&gate->scopes[scope], &gate->cells[scope][instrument], mark);
    gate_touch(gate, scope);
}

/* gate_remark: open orders are valued at their own prices, so only holders of a position have to be looked
 * at. */
void gate_remark(struct risk_gate *gate, uint32_t instrument, int64_t mark) {
    struct gate_instrument *of = &gate->instruments[instrument];
    of->mark = mark;
    if (!(of->accounts | of->strategies)) return;
    remark_cell(gate, RISK_SCOPE_FIRM, instrument, mark);
    for (uint32_t bits = of->accounts; bits; bits &= bits - 1)
        remark_cell(gate, RISK_SCOPE_ACCOUNT + (uint32_t)__builtin_ctz(bits), instrument, mark);
    for (uint32_t bits = of->strategies; bits; bits &= bits - 1)
        remark_cell(gate, RISK_SCOPE_STRATEGY + (uint32_t)__builtin_ctz(bits), instrument, mark);
    gate_touch(gate, RISK_SCOPE_INSTRUMENT + instrument);
}

static void forget_cell(struct risk_gate *gate, uint32_t scope, uint32_t instrument, int64_t moved) {
    struct gate_instrument *of = &gate->instruments[instrument];
    struct gate_cell *cell = &gate->cells[scope][instrument];
    cell->position -= moved;
    gate_settle_cell(&gate->scopes[scope], cell, of->mark);
    if (scope >= RISK_SCOPE_STRATEGY)
        hold_bit(&of->strategies, scope - RISK_SCOPE_STRATEGY, cell->position);
    else if (scope >= RISK_SCOPE_ACCOUNT)
        hold_bit(&of->accounts, scope - RISK_SCOPE_ACCOUNT, cell->position);
    gate_touch(gate, RISK_SCOPE_INSTRUMENT + instrument);
}

void gate_forget_positions(struct risk_gate *gate, uint32_t venue) {
    struct gate_venue *of = &gate->venues[venue];
    for (uint32_t scope = 0; scope < GATE_SCOPE_COUNT; scope++) {
        for (uint32_t instrument = 0; instrument < INSTRUMENT_COUNT_MAX; instrument++) {
            int64_t moved = of->position[scope][instrument];
            of->position[scope][instrument] = 0;
            if (moved) forget_cell(gate, scope, instrument, moved);
        }
        gate->scopes[scope].executed -= of->executed[scope];
        of->executed[scope] = 0;
        gate_touch(gate, scope);
    }
}
