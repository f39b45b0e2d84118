/* risk_forget: how orders, and all that is known of a venue, leave the gate's memory. */
#include "risk/risk_settle.h"

static void forget(struct risk_gate *gate, struct gate_order *order) {
    gate_own_unlink(gate, order);
    gate->free[gate->free_count++] = id_map_take(&gate->map, order->order_id);
    order->order_id = 0;
}

/* gate_finish: a replacement in waiting leaves its original as it was; an original takes its replacement with
 * it, because a venue ignores the replace of an order that is done. */
void gate_finish(struct risk_gate *gate, struct gate_order *order) {
    struct gate_order *peer = gate_peer(gate, order);
    if (order->flags & GATE_REPLACEMENT) {
        peer->peer = ID_MAP_NONE;
        gate_hold(gate, peer);
        forget(gate, order);
        return;
    }
    if (peer) forget(gate, peer);
    order->peer = ID_MAP_NONE;
    order->open = 0;
    gate_hold(gate, order);
    gate_count_open(gate, order, (uint32_t)-1);
    forget(gate, order);
}

static void forget_orders(struct risk_gate *gate, uint32_t venue) {
    for (uint32_t i = 0; i < gate->order_count; i++) {
        struct gate_order *order = &gate->orders[i];
        if (order->order_id && order->venue == venue && !(order->flags & GATE_REPLACEMENT))
            gate_finish(gate, order);
    }
}

void gate_forget_venue(struct risk_gate *gate, uint32_t venue) {
    forget_orders(gate, venue);
    gate_forget_positions(gate, venue);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) gate->instruments[i].untrusted &= ~(1U << venue);
    gate->untrusted &= ~(1U << venue);
    gate->venues[venue].fills.count = 0;
}

void gate_free_all(struct risk_gate *gate) {
    gate->free_count = gate->order_count;
    for (uint32_t i = 0; i < gate->order_count; i++) gate->free[i] = gate->order_count - 1 - i;
}
