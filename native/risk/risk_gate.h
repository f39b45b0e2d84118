/* risk_gate: what the gate's own files share. */
#pragma once
#include "base/id_map.h"
#include "report/report_follow.h"
#include "tickwire/risk.h"

enum gate_order_flag {
    GATE_REPLACEMENT = 1, /* its reservation is part of its peer's until the venue has replaced that one */
    GATE_CONFIRMED = 2, /* the venue has spoken of it: its own word about what is open counts from then on */
};

struct gate_order {
    uint64_t order_id;
    uint32_t peer;     /* index of the other half of a replace in flight; ID_MAP_NONE */
    uint32_t open;     /* shares that may still be executed */
    uint32_t reserved; /* what this order holds of its instrument's open exposure */
    uint32_t executed; /* shares, the orders it replaced included */
    uint16_t instrument;
    uint8_t side;
    uint8_t flags;
};

struct gate_instrument {
    int64_t position;
    int64_t open[2]; /* reserved shares by side */
    int64_t bid;     /* touch; 0: none */
    int64_t ask;
    uint32_t open_orders;
    uint8_t stale; /* also while no update was ever seen */
    uint8_t trading_state;
    uint8_t untrusted; /* its position is not known, until the next RESET */
    uint8_t reserved0;
    uint64_t reserved1[2]; /* one cache line an instrument */
};

struct risk_gate {
    struct report_follow follow;
    uint32_t next_user_ref;
    uint32_t open_orders;
    uint32_t untrusted; /* something happened that cannot be attributed to any instrument */
    uint32_t free_count;
    uint32_t order_count;         /* that there is memory for */
    uint32_t generation;          /* of the last LIVE */
    uint64_t limits_published_ns; /* 0: never */
    uint64_t message_count;
    struct id_map map;
    struct gate_order *orders;
    uint32_t *free; /* indices of orders not in use */
    struct risk_limits limits;
    struct gate_instrument instruments[INSTRUMENT_COUNT_MAX];
    uint64_t message_ns[RISK_MESSAGE_RATE_MAX]; /* when the last messages passed */
    struct fill_log fills;
};

static inline struct gate_order *gate_find(const struct risk_gate *gate, uint64_t order_id) {
    uint32_t index = id_map_find(&gate->map, order_id);
    return index == ID_MAP_NONE ? NULL : &gate->orders[index];
}

static inline struct gate_order *gate_peer(const struct risk_gate *gate, const struct gate_order *order) {
    return order->peer == ID_MAP_NONE ? NULL : &gate->orders[order->peer];
}

/* gate_reserve makes the order hold exactly what it and its replacement may still execute: the larger one. */
static inline void gate_reserve(struct risk_gate *gate, struct gate_order *order) {
    const struct gate_order *replacement = gate_peer(gate, order);
    uint32_t needed = replacement && replacement->open > order->open ? replacement->open : order->open;
    gate->instruments[order->instrument].open[order->side] += (int64_t)needed - (int64_t)order->reserved;
    order->reserved = needed;
}

/* gate_open takes a free order, which counts as open unless it is a replacement in waiting; NULL when all are
 * in use. */
static inline struct gate_order *gate_open(struct risk_gate *gate, uint64_t order_id, uint32_t instrument,
                                           uint8_t side, uint8_t flags, uint32_t open) {
    if (gate->free_count == 0) return NULL;
    uint32_t index = gate->free[gate->free_count - 1];
    if (id_map_put(&gate->map, order_id, index)) return NULL;
    gate->free_count--;
    struct gate_order *order = &gate->orders[index];
    *order = (struct gate_order){.order_id = order_id,
                                 .peer = ID_MAP_NONE,
                                 .open = open,
                                 .instrument = (uint16_t)instrument,
                                 .side = side,
                                 .flags = flags};
    if (flags & GATE_REPLACEMENT) return order;
    gate->open_orders++;
    gate->instruments[instrument].open_orders++;
    gate_reserve(gate, order);
    return order;
}

static inline void gate_free_all(struct risk_gate *gate) {
    gate->free_count = gate->order_count;
    for (uint32_t i = 0; i < gate->order_count; i++) gate->free[i] = gate->order_count - 1 - i;
}
