/* gap: waiting for the other line, then asking the request server, piece by piece. */
#include "feed/feed_state.h"

void feed_forget_gap(struct feed *feed) {
    if (feed->requesting) memset(feed->pieces, 0, sizeof feed->pieces);
    feed->waiting = false;
    feed->requesting = false;
    feed->asked_end = 0;
}

/* watch_silence marks the feed stale when both lines are silent, and drops the claim of one that is alone in
 * it: the other then knows better. */
static void watch_silence(struct feed *feed, uint64_t now_ns) {
    bool silent[FEED_LIVE_LINE_COUNT];
    for (int line = 0; line < FEED_LIVE_LINE_COUNT; line++)
        silent[line] = feed_elapsed(feed->claims[line].heard_ns, now_ns) > feed->config.stale_ns;
    if (silent[FEED_LINE_A] && silent[FEED_LINE_B]) {
        if (!feed->stale) feed->stats.stale++;
        feed->stale = true;
    } else if (silent[FEED_LINE_A] || silent[FEED_LINE_B]) {
        feed->claims[silent[FEED_LINE_A] ? FEED_LINE_A : FEED_LINE_B].end = 0;
    }
}

/* pause_of is how long a piece waits before it is asked for again: briefly once its answer has begun and then
 * stopped short, else longer every time. */
static uint64_t pause_of(const struct feed *feed, const struct feed_piece *piece) {
    if (piece->attempts == 0) return feed->config.request_retry_ns >> FEED_SHORT_PAUSE_SHIFT;
    uint32_t shift = piece->attempts - 1;
    return feed->config.request_retry_ns << (shift < FEED_BACKOFF_SHIFT_MAX ? shift : FEED_BACKOFF_SHIFT_MAX);
}

/* trim moves a piece's first past what has come meanwhile; false when nothing of it is missing any more. */
static bool trim(const struct feed *feed, struct feed_piece *piece) {
    if (piece->first < feed->next) piece->first = feed->next < piece->end ? feed->next : piece->end;
    while (piece->first < piece->end && feed_holds(feed, piece->first)) piece->first++;
    return piece->first < piece->end;
}

/* exhausted says how far the hole at next may be given up: past the piece that covers it, when that has been
 * asked for often enough; next when not. */
static uint64_t exhausted(struct feed *feed, uint64_t now_ns) {
    if (feed->config.request_size == 0) return feed->held_end;
    for (int i = 0; i < FEED_PIECE_COUNT_MAX; i++) {
        struct feed_piece *piece = &feed->pieces[i];
        if (!trim(feed, piece) || piece->first != feed->next) continue;
        bool over = piece->attempts >= feed->config.attempts_max &&
                    feed_elapsed(piece->asked_ns, now_ns) >= pause_of(feed, piece);
        return over ? piece->end : feed->next;
    }
    return feed->next;
}

/* give_up skips a hole that cannot be filled, but only towards a message that has come: a claim alone is no
 * reason. Says whether it did. */
static bool give_up(struct feed *feed, uint64_t now_ns) {
    if (feed->config.attempts_max == 0 || feed->held == 0) return false;
    uint64_t end = exhausted(feed, now_ns);
    uint64_t before = feed->next;
    while (feed->next < end && !feed_holds(feed, feed->next)) feed->next++;
    if (feed->next == before) return false;
    feed->stats.lost += feed->next - before;
    feed->lossy = true;
    return true;
}

/* wait_for_other_line says whether the gap has had its time, which begins anew whenever the gap is another.
 */
static bool wait_for_other_line(struct feed *feed, uint64_t now_ns) {
    if (!feed->waiting || feed->hole != feed->next) {
        feed->waiting = true;
        feed->hole = feed->next;
        feed->hole_ns = now_ns;
    }
    return feed_elapsed(feed->hole_ns, now_ns) >= feed->config.gap_wait_ns;
}

void feed_poll(struct feed *feed, uint64_t now_ns) {
    if (feed->session == 0) return;
    watch_silence(feed, now_ns);
    if (feed_ready(feed)) return; /* no gap: whoever takes the messages is behind */
    if (feed->next >= feed_target(feed)) {
        if (feed->waiting) feed_forget_gap(feed);
        return;
    }
    if (!feed->requesting) {
        if (!wait_for_other_line(feed, now_ns)) return;
        feed->requesting = true;
        feed->ask_size = feed->config.request_size;
        feed->stats.gaps++;
    }
    if (give_up(feed, now_ns) && feed->config.request_size == 0) feed_forget_gap(feed);
}

/* open_piece covers the first hole that no piece covers, as far as it could be held; false when there is
 * none. */
static bool open_piece(struct feed *feed, struct feed_piece *piece) {
    uint64_t limit = feed_target(feed);
    if (limit - feed->next > feed->config.hold_count) limit = feed->next + feed->config.hold_count;
    uint64_t at = feed->asked_end > feed->next ? feed->asked_end : feed->next;
    while (at < limit && feed_holds(feed, at)) at++;
    uint64_t first = at;
    while (at < limit && at - first < feed->config.request_size && !feed_holds(feed, at)) at++;
    feed->asked_end = at;
    *piece = (struct feed_piece){.first = first, .end = at};
    feed->stats.gap_messages += at - first;
    return first < at;
}

static bool due(const struct feed *feed, const struct feed_piece *piece, uint64_t now_ns) {
    if (piece->first >= piece->asked_end)
        return true; /* all that the last request was for has come, or it is the first */
    return feed_elapsed(piece->asked_ns, now_ns) >= pause_of(feed, piece);
}

/* learn lowers ask_size to what came of a request whose answer stopped short: many servers send one packet
 * for each request, and one asked for no more than that is followed up without a pause. */
static void learn(struct feed *feed, const struct feed_piece *piece) {
    bool short_answer =
        piece->attempts == 0 && piece->first > piece->asked_first && piece->first < piece->asked_end;
    if (!short_answer) return;
    uint64_t answered = piece->first - piece->asked_first;
    if (answered < feed->ask_size) feed->ask_size = answered;
}

/* ask makes a request of the first hole of a piece. */
static uint32_t ask(struct feed *feed, struct feed_piece *piece, uint64_t now_ns) {
    uint64_t end = piece->first + 1;
    while (end < piece->end && end - piece->first < feed->ask_size && !feed_holds(feed, end)) end++;
    piece->asked_first = piece->first;
    piece->asked_end = end;
    piece->asked_ns = now_ns;
    piece->attempts++;
    feed->stats.requests++;
    return (uint32_t)(end - piece->first);
}

int feed_request(struct feed *feed, uint64_t now_ns, uint64_t *first, uint32_t *count) {
    if (!feed->requesting || feed->config.request_size == 0) return 0;
    for (int i = 0; i < FEED_PIECE_COUNT_MAX; i++) {
        struct feed_piece *piece = &feed->pieces[i];
        if (!trim(feed, piece) && !open_piece(feed, piece)) continue;
        if (!due(feed, piece, now_ns)) continue;
        learn(feed, piece);
        *first = piece->first;
        *count = ask(feed, piece, now_ns);
        return 1;
    }
    return 0;
}

void feed_answer(struct feed *feed, uint64_t first, uint64_t end, uint64_t now_ns) {
    for (int i = 0; i < FEED_PIECE_COUNT_MAX; i++) {
        struct feed_piece *piece = &feed->pieces[i];
        if (piece->first >= end || piece->end <= first) continue;
        piece->attempts = 0;
        piece->asked_ns = now_ns;
    }
}
