/* report_follow: what every consumer of ring "report" must do alike: know whether its picture is complete,
 * drop what it has already applied, and remember recent fills so that a broken trade can be undone. */
#pragma once
#include "ring/control_inline.h"
#include "ring/ring_wiring.h"
#include "tickwire/report.h"

enum follow_state {
    FOLLOW_UNKNOWN = 0, /* nothing is known: wait for a RESET */
    FOLLOW_REPLAYING = 1,
    FOLLOW_LIVE = 2,
    FOLLOW_DOWN = 3, /* the session is gone; what was known still stands but may have changed */
};

struct report_follow {
    uint64_t sequence; /* of the last venue message applied */
    uint64_t order_id; /* its order and kind: one message may cause several reports */
    uint32_t kind;
    uint32_t state; /* enum follow_state */
};

/* report_follow_start leaves unread what the rings "report.N" hold, which was for another life of the stage,
 * and then asks for a replay.  In this order: execution takes note of the requests just before it publishes
 * the RESET that answers them, so a RESET of which we knew nothing yet can be left unread only if it does not
 * answer us. */
static inline void report_follow_start(struct control *control, struct ring_consumer *reports,
                                       uint32_t venue_count) {
    for (uint32_t venue = 0; venue < venue_count; venue++) ring_skip(&reports[venue]);
    __atomic_fetch_add(&control->resync_requests, 1, __ATOMIC_ACQ_REL);
}

/* report_follow_next moves the state and returns 1 when the report must be applied, 0 when it must not: it
 * came before the first RESET, or the venue's sequence number shows that it was applied before. */
static inline int report_follow_next(struct report_follow *follow, const struct execution_report *report) {
    if (report->kind == REPORT_RESET) {
        *follow = (struct report_follow){.state = FOLLOW_REPLAYING};
        return 1;
    }
    if (follow->state == FOLLOW_UNKNOWN) return 0;
    if (report->kind == REPORT_LIVE) {
        follow->state = FOLLOW_LIVE;
        return 1;
    }
    if (report->kind == REPORT_DOWN) { /* half a replay is no picture: only another RESET helps */
        follow->state = follow->state == FOLLOW_REPLAYING ? FOLLOW_UNKNOWN : FOLLOW_DOWN;
        return 1;
    }
    if (report->sequence == 0) return 1; /* our own record, not the venue's */
    if (report->sequence < follow->sequence) return 0;
    if (report->sequence == follow->sequence && report->order_id == follow->order_id &&
        report->kind == follow->kind)
        return 0;
    follow->sequence = report->sequence;
    follow->order_id = report->order_id;
    follow->kind = report->kind;
    return 1;
}

/* report_follow_live says whether what all venues said is complete: a sum over some of them is no position.
 */
static inline int report_follow_live(const struct report_follow *follows, uint32_t venue_count) {
    for (uint32_t venue = 0; venue < venue_count; venue++)
        if (follows[venue].state != FOLLOW_LIVE) return 0;
    return 1;
}

#define FILL_COUNT_MAX 16384 /* recent fills that can still be broken; a power of two */

struct fill {
    uint64_t order_id;
    uint64_t match_number;
    int64_t price;
    uint32_t quantity; /* 0: no fill here, or undone */
    uint16_t instrument;
    uint8_t side;
    uint8_t venue;
};

struct fill_log {
    uint64_t count; /* ever added; the oldest is overwritten */
    struct fill fills[FILL_COUNT_MAX];
};

/* fill_log_next is where the next fill goes; it still holds the fill that is about to be forgotten. */
static inline struct fill *fill_log_next(struct fill_log *log) {
    return &log->fills[log->count & (FILL_COUNT_MAX - 1)];
}

static inline void fill_log_add(struct fill_log *log, const struct fill *fill) {
    *fill_log_next(log) = *fill;
    log->count++;
}

/* fill_log_forget drops the fills of one venue, whose replay will bring them again, and closes up what is
 * left, so that forgetting costs no memory of the others. */
static inline void fill_log_forget(struct fill_log *log, uint32_t venue) {
    uint64_t first = log->count < FILL_COUNT_MAX ? 0 : log->count - FILL_COUNT_MAX, kept = first;
    for (uint64_t at = first; at < log->count; at++) {
        const struct fill fill = log->fills[at & (FILL_COUNT_MAX - 1)];
        if (fill.venue != venue && fill.quantity) log->fills[kept++ & (FILL_COUNT_MAX - 1)] = fill;
    }
    for (uint64_t at = kept; at < log->count; at++) log->fills[at & (FILL_COUNT_MAX - 1)] = (struct fill){0};
    log->count = kept;
}

/* fill_log_find looks for a fill, newest first: breaks are rare, so a bounded scan beats an index to keep. */
static inline struct fill *fill_log_find(struct fill_log *log, uint64_t order_id, uint64_t match_number) {
    uint64_t held = log->count < FILL_COUNT_MAX ? log->count : FILL_COUNT_MAX;
    for (uint64_t age = 1; age <= held; age++) {
        struct fill *fill = &log->fills[(log->count - age) & (FILL_COUNT_MAX - 1)];
        if (fill->quantity && fill->match_number == match_number && fill->order_id == order_id) return fill;
    }
    return NULL;
}
