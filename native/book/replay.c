/* replay: a file's messages through the books, at full speed. */
#include "book/prefetch.h"

#define FRAME_HEADER 2

/* How many messages before its turn each step of prefetching is taken, and from which size of the table on it
 * pays: a smaller one stays in the core's own cache. */
#define AHEAD_TABLE           48
#define AHEAD_ORDER           32
#define AHEAD_QUEUE           16
#define AHEAD_WINDOW          64
#define AHEAD_TABLE_SLOTS_MIN 131072

struct frame {
    const uint8_t *message;
    size_t size;
};

/* frame_at finds the frame at an offset of the buffer; 0 when it is not whole. */
static inline int frame_at(const uint8_t *buffer, size_t size, size_t at, struct frame *frame) {
    if (size - at < FRAME_HEADER) return 0;
    frame->message = buffer + at + FRAME_HEADER;
    frame->size = load_be16(buffer + at);
    return size - at - FRAME_HEADER >= frame->size;
}

struct lookahead {
    const uint8_t *window[AHEAD_WINDOW]; /* by ordinal; NULL where there is nothing to prefetch */
    uint64_t seen;
    size_t at;
};

static void look_ahead(struct lookahead *ahead, const struct book_set *set, const uint8_t *buffer,
                       size_t size, uint64_t applied) {
    while (ahead->seen < applied + AHEAD_TABLE) {
        struct frame frame;
        const uint8_t **place = &ahead->window[ahead->seen++ % AHEAD_WINDOW];
        *place = NULL;
        if (!frame_at(buffer, size, ahead->at, &frame)) continue;
        ahead->at += FRAME_HEADER + frame.size;
        if (!prefetch_pays(set, frame.message, frame.size)) continue;
        prefetch_table(set, frame.message);
        *place = frame.message;
    }
    const uint8_t *message = ahead->window[(applied + AHEAD_ORDER) % AHEAD_WINDOW];
    if (message != NULL) prefetch_order(set, message);
    message = ahead->window[(applied + AHEAD_QUEUE) % AHEAD_WINDOW];
    if (message != NULL) prefetch_queue(set, message);
}

static int is_later(const struct frame *frame, uint64_t stop_ns) {
    return frame->size >= ITCH_HEADER_SIZE && itch_timestamp_ns(frame->message) > stop_ns;
}

static void record(const struct book_set *set, struct book_replay *replay, uint16_t locate) {
    struct book_best best;
    book_best(set, locate, &best);
    replay->rows[replay->row_count++] = (struct book_row){.sequence = replay->sequence,
                                                          .bid_quantity = best.bid_quantity,
                                                          .ask_quantity = best.ask_quantity,
                                                          .bid_price = best.bid_price,
                                                          .ask_price = best.ask_price,
                                                          .locate = locate};
}

enum book_replay_stop book_replay_run(struct book_set *set, struct book_replay *replay, const uint8_t *buffer,
                                      size_t size) {
    struct lookahead ahead = {.window = {NULL}};
    const int far = set->table_mask >= AHEAD_TABLE_SLOTS_MIN - 1;
    size_t at = 0;
    replay->consumed = replay->row_count = 0;
    struct frame frame;
    for (uint64_t applied = 0; frame_at(buffer, size, at, &frame); applied++) {
        if (frame.size == 0) return BOOK_REPLAY_END;
        if (is_later(&frame, replay->stop_ns)) return BOOK_REPLAY_TIME;
        if (far) look_ahead(&ahead, set, buffer, size, applied);
        struct book_event event = book_apply(set, frame.message, frame.size);
        at += FRAME_HEADER + frame.size;
        replay->consumed = at;
        replay->sequence++;
        if (replay->rows == NULL || !(event.changes & (BOOK_BEST_BID | BOOK_BEST_ASK))) continue;
        record(set, replay, event.locate);
        if (replay->row_count == replay->row_capacity) return BOOK_REPLAY_ROWS;
    }
    return BOOK_REPLAY_MORE;
}
