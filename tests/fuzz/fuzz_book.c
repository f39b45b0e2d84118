/* fuzz_book: the input is framed ITCH.  Whatever it says, every invariant of every book holds afterwards,
 * events announce what the best levels did, and forgetting leaves nothing. */
#include "codec/itch_inline.h"
#include "fuzz.h"
#include "tickwire/book.h"

static struct book_set *books(void) {
    static struct book_set *set;
    if (set == NULL) {
        struct book_config config = {.order_count_max = 48, .level_count_max = 24, .order_count_start = 1};
        CHECK(book_create(&config, &set) == 0);
    }
    return set;
}

/* check_apply applies one message, from memory of its own, and compares what is said with what is seen. */
static void check_apply(struct book_set *set, const uint8_t *data, size_t size) {
    uint8_t *message = exact_copy(data, size);
    uint16_t locate = size >= ITCH_HEADER_SIZE ? itch_locate(message) : 0;
    struct book_best before, after;
    book_best(set, locate, &before);
    book_prefetch(set, message, size);
    struct book_event event = book_apply(set, message, size);
    book_best(set, locate, &after);
    int bid = before.bid_price != after.bid_price || before.bid_quantity != after.bid_quantity;
    int ask = before.ask_price != after.ask_price || before.ask_quantity != after.ask_quantity;
    CHECK(bid == !!(event.changes & BOOK_BEST_BID) && ask == !!(event.changes & BOOK_BEST_ASK));
    CHECK((event.fault != BOOK_FAULT_NONE) == !!(event.changes & BOOK_FAULT));
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct book_set *set = books();
    const uint8_t *message;
    size_t offset = 0;
    int length;
    while ((length = itch_file_next(data, size, &offset, &message)) > 0)
        check_apply(set, message, (size_t)length);
    CHECK(book_check(set) == 0);
    struct book_replay replay = {.stop_ns = UINT64_MAX};
    (void)book_replay_run(set, &replay, data, size);
    CHECK(replay.consumed <= size && book_check(set) == 0);
    book_reset(set);
    return 0;
}
