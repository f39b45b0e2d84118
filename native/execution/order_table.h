/* order_table: the orders of one session.  Preallocated; an open-addressed table keyed by OUCH UserRefNum
 * (rising, so neighbours in time are neighbours in memory), the open orders on a list, a replace on the list
 * of its target. */
#pragma once
#include "tickwire/execution.h"

#define ENTRY_NONE UINT32_MAX

enum entry_flag {
    ENTRY_OURS = 1,     /* sent by this box in this life */
    ENTRY_ANSWERED = 2, /* the venue has accepted, replaced or rejected it */
    ENTRY_SETTLING = 4, /* known never to take effect: order_table_settle hands it out */
    ENTRY_QUEUED = 8,   /* linked into the settle queue */
};

struct order_entry { /* two cache lines */
    uint64_t order_id;
    uint64_t target_order_id;
    uint64_t tick;
    uint64_t rx_ns;
    uint64_t order_reference;
    int64_t price;
    int64_t sent_price; /* as sent: what a reset goes back to */
    uint32_t sent_quantity;
    uint32_t user_ref; /* 0: the slot was never used */
    uint32_t quantity;
    uint32_t leaves;
    uint32_t gone; /* shares executed or canceled */
    uint16_t instrument;
    uint8_t side;
    uint8_t time_in_force;
    uint8_t state; /* enum order_state; ORDER_NONE: only the key is held */
    uint8_t flags; /* enum entry_flag */
    uint8_t settle_reason;
    uint8_t reserved0;
    uint32_t open_previous; /* slots: the list of open orders */
    uint32_t open_next;
    uint32_t replace_first; /* replaces in flight that name this order */
    uint32_t replace_next;  /* a replace in flight: the next on its target's list */
    uint32_t settle_next;
    uint32_t reserved1[6];
};

struct order_table {
    struct order_entry *entries;
    uint32_t *used; /* slots in use, in the order they were taken */
    uint32_t mask;
    uint32_t count; /* slots in use */
    uint32_t count_max;
    uint32_t open_first;
    uint32_t open_last;
    uint32_t settle_first;
    uint32_t settle_last;
    uint32_t sweep; /* the next open order a running cancel sweep looks at; ENTRY_NONE: none runs */
    uint32_t sweep_last;
    uint32_t instrument_count;
    uint64_t epoch;    /* high half of the order ids given to adopted orders */
    uint64_t sequence; /* of the last message applied */
    struct order_table_counts counts;
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

/* order_table_find is the slot of an order the table holds, ENTRY_NONE otherwise.  order_table_claim makes
 * one: ENTRY_NONE when the table is full. */
uint32_t order_table_find(const struct order_table *table, uint32_t user_ref);
uint32_t order_table_claim(struct order_table *table, uint32_t user_ref);
/* order_table_open makes an order one of the open ones.  order_table_finish takes it from them (leaves 0),
 * off its target's list if it was a replace in flight, and settles the replaces in flight that name it. */
void order_table_open(struct order_table *table, uint32_t slot, enum order_state state);
void order_table_finish(struct order_table *table, uint32_t slot, enum order_state state);
/* order_table_detach takes a replace off its target's list: the venue has answered it. */
void order_table_detach(struct order_table *table, uint32_t slot);
/* order_table_describe fills a report with what is known of an order. */
void order_table_describe(const struct order_entry *entry, uint64_t now_ns, struct execution_report *report);

/* order_table_sweep_start begins to cancel every order open now; order_table_sweep_peek is the next of them
 * (NULL: done), order_table_sweep_advance moves past it. */
void order_table_sweep_start(struct order_table *table);
const struct order_entry *order_table_sweep_peek(const struct order_table *table);
void order_table_sweep_advance(struct order_table *table);

static inline uint32_t order_user_ref(uint64_t order_id) {
    return (uint32_t)order_id;
}

static inline int order_is_open(uint8_t state) {
    return state == ORDER_SENT || state == ORDER_LIVE;
}
