/* risk_own: where our own orders rest, so that a new one is not sent to meet them. */
#pragma once
#include "risk/risk_gate.h"

#define GATE_NO_BUY  (INT64_C(0))
#define GATE_NO_SELL (INT64_MAX)

static inline int64_t gate_farther(uint32_t side, int64_t a, int64_t b) {
    return side == SIDE_BUY ? gate_most(a, b) : gate_least(a, b);
}

static inline struct gate_own *gate_own_of(struct risk_gate *gate, const struct gate_order *order) {
    return &gate->own[order->instrument][order->venue];
}

static inline void gate_own_link(struct risk_gate *gate, struct gate_order *order) {
    if (!(order->flags & GATE_RESTS)) return;
    struct gate_own *own = gate_own_of(gate, order);
    uint32_t index = (uint32_t)(order - gate->orders), head = own->head[order->side];
    order->next = head;
    if (head != ID_MAP_NONE) gate->orders[head].previous = index;
    own->head[order->side] = index;
    own->best[order->side] = gate_farther(order->side, own->best[order->side], order->reach);
}

/* gate_own_unlink: when the farthest order goes, which one is the farthest now is only found out when it
 * matters. */
static inline void gate_own_unlink(struct risk_gate *gate, const struct gate_order *order) {
    if (!(order->flags & GATE_RESTS)) return;
    struct gate_own *own = gate_own_of(gate, order);
    if (order->previous == ID_MAP_NONE)
        own->head[order->side] = order->next;
    else
        gate->orders[order->previous].next = order->next;
    if (order->next != ID_MAP_NONE) gate->orders[order->next].previous = order->previous;
    if (own->best[order->side] == order->reach) own->stale |= 1U << order->side;
}

static inline void gate_own_repair(const struct risk_gate *gate, struct gate_own *own, uint32_t side) {
    int64_t best = side == SIDE_BUY ? GATE_NO_BUY : GATE_NO_SELL;
    for (uint32_t i = own->head[side]; i != ID_MAP_NONE; i = gate->orders[i].next)
        best = gate_farther(side, best, gate->orders[i].reach);
    own->best[side] = best;
    own->stale &= ~(1U << side);
}

static inline int gate_own_reached(const struct gate_own *own, uint32_t side, int64_t reach) {
    return side == SIDE_BUY ? reach >= own->best[SIDE_SELL] : reach <= own->best[SIDE_BUY];
}

/* gate_own_meets says whether an order of side that may trade as far as reach could meet one of ours.  What
 * is remembered of the farthest order never falls short, so only a yes has to be looked at more closely, and
 * only if that order has gone since. */
static inline int gate_own_meets(const struct risk_gate *gate, struct gate_own *own, uint32_t side,
                                 int64_t reach) {
    uint32_t other = 1U - side;
    if (__builtin_expect(!gate_own_reached(own, side, reach), 1)) return 0;
    if (!(own->stale >> other & 1)) return 1;
    gate_own_repair(gate, own, other);
    return gate_own_reached(own, side, reach);
}
