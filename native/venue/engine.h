/* engine: the inside of struct venue, for the files of this folder.
 *
 *   street.c   what history says          account.c  what OUCH messages ask        admin.c  OUCH messages
 * about no order
 *        \______________ book.c: orders, price levels, trades ______________/
 *                         /                              \
 *          stream.c: the public ITCH stream        report.c: OUCH logs of the accounts
 *
 * An order is known by a key: a street order by its ITCH reference, an account's by account and UserRefNum.
 * It is in the table while somebody may still speak of it: a street order as long as history has shares of it
 * left, even when none of them are in our book any more. */
#pragma once
#include "tickwire/codec_itch.h"
#include "tickwire/codec_ouch.h"
#include "tickwire/venue.h"
#include "venue/table.h"
#include "venue/vector.h"

#define LOCATE_COUNT      65536
#define NONE              UINT32_MAX
#define STREET            UINT16_MAX
#define ACCOUNT_REFERENCE 0x4000000000000000ULL /* references and match numbers from here on are ours */
#define ACCOUNT_KEY       0x8000000000000000ULL

struct order {
    uint64_t key;
    uint64_t reference; /* in the public stream */
    uint64_t priority;  /* order of arrival */
    uint32_t price;
    uint32_t quantity; /* open in this book; 0: not resting */
    uint32_t history;  /* street: shares history still has of it */
    uint32_t executed; /* account: shares filled, through replaces too */
    uint32_t level;
    uint32_t previous, next; /* within its level */
    uint32_t elder, younger; /* among its account's open orders */
    uint32_t user_ref;
    uint16_t locate;
    uint16_t account; /* STREET or the account's index */
    uint8_t side;     /* enum side */
    char marking;     /* account: B S T E, as entered or modified since */
    char capacity;
    char intermarket_sweep;
};

struct level { /* all orders of one price, in order of arrival */
    uint64_t quantity;
    uint32_t price;
    uint32_t head, tail;
    uint32_t orders;
    uint32_t accounts; /* orders of accounts among them */
};

struct rung {      /* a level's place on its ladder */
    uint32_t rank; /* the greater the better: price for buys, its complement for sells */
    uint32_t level;
};

struct ladder { /* the levels of one side of an instrument, best last */
    struct rung *rungs;
    uint32_t count;
    uint32_t capacity;
    uint32_t accounts; /* orders of accounts on it */
};

struct instrument {
    char symbol[8];
    struct ladder ladders[2];
    uint8_t known;  /* its symbol was seen */
    uint8_t halted; /* a trading action said anything but T */
};

struct holding {
    int64_t quantity;
    uint64_t bought, sold, bought_value, sold_value;
    uint32_t fills;
};

struct account {
    char firm[4];
    uint32_t user_ref_last;
    uint32_t oldest, youngest; /* its open orders */
    uint32_t disabled;         /* order entry switched off by the account itself */
    struct holding *holdings;  /* by stock locate */
    struct vector log;         /* SoupBinTCP packets */
    struct vector log_offsets; /* uint64_t: where each begins */
};

struct venue {
    struct venue_config config;
    struct order *orders;
    uint32_t order_count_max;
    uint32_t order_fresh; /* orders never used yet begin here */
    uint32_t order_free;  /* list of the used ones, through next */
    struct level *levels;
    uint32_t level_fresh;
    uint32_t level_free;            /* list through head */
    struct table table;             /* key: order */
    struct table symbols;           /* eight characters: stock locate */
    struct instrument *instruments; /* by stock locate */
    uint32_t locate_end;            /* above every locate ever seen */
    struct account accounts[VENUE_ACCOUNT_COUNT_MAX];
    struct holding street;
    struct vector stream;
    uint64_t now_ns;
    uint64_t priority_next;
    uint64_t reference_next;
    uint64_t match_next;
    uint32_t closed; /* the venue's system hours are over */
    uint64_t counters[VENUE_COUNTER_COUNT];
};

static inline uint32_t order_index(const struct venue *venue, const struct order *order) {
    return (uint32_t)(order - venue->orders);
}
static inline uint32_t price_rank(uint32_t side, uint32_t price) {
    return side == SIDE_BUY ? price : ~price;
}
static inline uint32_t side_other(uint32_t side) {
    return side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}
static inline uint64_t account_key(uint32_t account, uint32_t user_ref) {
    return ACCOUNT_KEY | (uint64_t)account << 32 | user_ref;
}

/* book.c */

/* order_new takes an order from the pool and enters it in the table under its key: NULL when either is full.
 */
struct order *order_new(struct venue *venue, uint64_t key);
struct order *order_find(struct venue *venue, uint64_t key);
/* order_rest puts an order with open quantity at the end of its level: ERROR_SYSTEM when the ladder cannot
 * grow. */
int order_rest(struct venue *venue, struct order *order);
/* order_reduce takes quantity shares off an order, and the order off its level when none are left. */
void order_reduce(struct venue *venue, struct order *order, uint32_t quantity);
/* order_forget returns an order that no longer rests to the pool. */
void order_forget(struct venue *venue, struct order *order);

struct sweep { /* an aggressor's walk along one side of an instrument */
    struct instrument *instrument;
    uint32_t side;          /* of the resting orders */
    uint32_t price;         /* the worst it accepts */
    uint32_t quantity;      /* shares it wants */
    uint32_t accounts_only; /* the street aggresses: leave its own orders alone */
    uint64_t priority_end;  /* at the worst price only orders that came before this */
    struct order *taker;    /* the account's order, NULL for the street */
};
/* book_sweep trades along the side by price, then arrival; returns the shares traded. */
uint32_t book_sweep(struct venue *venue, const struct sweep *sweep);

/* stream.c: each appends one message to the public stream */
void stream_copy(struct venue *venue, const uint8_t *message, size_t size);
void stream_add(struct venue *venue, const struct order *order);
void stream_executed(struct venue *venue, const struct order *order, uint32_t quantity, uint64_t match);
void stream_canceled(struct venue *venue, const struct order *order, uint32_t quantity);
void stream_deleted(struct venue *venue, const struct order *order);
void stream_replaced(struct venue *venue, uint64_t reference, const struct order *order);

/* report.c: what accounts are told, each appended to the account's log */
void report_append(struct venue *venue, uint32_t account, const struct ouch_outbound *message);
void report_event(struct venue *venue, uint32_t account, char event);
void report_executed(struct venue *venue, const struct order *order, uint32_t quantity, uint32_t price,
                     char liquidity, uint64_t match);
void report_canceled(struct venue *venue, const struct order *order, uint32_t quantity, char reason);
void report_rejected(struct venue *venue, uint32_t account, uint32_t user_ref, enum ouch_reject_reason reason,
                     const char *client_order_id);

/* account.c: orders of accounts */
void account_enter(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void account_replace(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void account_reduce(struct venue *venue, uint32_t account, const struct ouch_cancel *cancel);
void account_modify(struct venue *venue, uint32_t account, const struct ouch_modify *modify);
/* account_forget drops an order that is over; account_cancel takes one out that is not: book, public stream,
 * report. */
void account_forget(struct venue *venue, struct order *order);
void account_cancel(struct venue *venue, struct order *order, char reason);
/* account_cancel_where cancels the account's orders that match; locate or side of NONE match all. */
void account_cancel_where(struct venue *venue, uint32_t account, uint32_t locate, uint32_t side, char reason);
/* account_claim takes user_ref for a new message: 0 when it is not above all before it. */
int account_claim(struct venue *venue, uint32_t account, uint32_t user_ref);

/* check.c: whether an order may enter; 0 or the reason to refuse it */
enum ouch_reject_reason check_enter(const struct venue *venue, uint32_t account, uint32_t locate,
                                    const struct ouch_enter *enter, const struct ouch_appendage *appendage);
/* check_terms judges what an Enter and a Replace share. */
enum ouch_reject_reason check_terms(uint32_t quantity, uint64_t price, char time_in_force, char display,
                                    const struct ouch_appendage *appendage);

/* admin.c: OUCH messages about no order of their own */
void admin_mass_cancel(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void admin_order_entry(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void admin_query(struct venue *venue, uint32_t account);
