/* order_table: the orders of one session.  Preallocated; an open-addressed table keyed by OUCH UserRefNum
 * (rising, so neighbours in time are neighbours in memory), the open orders on a list, a replace on the list
 * of its target.  order_table.c holds slots, lists and our own side of an order's life, order_table_apply.c
 * what the venue says, order_sweep.c which orders wait to be canceled. */
#pragma once
#include "tickwire/execution.h"

#define ENTRY_NONE UINT32_MAX

enum entry_flag {
    ENTRY_OURS = 1,     /* sent by this box in this life */
    ENTRY_ANSWERED = 2, /* the venue has accepted, replaced or rejected it */
    ENTRY_SETTLING = 4, /* known never to take effect: order_table_settle hands it out */
    ENTRY_QUEUED = 8,   /* linked into the settle queue */
    ENTRY_MARKED = 16,  /* waits for its cancel to be sent */
    ENTRY_SPENT = 32,   /* no order: its UserRefNum went to a Mass Cancel */
};

struct order_terms { /* what an order asks for, as sent: what a reset goes back to */
    uint64_t tick;
    uint64_t rx_ns;
    int64_t price;
    uint32_t quantity;
    uint32_t display_quantity;
    uint32_t minimum_quantity;
    int32_t peg_offset;
    uint16_t instrument;
    uint8_t strategy;
    uint8_t account;
    uint8_t trader;
    uint8_t side;
    uint8_t time_in_force;
    uint8_t order_type;
    uint8_t display;
    uint8_t short_sale;
    uint8_t order_flags; /* enum order_flag */
    uint8_t reserved[5];
};

struct order_entry { /* two cache lines */
    uint64_t order_id;
    uint64_t target_order_id;
    uint64_t order_reference;
    int64_t price;     /* the venue's word */
    uint32_t user_ref; /* 0: the slot was never used */
    uint32_t quantity;
    uint32_t leaves;
    uint32_t gone; /* shares executed or canceled */
    uint8_t state; /* enum order_state; ORDER_NONE: only the key is held */
    uint8_t flags; /* enum entry_flag */
    uint8_t settle_reason;
    uint8_t reserved;
    uint32_t open_previous; /* slots: the list of open orders */
    uint32_t open_next;
    uint32_t replace_first; /* replaces in flight that name this order */
    uint32_t replace_next;  /* a replace in flight: the next on its target's list */
    uint32_t settle_next;
    struct order_terms terms;
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
    uint32_t sweep;        /* where the search for marked orders goes on; ENTRY_NONE: at the first open one */
    uint32_t marked_count; /* orders that wait for their cancel */
    uint32_t instrument_count;
    uint32_t venue;
    uint64_t epoch;    /* of the order ids given to adopted orders */
    uint64_t sequence; /* of the last message applied */
    struct order_table_counts counts;
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

/* order_table_find is the slot of an order the table holds, ENTRY_NONE otherwise.  order_table_claim makes
 * one: ENTRY_NONE when the table is full. */
uint32_t order_table_find(const struct order_table *table, uint32_t user_ref);
uint32_t order_table_claim(struct order_table *table, uint32_t user_ref);
/* order_table_open_entry is the open order of exactly that id (a stale id of another epoch or venue is none);
 * NULL when there is none. */
const struct order_entry *order_table_open_entry(const struct order_table *table, uint64_t order_id);
/* order_table_in_range: 1 when every field of a NEW or REPLACE is one that the table can hold. */
int order_table_in_range(const struct order_table *table, const struct order *order);
/* order_table_step is the one way an order's state changes: order_transition, then what follows from it.  An
 * order that opens goes on the list of open ones; one that ends leaves it (leaves 0), and its target's list
 * if it was a replace in flight, and the replaces in flight that name it are settled.  What is not legal is
 * counted.  Returns enum order_verdict. */
enum order_verdict order_table_step(struct order_table *table, uint32_t slot, enum order_event event);
/* order_table_detach takes a replace off its target's list: the venue has answered it. */
void order_table_detach(struct order_table *table, uint32_t slot);
/* order_table_describe fills a report with what is known of an order. */
void order_table_describe(const struct order_entry *entry, uint64_t now_ns, struct execution_report *report);
/* order_table_spend uses a UserRefNum up for something that is no order: 0, ERROR_DUPLICATE, ERROR_FULL. */
int order_table_spend(struct order_table *table, uint32_t user_ref);
uint64_t order_table_adopted_id(const struct order_table *table, uint32_t user_ref);

/* Which orders to cancel: those of any scope it names. */
struct order_filter {
    uint32_t all;
    uint32_t accounts; /* a bit each */
    uint32_t strategies;
    uint32_t user_ref_end; /* not 0: only orders with smaller ones */
    uint64_t instruments[INSTRUMENT_COUNT_MAX / 64];
};

/* order_table_mark has every open order that the filter matches wait for its cancel, and returns how many it
 * matches; order_table_mark_one does so for one order and returns 1, 0 when it is not open.  An order leaves
 * the waiting ones by itself when it ends.  order_table_take_marked hands one out (NULL: none waits), no
 * longer marked; order_table_mark_again puts one back whose cancel could not be sent. */
uint32_t order_table_mark(struct order_table *table, const struct order_filter *filter);
int order_table_mark_one(struct order_table *table, uint64_t order_id);
const struct order_entry *order_table_take_marked(struct order_table *table);
void order_table_mark_again(struct order_table *table, uint64_t order_id);

static inline uint32_t order_user_ref(uint64_t order_id) {
    return (uint32_t)order_id;
}

static inline int order_is_open(uint8_t state) {
    return state == ORDER_SENT || state == ORDER_LIVE;
}
