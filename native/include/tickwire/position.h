/* position: what we hold and what it is worth, from fills and marks, in integers.  Table "position", one
 * entry an instrument, each under its own seqlock word. */
#pragma once
#include "tickwire/market.h"
#include "tickwire/report.h"

struct position_entry {
    uint64_t version;   /* odd while being written */
    int64_t quantity;   /* shares, signed */
    int64_t cost;       /* what the open quantity cost, 1/10 000, signed like quantity */
    int64_t realised;   /* 1/10 000 */
    int64_t unrealised; /* against mark, 1/10 000 */
    int64_t mark;       /* the last mid of any venue, rounded down; 0: none yet, and unrealised is 0 */
    uint64_t bought;    /* shares */
    uint64_t sold;
    int64_t bought_value; /* price * quantity */
    int64_t sold_value;
    uint64_t fills;
    uint64_t open_orders;
    uint64_t known; /* 0 while not every venue is LIVE: after a start, between RESET and LIVE, after DOWN; and
                       after a fill that could not be booked: the figures are not to be trusted */
    uint64_t
        marked_ns; /* rx_ns of the update that the mark is of; one that confirms it counts after 100 ms */
    uint64_t reserved[2];
};

enum position_counter {
    POSITION_COUNT_REPORTS,
    POSITION_COUNT_FILLS,
    POSITION_COUNT_BROKEN,
    POSITION_COUNT_RESETS,
    POSITION_COUNT_UPDATES,
    POSITION_COUNT_UNKNOWN_BREAKS, /* a broken trade that was never seen */
    POSITION_COUNT_REFUSED, /* fills that could not be booked: no instrument, impossible price or quantity */
};

/* The book-keeping, apart from rings, for tests and simulation.  Average cost: a reducing fill takes its
 * share of cost with it, rounded towards zero, so cost keeps the rest and the last share takes all; a fill
 * through zero closes first and opens the remainder at its price.  Always, exactly:
 *
 *   realised - cost == sold_value - bought_value      and, with a mark, unrealised == mark * quantity - cost
 *
 * A broken trade is undone as if it had never been, as long as it is among the last 16 384 fills of the box.
 *
 * Entries are of the firm: fills of all venues, in the order in which they were told.  The RESET of a venue
 * takes out its fills and orders, and no other's; its replay then books them last, so that the sum of
 * realised and unrealised profit is what it was, while the line between the two may have moved. */
struct position_book;

enum position_effect {
    POSITION_NO_EFFECT = 0,
    POSITION_FILLED = 1,
    POSITION_BROKEN = 2,
    POSITION_ALL_CHANGED = 3, /* RESET, LIVE or DOWN of a venue */
    POSITION_ORDERS = 4,      /* open_orders changed */
    POSITION_UNKNOWN_BREAK = 5,
    POSITION_REFUSED = 6,
};

/* position_book_create: for a box of venue_count venues. */
int position_book_create(uint32_t venue_count, struct position_book **book);
void position_book_destroy(struct position_book *book);
/* position_book_report applies a report; *instrument is what it changed, INSTRUMENT_NONE when nothing or
 * everything. */
enum position_effect position_book_report(struct position_book *book, const struct execution_report *report,
                                          uint32_t *instrument);
/* position_book_mark returns 1 when the update moved the mark or confirmed it.  Stale and one-sided markets
 * move nothing. */
int position_book_mark(struct position_book *book, const struct market_update *update);
const struct position_entry *position_book_entry(const struct position_book *book, uint32_t instrument);

/* position_stage_open needs, N being each of venue_count venues: rings "market.N" (consumer 2), "report.N"
 * (consumer 2), "blotter" (producer, struct execution_report, for observers); table "position"; counters
 * "position-tracker"; control.  It counts itself into control.resync_requests. */
int position_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                        size_t message_size);
