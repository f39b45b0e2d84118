/* replay: a file's messages through the books, at full speed. */
#include "book/set.h"
#include "book/wire.h"

#define FRAME_HEADER 2

static void record(struct book_set *set, struct book_replay *replay, uint16_t locate) {
    struct book_best best;
    book_best(set, locate, &best);
    replay->rows[replay->row_count++] = (struct book_row){.sequence = replay->sequence,
                                                         .bid_quantity = best.bid_quantity,
                                                         .ask_quantity = best.ask_quantity,
                                                         .bid_price = best.bid_price,
                                                         .ask_price = best.ask_price,
                                                         .locate = locate};
}

static int is_after(const uint8_t *message, size_t size, uint64_t stop_ns) {
    return size >= 11 && load_be48(message + 5) > stop_ns;
}

enum book_replay_stop book_replay_run(struct book_set *set, struct book_replay *replay, const uint8_t *buffer, size_t size) {
    size_t at = 0;
    enum book_replay_stop stop = BOOK_REPLAY_MORE;
    replay->row_count = 0;
    while (size - at >= FRAME_HEADER) {
        const uint8_t *message = buffer + at + FRAME_HEADER;
        size_t message_size = load_be16(buffer + at);
        if (message_size == 0) {
            stop = BOOK_REPLAY_END;
            break;
        }
        if (size - at - FRAME_HEADER < message_size) break;
        if (is_after(message, message_size, replay->stop_ns)) {
            stop = BOOK_REPLAY_TIME;
            break;
        }
        struct book_event event = book_apply(set, message, message_size);
        at += FRAME_HEADER + message_size;
        replay->sequence++;
        if (event.changes & (BOOK_BEST_BID | BOOK_BEST_ASK) && replay->rows != NULL) {
            record(set, replay, event.locate);
            if (replay->row_count == replay->row_capacity) {
                stop = BOOK_REPLAY_ROWS;
                break;
            }
        }
    }
    replay->consumed = at;
    return stop;
}
