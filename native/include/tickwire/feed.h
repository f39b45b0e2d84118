/* feed: one MoldUDP64 stream from two lines that carry the same messages, and from the request server: every
 * message once, in order.  A pure state machine: packets and the time go in, messages and requests come out;
 * it reads no clock, owns no socket and allocates nothing after feed_open.  One thread at a time.
 *
 * What comes too early is held in a window of hold_count messages.  A gap that the other line has not filled
 * after gap_wait_ns is asked for, in pieces, several at a time; a piece without an answer is asked for again
 * with growing pauses.  What is farther ahead than the window is dropped, counted, and asked for when the
 * window gets there: so a late start is nothing but a gap that begins at sequence 1.
 *
 * How far the stream has got is each line's claim: the highest sequence its packets showed.  A claim that the
 * line's next FEED_DOUBT_COUNT packets stay below is withdrawn, and so is that of a line gone silent while
 * the other lives: a forged sequence delays, it does not wedge.
 *
 * Another session is taken up only when the one in use has ended or has been silent for stale_ns; until then
 * its packets are counted as foreign and dropped, so that a stray sender cannot make us forget a session that
 * lives. */
#pragma once
#include "tickwire/codec_mold.h"

#define FEED_LINE_A            0
#define FEED_LINE_B            1
#define FEED_LINE_RECOVERY     2 /* answers of the request server */
#define FEED_LINE_COUNT        3
#define FEED_LIVE_LINE_COUNT   2
#define FEED_HELD_SIZE_MAX     54 /* longest message that can be held; the longest of ITCH 5.0 has 50 bytes */
#define FEED_HOLD_COUNT_MAX    4194304
#define FEED_PIECE_COUNT_MAX   32 /* requests under way at once */
#define FEED_DOUBT_COUNT       8
#define FEED_SHORT_PAUSE_SHIFT 3 /* an answer that stopped short is followed up after an eighth of it */
#define FEED_BACKOFF_SHIFT_MAX 6 /* the longest pause is request_retry_ns times 64 */

struct feed_config {
    uint64_t stale_ns;         /* silence of both lines that makes the feed stale */
    uint64_t gap_wait_ns;      /* how long the other line may take to fill a gap */
    uint64_t request_retry_ns; /* how long an answer may take */
    uint32_t hold_count;       /* window of messages held, a power of two; 64 bytes each */
    uint32_t request_size;     /* most messages in one request; 0: there is nobody to ask */
    uint32_t attempts_max;     /* unanswered requests for a piece before it is given up as lost; 0: never */
    uint32_t accept_partial;   /* begin at the first sequence seen, not at 1 */
};

enum feed_state {
    FEED_UNKNOWN = 0, /* no packet yet */
    FEED_LIVE = 1,    /* everything that is known to exist has been handed out */
    FEED_GAP = 2,     /* not so */
    FEED_STALE = 3,   /* both lines are silent */
    FEED_ENDED = 4,   /* complete, and the venue has closed the session */
};

struct feed_message {
    const uint8_t *data; /* valid until the next call of feed_push */
    uint32_t size;
    uint32_t reserved;
    uint64_t sequence;
};

struct feed_stats {
    uint64_t packets[FEED_LINE_COUNT];
    uint64_t bytes;
    uint64_t messages;     /* handed out */
    uint64_t malformed;    /* packets refused whole */
    uint64_t foreign;      /* packets of a session not in use */
    uint64_t duplicates;   /* messages that were there already */
    uint64_t reordered;    /* packets held, at least in part, until the ones before came */
    uint64_t overflow;     /* messages too far ahead or too long to hold */
    uint64_t gaps;         /* gaps that neither line filled in time */
    uint64_t gap_messages; /* messages in them asked for */
    uint64_t requests;
    uint64_t recovered; /* messages the request server brought first */
    uint64_t lost;      /* messages given up */
    uint64_t heartbeats;
    uint64_t sessions; /* changes of session */
    uint64_t ends;     /* end-of-session packets */
    uint64_t stale;    /* times the feed went stale */
};

struct feed_status {
    uint64_t next;     /* sequence of the next message to hand out */
    uint64_t target;   /* messages below it are known to exist */
    uint64_t held;     /* messages waiting for the ones before */
    uint64_t session;  /* ordinal of the session in use, 0: none */
    uint32_t state;    /* enum feed_state */
    uint32_t complete; /* 1: the session was handed out from its first message, nothing lost */
    char session_name[MOLD_SESSION_SIZE];
    char reserved[6];
};

struct feed;
/* feed_open takes the memory for config's window; ERROR_ARGUMENT, ERROR_SYSTEM.  The feed is the caller's to
 * feed_close. */
int feed_open(const struct feed_config *config, struct feed **feed);
void feed_close(struct feed *feed);

/* feed_push takes one packet.  Returns 1 when feed_next now has messages, 0 when it has none, ERROR_TRUNCATED
 * or ERROR_MALFORMED for a packet refused, ERROR_BUSY (nothing taken) while feed_next still has some of the
 * packet before, ERROR_ARGUMENT for a line that is none.  The messages point into payload: it must stay until
 * they have been taken.  feed_next gives the next message: 1, or 0 when there is none. */
int feed_push(struct feed *feed, uint32_t line, const uint8_t *payload, size_t size, uint64_t now_ns);
int feed_next(struct feed *feed, struct feed_message *message);

/* feed_poll lets time pass: silence, the age of gaps, giving up.  Call it every duty cycle, then feed_next
 * again (what was given up frees what was held behind it), then feed_request until it returns 0: each 1 is a
 * request to send for count messages from first on, of the session in feed_status.  It is taken as sent. */
void feed_poll(struct feed *feed, uint64_t now_ns);
int feed_request(struct feed *feed, uint64_t now_ns, uint64_t *first, uint32_t *count);

void feed_get_status(const struct feed *feed, struct feed_status *status);
void feed_get_stats(const struct feed *feed, struct feed_stats *stats);
