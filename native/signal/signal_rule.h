/* signal_rule: what the rule's own files share. */
#pragma once
#include "report/report_follow.h"
#include "tickwire/signal.h"

#define PENDING_PARENT         4 /* the last pending besides enum intent_kind */
#define SIGNAL_ORDER_COUNT_MAX 4 /* the rule wants one; adopted ones beyond it are cancelled one by one */

struct signal_order {
    uint64_t order_id;
    int64_t price;
    uint32_t leaves;
    uint32_t executed; /* by it and the orders it replaced: decides between replace and cancel */
    uint8_t side;
    uint8_t time_in_force;
    uint8_t reserved[6];
};

struct signal_instrument {
    struct market_update last;
    int64_t position; /* of its strategy: the sum over venues */
    int64_t position_at[VENUE_COUNT_MAX];
    uint64_t intent_rx_ns;   /* tick time of the last intent */
    uint64_t pending_tick;   /* of the intent that awaits its answer, */
    uint64_t pending_target; /* and the order it is about, or the parent order it is */
    uint8_t pending;         /* its kind, or PENDING_PARENT; 0: none */
    uint8_t pending_venue;
    uint64_t pending_number; /* of the parent order: how many were handed over before it */
    uint8_t intent_sent;     /* intent_rx_ns means something */
    uint8_t seen;            /* last means something */
    uint8_t due;             /* queued for a decision */
    uint8_t fresh;           /* by an update, not only by a report: it may make a NEW or REPLACE */
    uint8_t cancel_refused;  /* do not try again before the next review */
    uint8_t crowded; /* a bit a venue: an order of it found no slot, act on nothing until its next RESET */
    uint8_t order_count;
    struct signal_order orders[SIGNAL_ORDER_COUNT_MAX];
};

struct signal_rule {
    struct report_follow follow[VENUE_COUNT_MAX];
    uint32_t venue_count;
    uint32_t untrusted;    /* a bit a venue: a fill or break could not be attributed, act on nothing until its
                              next RESET */
    uint64_t parent_count; /* records of ring "parent", those of earlier lives included */
    uint32_t due_head;
    uint32_t due_count;
    uint16_t due[INSTRUMENT_COUNT_MAX]; /* a queue; each instrument is in it once at most */
    struct signal_parameters parameters;
    struct signal_instrument instruments[INSTRUMENT_COUNT_MAX];
    struct fill_log fills;
};

static inline uint8_t signal_venue_of(uint64_t order_id) {
    return (uint8_t)(order_id >> ORDER_ID_VENUE_SHIFT);
}

static inline void signal_make_due(struct signal_rule *rule, uint32_t index) {
    struct signal_instrument *instrument = &rule->instruments[index];
    if (instrument->due) return;
    instrument->due = 1;
    rule->due[(rule->due_head + rule->due_count++) % INSTRUMENT_COUNT_MAX] = (uint16_t)index;
}
