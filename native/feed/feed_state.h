/* feed_state: what a feed is made of, and feed_take, the hot half of feed_next.  Private to the feed and to
 * the stage that drives it. */
#pragma once
#include "codec/mold_inline.h"
#include "tickwire/feed.h"
#include <stdbool.h>

#define CELL_EMPTY UINT64_MAX /* no message has this sequence: its successor would not fit 64 bits */

struct feed_cell { /* one held message, at the place of its sequence in the window: one cache line */
    uint64_t sequence;
    uint16_t size;
    uint8_t data[FEED_HELD_SIZE_MAX];
};

struct feed_claim { /* how far one live line says the stream has got */
    uint64_t end;
    uint64_t heard_ns;
    uint32_t below; /* packets in a row that ended below it */
};

struct feed_piece { /* messages [first, end) that were asked for; first == end: unused */
    uint64_t first;
    uint64_t end;
    uint64_t asked_first; /* the last request: up to a message that was there already, or ask_size */
    uint64_t asked_end;
    uint64_t asked_ns; /* or when something of it last came */
    uint32_t attempts; /* since then */
};

struct feed {
    /* What every packet touches. */
    const uint8_t *cursor; /* the next message of the packet in hand */
    uint64_t left;         /* its messages not taken yet */
    uint64_t next;
    uint64_t held;
    char session_name[MOLD_SESSION_SIZE];
    bool ended;
    bool stale;
    uint64_t session; /* ordinal, 0: none */
    struct feed_claim claims[FEED_LIVE_LINE_COUNT];
    struct feed_stats stats;
    /* The window: cells of [next, next + config.hold_count), valid where their sequence says so.  Cells
     * outside are empty. */
    struct feed_cell *cells;
    uint64_t held_end; /* past the last held message; meaningless while none is held */
    /* The gap in front of next. */
    uint64_t hole;      /* what next was when the wait began */
    uint64_t hole_ns;   /* since when */
    bool waiting;       /* for the other line */
    bool requesting;    /* it did not help: until the gap is closed, ask */
    bool lossy;         /* something of this session was given up or never asked for */
    uint64_t ask_size;  /* what the server has shown to put into one answer, at most config.request_size */
    uint64_t asked_end; /* every hole below is covered by a piece */
    struct feed_piece pieces[FEED_PIECE_COUNT_MAX];
    struct feed_config config;
};

/* feed_in_session compares ten bytes in two pieces. */
static inline bool feed_in_session(const struct feed *feed, const char *session) {
    uint64_t head[2];
    uint16_t tail[2];
    memcpy(&head[0], session, sizeof head[0]);
    memcpy(&head[1], feed->session_name, sizeof head[1]);
    memcpy(&tail[0], session + sizeof head[0], sizeof tail[0]);
    memcpy(&tail[1], feed->session_name + sizeof head[0], sizeof tail[1]);
    return feed->session != 0 && head[0] == head[1] && tail[0] == tail[1];
}

static inline uint64_t feed_elapsed(uint64_t since_ns, uint64_t now_ns) {
    return now_ns > since_ns ? now_ns - since_ns : 0;
}

static inline struct feed_cell *feed_cell_of(const struct feed *feed, uint64_t sequence) {
    return &feed->cells[sequence & (feed->config.hold_count - 1)];
}

static inline bool feed_holds(const struct feed *feed, uint64_t sequence) {
    return feed->held != 0 && feed_cell_of(feed, sequence)->sequence == sequence;
}

/* feed_target: messages below it are known to exist. */
static inline uint64_t feed_target(const struct feed *feed) {
    uint64_t target = feed->next;
    if (feed->claims[FEED_LINE_A].end > target) target = feed->claims[FEED_LINE_A].end;
    if (feed->claims[FEED_LINE_B].end > target) target = feed->claims[FEED_LINE_B].end;
    if (feed->held != 0 && feed->held_end > target) target = feed->held_end;
    return target;
}

static inline enum feed_state feed_state(const struct feed *feed) {
    if (__builtin_expect(feed->session == 0, 0)) return FEED_UNKNOWN;
    if (__builtin_expect(feed->stale, 0)) return FEED_STALE;
    if (__builtin_expect(feed->next < feed_target(feed), 0)) return FEED_GAP;
    return __builtin_expect(feed->ended, 0) ? FEED_ENDED : FEED_LIVE;
}

/* feed_ready says whether feed_take will give a message. */
static inline bool feed_ready(const struct feed *feed) {
    return feed->left != 0 || feed_holds(feed, feed->next);
}

/* feed_take_held is feed_take once the packet in hand is used up. */
int feed_take_held(struct feed *feed, struct feed_message *message);

static inline int feed_take(struct feed *feed, struct feed_message *message) {
    if (feed->left == 0) return __builtin_expect(feed->held != 0, 0) ? feed_take_held(feed, message) : 0;
    uint32_t size = load_be16(feed->cursor); /* feed_push has walked the packet: lengths are good */
    message->data = feed->cursor + 2;
    message->size = size;
    message->sequence = feed->next++;
    feed->cursor += 2 + size;
    feed->left--;
    feed->stats.messages++;
    return 1;
}

/* feed_answer notes that the request server brought something new of messages [first, end). */
void feed_answer(struct feed *feed, uint64_t first, uint64_t end, uint64_t now_ns);
/* feed_forget_gap ends waiting and asking. */
void feed_forget_gap(struct feed *feed);
