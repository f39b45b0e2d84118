/* position_book: what the book-keeping's own files share. */
#pragma once
#include "base/id_map.h"
#include "report/report_follow.h"
#include "tickwire/position.h"

#define POSITION_ORDER_COUNT_MAX 16384 /* working orders that are counted */

struct position_book {
    struct report_follow follow;
    struct id_map orders; /* working orders: identifier to instrument */
    struct position_entry entries[INSTRUMENT_COUNT_MAX];
    struct position_entry bases[INSTRUMENT_COUNT_MAX]; /* before the oldest fill of the log */
    uint8_t distrusted[INSTRUMENT_COUNT_MAX]; /* something could not be booked, until the next RESET */
    struct fill_log fills;
};

/* position_apply books one fill; ERROR_FULL, changing nothing, when a figure would not fit 64 bits. */
int position_apply(struct position_entry *entry, uint32_t side, uint32_t quantity, int64_t price);
/* position_value marks the open quantity. */
void position_value(struct position_entry *entry);
