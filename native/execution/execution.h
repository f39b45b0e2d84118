/* execution: the stage's state, shared by its parts.  execution_hot.c sends (its only system call is send),
 * after execution_last_look.c has said that it may; execution_events.c turns what the venue says into
 * reports; execution_watch.c cancels what has become dangerous, execution_command.c what it is told to;
 * execution_stage.c polls and keeps house, execution_open.c opens; socket_io.c holds every other system call.
 */
#pragma once
#include "base/stage.h"
#include "clock/clock_inline.h"
#include "execution/order_encode.h"
#include "execution/order_table.h"
#include "execution/session.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"

#define EXECUTION_ORDER_BATCH                                                                                \
    16 /* orders, cancels of a sweep, or events of the venue handled in one duty cycle */
#define EXECUTION_EVENT_BATCH 64
#define EXECUTION_READ_BATCH  4
#define CYCLE_NS_MAX          1000000000 /* no duty cycle takes longer; a clock farther off is another one */
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
        struct order order; /* as it is sent: a replace with what it keeps of its target */
        uint32_t end;       /* of its packet in bytes */
    } packets[EXECUTION_ORDER_BATCH];
    uint8_t bytes[EXECUTION_ORDER_BATCH * (SOUP_HEADER_SIZE + OUCH_MESSAGE_MAX)];
};

struct execution_mass_cancel { /* the last one sent, until it is known what it left open */
    struct order_filter filter;
    uint64_t refusals; /* counted before it */
    uint64_t due_ns;   /* 0: none is followed */
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
    uint32_t torn;       /* what waits to be sent is the rest of an order */
    uint32_t next_user_ref;
    uint32_t user_ref_last; /* the last one that left, or that the venue has seen */
    uint64_t new_sent_ns;   /* when the last of anything new was handed to the kernel */
    uint64_t abandoned;   /* the supervisor's last heartbeat, once it has been silent for too long; else 0 */
    uint64_t silent;      /* the same of the venue */
    uint64_t swept_for;   /* the kill, abandoned or silent that open orders have been canceled for */
    uint64_t swept_kills; /* control.stops.kills likewise */
    uint64_t sweep_next_ns; /* orders still open then are canceled again */
    uint32_t sweep_due;     /* whatever has been done before: orders have come back with a replay */
    uint32_t sweeps_left;
    struct execution_mass_cancel mass_cancel;
    uint64_t resync_asked; /* control.resync_requests already acted on */
    uint64_t poll_ns;
    uint64_t poll_next_ns;
    struct session_counts session_counted; /* what has been added to the counters */
    struct order_table_counts table_counted;
    char firm_name[4];
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

/* execution_barred is the enum not_sent_reason why an order that may add risk must not leave now, 0 when it
 * may.  execution_killed fills in whose orders the kill words name: 1 when there are any. */
int execution_barred(const struct execution *execution, const struct order *order);
int execution_killed(const struct execution *execution, struct order_filter *filter);

/* execution_watch_danger, every duty cycle: a new kill has the orders it names canceled.  execution_watch,
 * every housekeeping: supervisor and venue gone silent, cancels that were not obeyed. */
void execution_watch_danger(struct execution *execution, uint64_t now_ns);
void execution_watch(struct execution *execution, uint64_t now_ns);

/* execution_commands obeys what waits on the command ring. */
void execution_commands(struct execution *execution, uint64_t now_ns);

/* execution_open_parts finds the blocks of the segment and makes the two pure parts. */
int execution_open_parts(struct execution *execution, struct segment *segment, char *message,
                         size_t message_size);

/* execution_events hands on what the venue has said, while the report ring has room.  Returns how many
 * events; *blocked says that there may be more. */
int execution_events(struct execution *execution, uint64_t now_ns, int *blocked);

/* execution_note_user_ref: the number is used up, for this life of the stage and the next. */
static inline void execution_note_user_ref(struct execution *execution, uint32_t user_ref) {
    if (user_ref <= execution->user_ref_last) return;
    execution->user_ref_last = user_ref;
    counter_set(execution->counters, EXECUTION_COUNT_USER_REF, user_ref);
}

static inline void execution_count(struct execution *execution, enum execution_counter counter) {
    counter_add(execution->counters, counter, 1);
}

/* execution_generation names the picture that LIVE completed last.  It is counted in the segment, so that an
 * order decided on in an earlier life of this stage is not mistaken for one of this. */
static inline uint8_t execution_generation(const struct execution *execution) {
    return (uint8_t)execution->counters->value[EXECUTION_COUNT_LIVES];
}

/* A connection that is about to be closed is no longer believed, nor told anything. */
static inline int execution_is_usable(const struct execution *execution) {
    return execution->trading && execution->session->state == SESSION_LIVE && !execution->session->close;
}

/* execution_now is this very moment, later than the duty cycle's time by what the cycle has taken so far: an
 * answer must not seem to come before the order it answers.  A simulated lane's time is not the clock's, and
 * is left as it is. */
static inline uint64_t execution_now(uint64_t now_ns) {
    uint64_t clock_ns = clock_now();
    return clock_ns - now_ns < CYCLE_NS_MAX ? clock_ns : now_ns;
}

/* execution_publish writes one report; the caller has made sure of its room. */
static inline void execution_publish(struct execution *execution, const struct execution_report *report) {
    struct execution_report *slot = ring_claim(&execution->reports);
    *slot = *report;
    if (report->kind != REPORT_SENT)
        slot->report_ns = execution_now(report->report_ns); /* SENT has its own */
    ring_publish(&execution->reports);
}
