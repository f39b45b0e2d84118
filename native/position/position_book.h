/* position_book: what the book-keeping's own files share. */
#pragma once
#include "base/id_map.h"
#include "report/report_follow.h"
#include "tickwire/position.h"

#define POSITION_ORDER_COUNT_MAX 16384 /* working orders that are counted */

/* What one venue's fills that the log no longer holds came to: sums, so that they can be taken out again. */
struct position_sum {
    uint64_t bought;
    uint64_t sold;
    int64_t bought_value;
    int64_t sold_value;
    uint64_t fills;
};

struct position_book {
    struct report_follow follow[VENUE_COUNT_MAX];
    uint32_t venue_count;
    uint32_t reserved;
    struct id_map orders; /* working orders: identifier to instrument */
    struct position_entry entries[INSTRUMENT_COUNT_MAX];
    struct position_entry bases[INSTRUMENT_COUNT_MAX];               /* before the oldest fill of the log */
    struct position_sum sums[INSTRUMENT_COUNT_MAX][VENUE_COUNT_MAX]; /* what the bases consist of */
    uint8_t distrusted[INSTRUMENT_COUNT_MAX]; /* a bit a venue: something could not be booked, until its next
                                                 RESET */
    struct fill_log fills;
};

#define POSITION_MARK_NS      100000000 /* a mark that does not move is confirmed this often */
#define POSITION_VENUES(book) ((1U << (book)->venue_count) - 1)

/* position_apply books one fill; ERROR_FULL, changing nothing, when a figure would not fit 64 bits. */
int position_apply(struct position_entry *entry, uint32_t side, uint32_t quantity, int64_t price);
/* position_base makes the base of an instrument from the sums of venues: closed at average cost. */
void position_base(const struct position_sum sums[VENUE_COUNT_MAX], struct position_entry *base);
/* position_value marks the open quantity. */
void position_value(struct position_entry *entry);
