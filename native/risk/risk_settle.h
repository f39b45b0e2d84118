/* risk_settle: how orders begin and end in the gate's memory. */
#pragma once
#include "risk/risk_cell.h"
#include "risk/risk_own.h"

/* gate_open takes in an order as described, whose identifier is not in use, a replacement in waiting if
 * replaced is not NULL; NULL when there is no room for it. */
static inline struct gate_order *gate_open(struct risk_gate *gate, const struct gate_order *opened,
                                           struct gate_order *replaced) {
    if (gate->free_count == 0) return NULL;
    uint32_t index = gate->free[gate->free_count - 1];
    if (id_map_put(&gate->map, opened->order_id, index)) return NULL;
    gate->free_count--;
    struct gate_order *order = &gate->orders[index];
    *order = *opened;
    order->peer = order->next = order->previous = ID_MAP_NONE;
    gate_own_link(gate, order);
    if (replaced) {
        replaced->peer = index;
        order->peer = (uint32_t)(replaced - gate->orders);
        gate_hold(gate, replaced);
    } else {
        gate_count_open(gate, order, 1);
        gate_hold(gate, order);
    }
    return order;
}

/* gate_finish ends an order; with it goes its replacement in waiting, but not the other way round. */
void gate_finish(struct risk_gate *gate, struct gate_order *order);
/* gate_forget_venue forgets orders, positions and fills of one venue. */
void gate_forget_venue(struct risk_gate *gate, uint32_t venue);
void gate_free_all(struct risk_gate *gate);
