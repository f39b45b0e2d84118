/* book: the order books of one feed, built from ITCH 5.0 messages: every order in its queue, every price
 * level, the last trade and the trading state of each instrument.  Memory is taken once, by book_create;
 * book_apply and book_prefetch never allocate and call nothing of libc but memory copies.  One thread at a
 * time.
 *
 * What the venue says is represented as it is: a crossed book stays crossed, an empty one empty.  What cannot
 * be is counted by reason (enum book_fault), never fatal, and leaves every book consistent. */
#pragma once
#include "tickwire/base.h"

#define BOOK_LOCATE_COUNT    65536      /* a stock locate is 16 bits */
#define BOOK_TOP_LEVELS      3          /* what BOOK_TOP_BID and BOOK_TOP_ASK watch */
#define BOOK_PRICE_MAX       2000000000 /* 200 000.0000, the venue's own bound */
#define BOOK_SIDE_LEVELS_MAX 65520      /* price levels of one side of one book */
#define BOOK_ORDER_COUNT_MAX 536870912
#define BOOK_WATCH_COUNT_MAX 256

struct book_set; /* all books of a feed */

struct book_config {
    uint32_t order_count_max; /* orders alive at once; memory is about 56 bytes each, touched as it is used */
    uint32_t level_count_max; /* price levels alive at once, about 100 bytes each */
    uint32_t tracked_only;    /* not 0: only the locates given to book_track or book_watch have books */
    uint32_t order_count_start; /* orders the reference table has room for at first: a small table is a fast
                                   one.  It doubles as needed, pausing for about 2 ns an order.  0:
                                   order_count_max, no pause ever */
};

enum book_change {                    /* bits of book_event.changes */
                   BOOK_BEST_BID = 1, /* the best bid's price or quantity is another */
                   BOOK_BEST_ASK = 2,
                   BOOK_TOP_BID =
                       4, /* one of the first BOOK_TOP_LEVELS bid levels was touched, appeared or went */
                   BOOK_TOP_ASK = 8,
                   BOOK_DEEP = 16,   /* a level behind those was */
                   BOOK_TRADE = 32,  /* the last trade is new */
                   BOOK_STATE = 64,  /* trading action, short sale restriction, operational halt, directory or
                                        system event */
                   BOOK_FAULT = 128, /* something was wrong with the message: fault says what */
                   BOOK_IGNORED = 256, /* not a tracked instrument */
};

enum book_fault {
    BOOK_FAULT_NONE = 0,
    BOOK_FAULT_SIZE,            /* not the size of its type: refused */
    BOOK_FAULT_TYPE,            /* not an ITCH 5.0 message: refused */
    BOOK_FAULT_UNKNOWN_ORDER,   /* reference to an order that is not in the books: refused */
    BOOK_FAULT_DUPLICATE_ORDER, /* reference already taken: refused (of a replace: the old order is gone) */
    BOOK_FAULT_LOCATE,          /* the order belongs to another instrument: refused */
    BOOK_FAULT_SIDE,            /* neither B nor S: refused */
    BOOK_FAULT_PRICE,           /* 0 or above BOOK_PRICE_MAX: refused (of an execution: no trade is shown) */
    BOOK_FAULT_QUANTITY,        /* 0: refused */
    BOOK_FAULT_EXCESS,          /* executed or cancelled more than was left: all that was left is taken */
    BOOK_FAULT_ORDERS_FULL,     /* order_count_max reached: refused */
    BOOK_FAULT_LEVELS_FULL,     /* level_count_max or BOOK_SIDE_LEVELS_MAX reached: refused */
    BOOK_FAULT_COUNT
};

struct book_event {
    uint16_t locate;     /* the message's; the only instrument it can touch */
    uint16_t instrument; /* what book_track called it, INSTRUMENT_NONE if nothing */
    uint16_t changes;    /* enum book_change bits; 0: nothing a reader could see */
    uint16_t fault;      /* enum book_fault */
};

struct book_best { /* an empty side has price 0 and quantity 0 */
    uint64_t bid_quantity;
    uint64_t ask_quantity;
    uint32_t bid_price;
    uint32_t ask_price;
};

struct book_level {
    uint64_t quantity;
    uint32_t price;
    uint32_t order_count;
};

struct book_order {
    uint64_t reference;
    uint32_t price;
    uint32_t quantity;    /* what is left of it */
    uint32_t attribution; /* four letters, first in the low byte; 0: anonymous */
    uint16_t locate;
    uint8_t side; /* enum side */
    uint8_t reserved;
};

struct book_queue { /* where an order stands at its price */
    uint64_t quantity_ahead;
    uint32_t orders_ahead;
    uint32_t orders_behind;
};

struct book_instrument {
    char symbol[8];  /* from the stock directory, padded with spaces; zeros: never announced */
    uint64_t volume; /* shares traded, as shown by the venue */
    uint64_t trades;
    uint64_t last_match; /* match number of the last trade */
    uint32_t last_price; /* 0: no trade yet */
    uint32_t last_quantity;
    uint8_t last_side;      /* enum side of the resting order, SIDE_NONE for a cross */
    uint8_t trading_action; /* T H P Q as the venue sent it, 0: not said */
    uint8_t reg_sho;        /* 0 1 2 as the venue sent it, 0 byte: not said */
    uint8_t halted;         /* operational halt on the venue's own market */
    char reason[4];         /* of the trading action */
};

struct book_stats {
    uint64_t messages;   /* all that were handed in */
    uint64_t ignored;    /* of instruments not tracked */
    uint64_t types[256]; /* by first byte, only messages of the right size */
    uint64_t faults[BOOK_FAULT_COUNT];
    uint32_t orders;     /* alive */
    uint32_t orders_max; /* most alive at once */
    uint32_t levels;
    uint32_t levels_max;
    uint64_t venue_ns;     /* stamp of the last message, ns since midnight */
    uint32_t system_event; /* last code: O S Q M E C, 0: none */
    uint32_t breach_level; /* market-wide circuit breaker breached: 1 2 3, 0: none */
};

/* book_create takes the memory for config's maximums; ERROR_ARGUMENT for a maximum of 0 or out of range,
 * ERROR_SYSTEM when there is no memory.  The set is the caller's to book_destroy. */
int book_create(const struct book_config *config, struct book_set **set);
void book_destroy(struct book_set *set);
/* book_reset forgets all orders, trades, states and counts: another venue session begins.  Locates given to
 * book_track stay tracked; symbols given to book_watch wait for the next directory. */
void book_reset(struct book_set *set);
/* book_track gives locate a book and a number to be reported by.  book_watch does the same for a symbol (8
 * bytes, padded with spaces) once the stock directory tells its locate; ERROR_FULL past BOOK_WATCH_COUNT_MAX.
 */
void book_track(struct book_set *set, uint16_t locate, uint16_t instrument);
int book_watch(struct book_set *set, const char *symbol, uint16_t instrument);

/* book_apply applies one message of size bytes (without any length prefix) and says what changed. */
struct book_event book_apply(struct book_set *set, const uint8_t *message, size_t size);
/* book_prefetch starts the memory reads that book_apply will need for message: worth calling on all messages
 * of a packet before applying the first.  Reads nothing past size; changes nothing. */
void book_prefetch(const struct book_set *set, const uint8_t *message, size_t size);

/* book_levels and book_orders copy at most count levels or orders of one side, best price first, first in
 * queue first; return how many.  book_find_order and book_find_queue answer ERROR_NOT_FOUND for a reference
 * that is not in the books. */
void book_best(const struct book_set *set, uint16_t locate, struct book_best *best);
uint32_t book_levels(const struct book_set *set, uint16_t locate, enum side side, struct book_level *levels,
                     uint32_t count);
uint32_t book_orders(const struct book_set *set, uint16_t locate, enum side side, struct book_order *orders,
                     uint32_t count);
int book_find_order(const struct book_set *set, uint64_t reference, struct book_order *order);
int book_find_queue(const struct book_set *set, uint64_t reference, struct book_queue *queue);
uint32_t book_level_count(const struct book_set *set, uint16_t locate, enum side side);
void book_get_instrument(const struct book_set *set, uint16_t locate, struct book_instrument *instrument);
void book_get_stats(const struct book_set *set, struct book_stats *stats);
/* book_find_symbol returns the locate the stock directory gave symbol (8 bytes, padded), or ERROR_NOT_FOUND.
 */
int book_find_symbol(const struct book_set *set, const char *symbol);
/* book_check verifies every invariant of every book; returns 0, or the number of the source line whose check
 * failed. Slow: for tests and fuzzing. */
int book_check(const struct book_set *set);

struct book_row { /* one state of best bid and offer */
    uint64_t sequence;
    uint64_t bid_quantity;
    uint64_t ask_quantity;
    uint32_t bid_price;
    uint32_t ask_price;
    uint32_t locate;
    uint32_t reserved;
};

enum book_replay_stop {
    BOOK_REPLAY_MORE = 0, /* what is left of the buffer is not a whole message */
    BOOK_REPLAY_ROWS = 1, /* rows is full: empty it and call again */
    BOOK_REPLAY_TIME = 2, /* the next message is later than stop_ns */
    BOOK_REPLAY_END = 3,  /* the file's end marker, a length of 0 */
};

struct book_replay {       /* zero it, set stop_ns and rows, and keep it from call to call */
    uint64_t sequence;     /* messages read so far: the ordinal of the last one, from 1 */
    uint64_t stop_ns;      /* stop before the first message stamped later than this, ns since midnight */
    struct book_row *rows; /* NULL: do not record */
    uint64_t row_capacity;
    uint64_t row_count; /* rows written by this call */
    uint64_t consumed;  /* bytes read by this call */
};

/* book_replay_run applies the messages of buffer (each after its 2-byte length, as the venue's files have
 * them) until something of enum book_replay_stop happens, and records each change of a best bid or offer. */
enum book_replay_stop book_replay_run(struct book_set *set, struct book_replay *replay, const uint8_t *buffer,
                                      size_t size);
