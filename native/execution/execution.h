/* execution: the stage's state, shared by its halves.  execution_hot.c sends (its only system call is send);
 * execution_events.c turns what the venue says into reports; execution_stage.c opens, polls and keeps house;
 * socket_io.c holds every other system call. */
#pragma once
#include "base/stage.h"
#include "execution/order_table.h"
#include "execution/session.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"
#include "tickwire/codec_ouch.h"

#define EXECUTION_ORDER_BATCH                                                                                \
    16 /* orders, cancels of a sweep, or events of the venue handled in one duty cycle */
#define EXECUTION_EVENT_BATCH 64
#define EXECUTION_READ_BATCH  4
#define EXECUTION_READ_SIZE   16384

struct execution_histograms {
    struct histogram *book; /* increments: from one stage to the next */
    struct histogram *signal;
    struct histogram *risk;
    struct histogram *execution;
    struct histogram *tick_to_order; /* from receive to just before send */
    struct histogram *transmit;      /* the send itself */
};

/* Whole packets for one send, and what each of them will be once it is on its way. */
struct execution_batch {
    uint32_t count;
    uint32_t size; /* of bytes */
    struct {
        struct execution_report report;
        uint32_t end;  /* of its packet in bytes */
        uint32_t kind; /* enum intent_kind */
    } packets[EXECUTION_ORDER_BATCH];
    uint8_t bytes[EXECUTION_ORDER_BATCH * (SOUP_HEADER_SIZE + OUCH_MESSAGE_MAX)];
};

struct execution {
    struct stage stage;
    struct ring_consumer orders;
    struct ring_producer reports;
    struct ring_producer sent; /* orders that left, for observers */
    struct ring_consumer commands;
    struct control *control;
    struct counters *counters;
    struct execution_histograms latency;
    struct session *session;
    struct order_table *table;
    int socket;          /* -1: none */
    uint32_t connecting; /* the kernel's connect is under way */
    uint32_t trading;    /* LIVE has been published and the session still is */
    uint32_t live_due;   /* LIVE waits for the lost orders to be settled */
    uint32_t reset_done; /* RESET has been published in this life */
    uint32_t blocked;    /* the kernel took less than it was given */
    uint32_t next_user_ref;
    uint64_t abandoned; /* the supervisor's last heartbeat, once it has been silent for too long; else 0 */
    uint64_t swept_for; /* the kill, or abandoned, that open orders have been canceled for */
    uint64_t sweep_next_ns; /* orders still open then are canceled again */
    uint32_t sweeps_left;
    uint64_t resync_asked; /* control.resync_requests already acted on */
    uint64_t poll_ns;
    uint64_t poll_next_ns;
    struct session_counts session_counted; /* what has been added to the counters */
    struct order_table_counts table_counted;
    uint8_t firm_option[8]; /* the Firm appendage, ready to copy */
    struct ouch_appendage firm;
    struct execution_config config;
    struct execution_batch batch; /* empty between duty cycles */
    uint8_t read[EXECUTION_READ_SIZE];
};

/* Hot half.  execution_hot_orders sends what the gate let through, execution_hot_sweep the cancels of a
 * running sweep; both return how many they dealt with.  execution_hot_flush gives the kernel what waits to be
 * sent; 1 when nothing waits any more.  None of them blocks; a report's room is made sure of before anything
 * leaves. */
int execution_hot_orders(struct execution *execution, uint64_t now_ns);
int execution_hot_sweep(struct execution *execution, uint64_t now_ns);
int execution_hot_flush(struct execution *execution, uint64_t now_ns);

/* execution_events hands on what the venue has said, while the report ring has room.  Returns how many
 * events; *blocked says that there may be more. */
int execution_events(struct execution *execution, uint64_t now_ns, int *blocked);

static inline void execution_count(struct execution *execution, enum execution_counter counter) {
    counter_add(execution->counters, counter, 1);
}

/* execution_generation names the picture that LIVE completed last.  It is counted in the segment, so that an
 * order decided on in an earlier life of this stage is not mistaken for one of this. */
static inline uint8_t execution_generation(const struct execution *execution) {
    return (uint8_t)execution->counters->value[EXECUTION_COUNT_LIVES];
}

/* execution_publish writes one report; the caller has made sure of its room. */
static inline void execution_publish(struct execution *execution, const struct execution_report *report) {
    struct execution_report *slot = ring_claim(&execution->reports);
    *slot = *report;
    ring_publish(&execution->reports);
}
