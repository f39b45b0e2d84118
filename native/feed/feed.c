/* feed: packets in, messages out, each once and in order.  Contracts: feed.h. */
#include "feed/feed_state.h"

static int refuse(struct feed *feed, int error) {
    feed->stats.malformed++;
    return error;
}

/* walk reads every length of a packet: only a packet that is good to its last byte is used. */
static bool walk(struct mold_iterator packet) {
    const uint8_t *message;
    uint32_t size;
    int result;
    do result = mold_next_inline(&packet, &message, &size);
    while (result > 0);
    return result == 0;
}

static void clear_window(struct feed *feed) {
    for (uint64_t sequence = feed->next; feed->held != 0; sequence++) {
        if (!feed_holds(feed, sequence)) continue;
        feed_cell_of(feed, sequence)->sequence = CELL_EMPTY;
        feed->held--;
    }
}

static void begin_session(struct feed *feed, const struct mold_header *header) {
    clear_window(feed);
    feed_forget_gap(feed);
    memset(feed->claims, 0, sizeof feed->claims);
    memcpy(feed->session_name, header->session, MOLD_SESSION_SIZE);
    if (feed->session++ != 0) feed->stats.sessions++;
    feed->next = feed->config.accept_partial ? header->sequence : 1;
    feed->lossy = feed->next > 1;
    feed->ended = false;
}

/* admit decides about a packet whose session is not the one in use. */
static bool admit(struct feed *feed, uint32_t line, const struct mold_iterator *packet,
                  const struct mold_header *header, uint64_t now_ns) {
    bool wanted = line < FEED_LIVE_LINE_COUNT;
    if (wanted && feed->session != 0 && !feed->ended)
        for (int i = 0; i < FEED_LIVE_LINE_COUNT; i++)
            wanted &= feed_elapsed(feed->claims[i].heard_ns, now_ns) >= feed->config.stale_ns;
    if (!wanted || !walk(*packet)) {
        feed->stats.foreign++;
        return false;
    }
    begin_session(feed, header);
    return true;
}

/* hear notes that a live line speaks and how far it says the stream has got. */
static void hear(struct feed *feed, uint32_t line, uint64_t end, uint64_t now_ns) {
    struct feed_claim *claim = &feed->claims[line];
    claim->heard_ns = now_ns;
    feed->stale = false;
    if (__builtin_expect(end < claim->end, 0) && ++claim->below < FEED_DOUBT_COUNT) return;
    claim->end = end;
    claim->below = 0;
}

/* drop_held empties the cells of [next, end), whose messages have come once more; returns how many there
 * were. */
static uint64_t drop_held(struct feed *feed, uint64_t end) {
    uint64_t dropped = 0;
    if (end > feed->held_end) end = feed->held_end;
    for (uint64_t sequence = feed->next; sequence < end && feed->held != 0; sequence++) {
        if (!feed_holds(feed, sequence)) continue;
        feed_cell_of(feed, sequence)->sequence = CELL_EMPTY;
        feed->held--;
        dropped++;
    }
    feed->stats.duplicates += dropped;
    return dropped;
}

/* deliver makes a packet that holds the next message the one in hand; returns how many messages are new. */
static uint64_t deliver(struct feed *feed, struct mold_iterator *packet) {
    const uint8_t *message;
    uint32_t size;
    while (packet->sequence < feed->next) {
        mold_next_inline(packet, &message, &size);
        feed->stats.duplicates++;
    }
    uint64_t had = feed->held != 0 ? drop_held(feed, packet->sequence + packet->left) : 0;
    feed->cursor = packet->next;
    feed->left = packet->left;
    feed->ended = false;
    return packet->left - had;
}

/* keep copies the messages of a packet that comes too early into the window; returns how many are new. */
static uint64_t keep(struct feed *feed, struct mold_iterator *packet) {
    const uint8_t *message;
    uint32_t size;
    uint64_t kept = 0;
    for (uint64_t sequence = packet->sequence; mold_next_inline(packet, &message, &size) > 0; sequence++) {
        struct feed_cell *cell = feed_cell_of(feed, sequence);
        if (sequence - feed->next >= feed->config.hold_count || size > FEED_HELD_SIZE_MAX) {
            feed->stats.overflow++;
        } else if (cell->sequence == sequence) {
            feed->stats.duplicates++;
        } else {
            cell->sequence = sequence;
            cell->size = (uint16_t)size;
            memcpy(cell->data, message, size);
            if (feed->held++ == 0 || sequence >= feed->held_end) feed->held_end = sequence + 1;
            kept++;
        }
    }
    if (kept != 0) feed->stats.reordered++;
    return kept;
}

static void control(struct feed *feed, uint32_t line, const struct mold_header *header) {
    if (header->count == MOLD_HEARTBEAT) {
        feed->stats.heartbeats++;
        return;
    }
    feed->stats.ends++;
    /* Only messages take it back: the lines are not in step, one may send heartbeats a little longer. */
    if (line < FEED_LIVE_LINE_COUNT && header->sequence >= feed->next) feed->ended = true;
}

int feed_push(struct feed *feed, uint32_t line, const uint8_t *payload, size_t size, uint64_t now_ns) {
    struct mold_iterator packet;
    struct mold_header header;
    if (__builtin_expect(line >= FEED_LINE_COUNT, 0)) return ERROR_ARGUMENT;
    if (__builtin_expect(feed->left != 0, 0)) return ERROR_BUSY;
    feed->stats.packets[line]++;
    feed->stats.bytes += size;
    int count = mold_open_inline(&packet, payload, size, &header);
    if (__builtin_expect(count < 0, 0)) return refuse(feed, count);
    uint64_t end = header.sequence + (uint64_t)count;
    if (__builtin_expect(end < header.sequence, 0)) return refuse(feed, ERROR_MALFORMED);
    if (__builtin_expect(!feed_in_session(feed, header.session), 0) &&
        !admit(feed, line, &packet, &header, now_ns))
        return 0;
    /* The second line's copy of what the first has brought is half of all packets: it is not worth a look
     * inside. */
    bool news = end > feed->next;
    if (news && !walk(packet)) return refuse(feed, ERROR_MALFORMED);
    if (line < FEED_LIVE_LINE_COUNT)
        hear(feed, line, end, now_ns);
    else
        feed_answer(feed, header.sequence, end, now_ns);
    if (count == 0) {
        control(feed, line, &header);
        return 0;
    }
    if (!news) {
        feed->stats.duplicates += (uint64_t)count;
        return 0;
    }
    bool ready = header.sequence <= feed->next;
    uint64_t fresh = __builtin_expect(ready, 1) ? deliver(feed, &packet) : keep(feed, &packet);
    if (line == FEED_LINE_RECOVERY && fresh != 0) {
        feed->stats.recovered += fresh;
        feed_answer(feed, header.sequence, end, now_ns);
    }
    return ready;
}

int feed_take_held(struct feed *feed, struct feed_message *message) {
    struct feed_cell *cell = feed_cell_of(feed, feed->next);
    if (cell->sequence != feed->next) return 0;
    cell->sequence = CELL_EMPTY;
    message->data = cell->data;
    message->size = cell->size;
    message->sequence = feed->next++;
    feed->held--;
    feed->stats.messages++;
    return 1;
}

int feed_next(struct feed *feed, struct feed_message *message) {
    return feed_take(feed, message);
}

void feed_get_status(const struct feed *feed, struct feed_status *status) {
    memset(status, 0, sizeof *status);
    status->next = feed->next;
    status->target = feed_target(feed);
    status->held = feed->held;
    status->session = feed->session;
    status->state = feed_state(feed);
    status->complete = feed->session != 0 && !feed->lossy;
    memcpy(status->session_name, feed->session_name, MOLD_SESSION_SIZE);
}

void feed_get_stats(const struct feed *feed, struct feed_stats *stats) {
    *stats = feed->stats;
}
