/* venue: the paper exchange.  Three parts that know nothing of each other, and one loop over them:
 *   venue      price-time priority matching of accounts against a recorded or synthetic street; pure, no I/O;
 *   synthetic  a seeded street for when there is no recording;
 *   publisher  the public ITCH stream as MoldUDP64 packets on two lines, and its request server;
 *   venue_run  takes street messages at their time through the venue to the publisher.
 * Times of the market are nanoseconds since midnight, as ITCH and OUCH write them. */
#pragma once
#include "tickwire/base.h"

#define VENUE_ACCOUNT_COUNT_MAX 16

/* ---- venue: the matching engine ----
 * History is the truth between street orders: the street never trades with itself here, it only does what the
 * recording says.  Orders of accounts queue among the street's and trade with it and with one another.  A
 * street order that history ends leaves the book with whatever this venue still held of it; one that accounts
 * consumed earlier ignores what history says of it later.  A halt cancels the accounts' orders of that
 * instrument.  What orders may ask for, and how it is honoured: docs/adr/0007. */

struct venue_config {
    uint32_t account_count;
    uint32_t order_count_max;  /* orders alive at once, street and accounts together; 0: 4 194 304 (reserved,
                                  not touched) */
    uint32_t announce_trading; /* not 0: publish Trading Action T behind each Stock Directory message, for
                                  recordings that leave trading states out; one that follows overrides it */
    int32_t maker_fee; /* 1/1 000 000 of the currency for each share that rested; negative: a rebate */
    int32_t taker_fee; /* and for each share that came for it */
    char firms[VENUE_ACCOUNT_COUNT_MAX][4]; /* MPID of each account, padded with spaces */
};

enum venue_counter {
    VENUE_COUNT_STREET,           /* street messages taken */
    VENUE_COUNT_STREET_UNKNOWN,   /* of those, references never added: passed on as they are */
    VENUE_COUNT_STREET_CLAMPED,   /* changed or withheld because accounts had traded first */
    VENUE_COUNT_STREET_MALFORMED, /* lengths or types ITCH does not have: passed on as they are */
    VENUE_COUNT_STREET_UNTRACKED, /* not held for want of room or a reserved reference: passed on as they are
                                   */
    VENUE_COUNT_ITCH,             /* messages of the public stream */
    VENUE_COUNT_ORDERS,           /* Enter Order messages accepted */
    VENUE_COUNT_REPLACES,
    VENUE_COUNT_CANCELS, /* Canceled messages sent */
    VENUE_COUNT_REJECTS,
    VENUE_COUNT_IGNORED,   /* messages OUCH ignores in silence: old UserRefNum, orders no longer there */
    VENUE_COUNT_MALFORMED, /* messages OUCH does not have */
    VENUE_COUNT_FILLS,     /* executions with an account on at least one side */
    VENUE_COUNT_FILLED_SHARES,
    VENUE_COUNT_BROKEN,        /* trades taken back */
    VENUE_COUNT_FAULTS,        /* moments at which a fault of venue_fault struck */
    VENUE_COUNT_OPEN_ORDERS,   /* gauge: accounts' orders resting */
    VENUE_COUNT_STREET_ORDERS, /* gauge: street orders known */
    VENUE_COUNTER_COUNT
};

struct venue_position {
    char symbol[8];
    uint32_t locate;
    uint32_t fills;
    int64_t quantity;
    uint64_t bought; /* shares */
    uint64_t sold;
    uint64_t bought_value; /* price x shares, in 1/10 000 */
    uint64_t sold_value;
    int64_t fees; /* 1/1 000 000; negative: rebates earned */
};

struct venue_level { /* what the public sees of a price */
    uint32_t price;
    uint32_t order_count;
    uint64_t quantity;
    uint32_t account_order_count; /* of order_count */
    uint32_t reserved;
};

struct venue;

/* venue_open allocates everything but what grows with use (price ladders, logs).  ERROR_ARGUMENT,
 * ERROR_SYSTEM. */
int venue_open(const struct venue_config *config, struct venue **venue);
void venue_close(struct venue *venue);

/* venue_street applies one ITCH message of the street; what the public sees of it is appended to the public
 * stream. */
void venue_street(struct venue *venue, const uint8_t *message, size_t size);
/* venue_order applies one OUCH message of an account at market time now_ns.  ERROR_MALFORMED: no such
 * message; nothing was done and the session deserves to end. */
int venue_order(struct venue *venue, uint32_t account, uint64_t now_ns, const uint8_t *message, size_t size);
/* venue_cancel_all cancels every order of an account, for a session that ends with cancel-on-disconnect. */
void venue_cancel_all(struct venue *venue, uint32_t account, uint64_t now_ns);
/* venue_time lets market time pass where no message brings it: orders good till a time end. */
void venue_time(struct venue *venue, uint64_t now_ns);
/* venue_end tells every account that the day is over (System Event E). */
void venue_end(struct venue *venue, uint64_t now_ns);

/* venue_stream is what was appended to the public stream since venue_stream_clear, each message after its
 * length in two bytes; valid until the next call. */
const uint8_t *venue_stream(const struct venue *venue, size_t *size);
void venue_stream_clear(struct venue *venue);

/* venue_log is every sequenced OUCH message an account was sent, as the SoupBinTCP packets that carry them;
 * valid until the next call.  venue_log_count is how many; venue_log_offset is where in the log a sequence
 * begins (the first is 1; beyond the last: the log's size). */
const uint8_t *venue_log(const struct venue *venue, uint32_t account);
uint64_t venue_log_count(const struct venue *venue, uint32_t account);
uint64_t venue_log_offset(const struct venue *venue, uint32_t account, uint64_t sequence);

/* venue_drop_copy is the record of all accounts together, kept apart from their own: one SoupBinTCP sequenced
 * packet for each message that is about an order or a fill, in the order they happened.  Payload: the firm of
 * the account (MPID, 4 characters padded with spaces), then the OUCH 5.0 outbound message as the account was
 * sent it, of types A U C D E B J M R T P I.  Not in it: S X G K Q.  Accounts are told apart by firm, orders
 * within one by UserRefNum. */
const uint8_t *venue_drop_copy(const struct venue *venue);
uint64_t venue_drop_copy_count(const struct venue *venue);
uint64_t venue_drop_copy_offset(const struct venue *venue, uint64_t sequence);

/* ---- venue_fault: what a test may have the venue do wrong ----
 * The first group waits for the account's next `count` moments; a count of 0 calls it off.  The second
 * happens at once.  Nothing of the first two groups changes a position. */

enum venue_fault_kind {
    VENUE_FAULT_SWALLOW_EXECUTION,    /* an execution is missing from the session's log for good */
    VENUE_FAULT_DUPLICATE_MESSAGE,    /* a message stands in the session's log twice */
    VENUE_FAULT_ACCEPT_TWICE,         /* an order is accepted twice in the session's log */
    VENUE_FAULT_EXECUTE_AFTER_CANCEL, /* an order that a cancel ended is executed in the session's log */
    VENUE_FAULT_REJECT,               /* an Enter or Replace is rejected; amount: the reason */
    VENUE_FAULT_DROP_COPY_SWALLOW_EXECUTION, /* an execution is missing from the drop copy for good */
    VENUE_FAULT_DROP_COPY_DUPLICATE_MESSAGE, /* a message stands in the drop copy twice */
    VENUE_FAULT_DROP_COPY_WRONG_PRICE,       /* an execution has a price off by amount in the drop copy */
    VENUE_FAULT_DROP_COPY_WRONG_QUANTITY,    /* an execution has a quantity off by amount in the drop copy */
    VENUE_FAULT_ARMED_COUNT,                 /* those from here on happen at once */
    /* An execution nobody made, of user_ref (0: the account's last order), quantity and price (0: the
       order's). */
    VENUE_FAULT_PHANTOM_EXECUTION = VENUE_FAULT_ARMED_COUNT, /* in the session's log only */
    VENUE_FAULT_DROP_COPY_PHANTOM_EXECUTION,                 /* in the drop copy only */
    VENUE_FAULT_BREAK_TRADE, /* not wrong, but rare: a trade is taken back on both its sides, positions and
                                fees with it; match 0: the account's last */
    VENUE_FAULT_COUNT
};

struct venue_fault {
    uint32_t kind; /* enum venue_fault_kind */
    uint32_t account;
    uint32_t count;
    uint32_t user_ref;
    uint32_t quantity;
    uint32_t price;
    int64_t amount;
    uint64_t match;
};

/* venue_fault arms a fault or commits it at market time now_ns.  ERROR_ARGUMENT: no such fault or account, or
 * nothing to break. */
int venue_fault(struct venue *venue, const struct venue_fault *fault, uint64_t now_ns);

void venue_counters(const struct venue *venue, uint64_t *values); /* VENUE_COUNTER_COUNT of them */
/* venue_positions fills at most count rows, one an instrument the account ever traded; returns how many there
 * are. */
uint32_t venue_positions(const struct venue *venue, uint32_t account, struct venue_position *rows,
                         uint32_t count);
/* venue_street_position is the other side of it all: what the street bought from and sold to accounts. */
void venue_street_position(const struct venue *venue, struct venue_position *row);
/* venue_locate is the stock locate of a symbol, padded with spaces; UINT32_MAX when nothing was said of it.
 */
uint32_t venue_locate(const struct venue *venue, const char *symbol);
/* venue_depth fills at most count levels of one side, best first; returns how many there are. */
uint32_t venue_depth(const struct venue *venue, uint32_t locate, uint32_t side, struct venue_level *levels,
                     uint32_t count);

/* ---- synthetic: a seeded street ----
 * The same configuration gives the same bytes on every machine: its own generator, integers only.  Streets
 * of one fair_seed agree on what each symbol is worth at any time, whatever their seeds, rates and depths. */

#define SYNTHETIC_SYMBOL_COUNT_MAX 64

struct synthetic_config {
    uint64_t seed;
    uint64_t rate;     /* messages a second of market time, on average */
    uint64_t start_ns; /* market time of the first message */
    uint32_t symbol_count;
    uint32_t price;     /* where fair values start and return to; 0: 1 000 000 ($100) */
    uint64_t fair_seed; /* of the fair values; 0: they come of this street's own events */
    uint32_t depth;     /* sizes of orders and trades, percent; 0: 100 */
    uint32_t reserved;
    char symbols[SYNTHETIC_SYMBOL_COUNT_MAX][8];
};

struct synthetic;
int synthetic_open(const struct synthetic_config *config, struct synthetic **synthetic);
/* synthetic_fill writes at most count whole messages, each after its length in two bytes; returns the bytes
 * written. */
size_t synthetic_fill(struct synthetic *synthetic, uint8_t *data, size_t capacity, uint64_t count);
void synthetic_close(struct synthetic *synthetic);

/* ---- publisher: MoldUDP64 on two lines, and the request server ---- */

#define PUBLISHER_LINE_COUNT  2
#define PUBLISHER_STAMP_COUNT 1048576
#define PUBLISHER_PAYLOAD_MAX 1472

struct publisher_line {
    uint32_t address; /* IPv4, host order, unicast or multicast */
    uint16_t port;    /* 0: the line is off */
    uint16_t reserved;
    /* Faults, for tests of whoever listens; chances are parts a million of packets. */
    uint32_t loss;
    uint32_t duplicate;
    uint32_t reorder; /* goes out after the packet that follows it */
    uint32_t delay;   /* packets this line lags behind, at most 32 */
};

struct publisher_config {
    char session[10];
    uint16_t reserved0;
    uint32_t payload_max;       /* 0: 1400 */
    uint32_t interface_address; /* IPv4, host order: where multicast leaves; 0 lets the kernel choose */
    uint32_t request_rate_max;  /* answers a second; 0: 20 000 */
    uint32_t gap;               /* fault: parts a million of packets lost on both lines */
    uint64_t fault_seed;
    int32_t history_fd; /* read-write file for the messages, owned by the caller */
    int32_t index_fd;   /* and one for where each begins */
    struct publisher_line lines[PUBLISHER_LINE_COUNT];
};

enum publisher_counter {
    PUBLISHER_COUNT_MESSAGES,
    PUBLISHER_COUNT_PACKETS, /* before faults, each counted once for both lines */
    PUBLISHER_COUNT_HEARTBEATS,
    PUBLISHER_COUNT_SEND_ERRORS,
    PUBLISHER_COUNT_FAULTS, /* packets lost, doubled, delayed or moved on purpose */
    PUBLISHER_COUNT_REQUESTS,
    PUBLISHER_COUNT_REQUESTS_REFUSED, /* malformed, another session, or a sequence never sent */
    PUBLISHER_COUNT_REQUESTS_LIMITED, /* over the rate */
    PUBLISHER_COUNT_ANSWERED,         /* messages sent again */
    PUBLISHER_COUNT_NEXT_SEQUENCE,    /* gauge */
    PUBLISHER_COUNTER_COUNT
};

struct publisher;
int publisher_open(const struct publisher_config *config, struct publisher **publisher);
void publisher_close(struct publisher *publisher);
/* publisher_publish stores framed messages and sends them at once, in packets as full as they get.
 * ERROR_SYSTEM: the history could not be written (nothing was sent). */
int publisher_publish(struct publisher *publisher, const uint8_t *data, size_t size);
/* publisher_heartbeat sends an empty packet on both lines; end says that the session is over. */
void publisher_heartbeat(struct publisher *publisher, int end);
/* publisher_answer serves at most count requests waiting on a UDP socket; returns how many it read. */
int publisher_answer(struct publisher *publisher, int socket_fd, int count, uint64_t now_ns);
/* publisher_stamp is CLOCK_REALTIME just before the packet of sequence was sent; 0 when never or too long
 * ago. */
uint64_t publisher_stamp(const struct publisher *publisher, uint64_t sequence);
void publisher_counters(const struct publisher *publisher,
                        uint64_t *values); /* PUBLISHER_COUNTER_COUNT of them */

/* ---- venue_run: street messages at their time ---- */

struct venue_run {
    uint64_t speed;     /* market time runs this many times as fast as the clock; 0: as fast as possible */
    uint64_t origin_ns; /* messages before this market time go out at once; the first one after it starts the
                           clock */
    /* Kept by venue_run_street; all 0 at first. */
    uint64_t base_market_ns; /* market time at base_clock_ns */
    uint64_t base_clock_ns;  /* CLOCK_MONOTONIC; 0: the clock has not started */
    uint64_t market_ns;      /* market time reached: account messages that follow carry it */
    uint64_t messages;       /* street messages taken so far */
};

enum venue_run_result {
    VENUE_RUN_WOKEN = 1,   /* wake_fd is readable */
    VENUE_RUN_TIMEOUT = 2, /* until_ns has come */
    VENUE_RUN_DRAINED =
        3, /* fewer bytes than a message are left: bring more; no bytes at all say there are none */
    VENUE_RUN_TOLD = 4, /* an account was told something */
};

/* venue_run_street takes messages from data (each after its length in two bytes) at their time, matches and
 * publishes them, and sleeps in between, until wake_fd becomes readable, CLOCK_MONOTONIC reaches until_ns, an
 * account has something to be told or the data ends. consumed tells how much was taken.  Returns an enum
 * venue_run_result or an error of publisher_publish. */
int venue_run_street(struct venue *venue, struct publisher *publisher, struct venue_run *run,
                     const uint8_t *data, size_t size, size_t *consumed, int wake_fd, uint64_t until_ns);
