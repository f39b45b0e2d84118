/* engine: the inside of struct venue, for the files of this folder.
 *
 *   street.c   what history says          entry.c, change.c  what OUCH messages ask of orders
 *   hours.c    what the time of day ends  admin.c            OUCH messages about no order
 *        \______________ account.c: an account's order meets the book; peg.c: prices that follow it
 *                book.c: orders, price levels     trade.c: who trades with whom
 *                         /                              \
 *          stream.c: the public ITCH stream   report.c: OUCH logs of the accounts   drop_copy.c: all of them
 * again fault.c: what tests break on purpose
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

enum queue_kind { QUEUE_DISPLAYED, QUEUE_HIDDEN, QUEUE_COUNT }; /* at a price the displayed come first */

struct order {
    uint64_t key;
    uint64_t reference;        /* in the public stream */
    uint64_t priority;         /* order of arrival */
    uint64_t expires_ns;       /* UINT64_MAX: never */
    uint32_t price;            /* where it ranks */
    uint32_t limit;            /* account: the worst price it may ever trade at */
    uint32_t quantity;         /* open in this book; 0: not resting */
    uint32_t shown;            /* of these, in the public stream */
    uint32_t history;          /* street: shares history still has of it */
    uint32_t executed;         /* account: shares filled, through replaces too */
    uint32_t display_quantity; /* reserve: shown after each refresh; 0: everything */
    uint32_t minimum;          /* shares that a trade must have at least; 0: any */
    int32_t peg_offset;
    uint32_t level;
    uint32_t previous, next;         /* within its queue */
    uint32_t elder, younger;         /* among its account's open orders */
    uint32_t peg_elder, peg_younger; /* among its instrument's pegged orders */
    uint32_t peg_round;              /* the last round of repricing that saw it */
    uint32_t user_ref;
    uint32_t cancel_size; /* cancel pending: intended size of its whole life */
    uint16_t locate;
    uint16_t account; /* STREET or the account's index */
    uint8_t side;     /* enum side */
    uint8_t queue;    /* enum queue_kind */
    uint8_t post_only;
    uint8_t cancel_pending;
    char price_type; /* 0 or L: limit; R primary, P market, M midpoint peg */
    char time_in_force;
    char display;
    char marking; /* account: B S T E, as entered or modified since */
    char capacity;
    char intermarket_sweep;
    char client_order_id[14];
};

struct queue { /* orders in order of arrival */
    uint64_t quantity;
    uint32_t head, tail;
    uint32_t orders;
    uint32_t accounts; /* orders of accounts among them */
};

struct level { /* all orders of one price */
    uint32_t price;
    uint32_t anchors; /* displayed orders that are not pegged: what pegs may follow */
    struct queue queues[QUEUE_COUNT];
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
    uint32_t touches[2];               /* prices its pegged orders were last priced by; 0: none */
    uint32_t peg_oldest, peg_youngest; /* NONE, once pegged is set */
    uint8_t pegged;                    /* the two above mean something */
    uint8_t known;                     /* its symbol was seen */
    uint8_t restricted;                /* short sales at or below the best bid are refused (Reg SHO) */
    char state;                        /* trading state as last published; 0: never, which trades */
};

struct holding {
    int64_t quantity;
    uint64_t bought, sold, bought_value, sold_value;
    int64_t fees; /* 1/1 000 000 of the currency; negative: rebates */
    uint32_t fills;
};

struct fill { /* one account's side of a trade, for as long as it can be broken */
    uint64_t match;
    int64_t fee;
    uint32_t user_ref;
    uint32_t quantity;
    uint32_t price;
    uint16_t locate;
    uint16_t account;
    uint8_t side;
    uint8_t broken;
    char client_order_id[14];
};

struct record { /* sequenced messages as the SoupBinTCP packets that carry them */
    struct vector packets;
    struct vector offsets; /* uint64_t: where each begins */
};

struct armed { /* a fault that waits for its moments */
    uint32_t count;
    int64_t amount;
};

struct account {
    char firm[4];
    uint32_t user_ref_last;
    uint32_t oldest, youngest; /* its open orders */
    uint32_t disabled;         /* order entry switched off by the account itself */
    uint32_t accepted_last;    /* the last UserRefNum that became an order */
    uint64_t faults;           /* moments at which one of its faults struck */
    struct holding *holdings;  /* by stock locate */
    struct record log;
    struct armed armed[VENUE_FAULT_ARMED_COUNT];
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
    struct record drop_copy;
    struct vector fills; /* struct fill */
    uint64_t now_ns;
    uint64_t expires_next_ns; /* no order expires before */
    uint32_t peg_round;
    uint64_t priority_next;
    uint64_t reference_next;
    uint64_t match_next;
    uint32_t closed;       /* the venue's system hours are over */
    uint32_t after_market; /* its market hours are */
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

static inline int order_pegged(const struct order *order) {
    return order->price_type != 0 && order->price_type != 'L';
}
/* instrument_trades: an instrument of which nothing was ever said trades. */
static inline int instrument_trades(const struct instrument *instrument) {
    return instrument->state == 0 || instrument->state == 'T';
}

/* book.c */

/* order_new takes an order from the pool and enters it in the table under its key: NULL when either is full.
 */
struct order *order_new(struct venue *venue, uint64_t key);
struct order *order_find(struct venue *venue, uint64_t key);
/* order_rest puts an order with open quantity at the end of its queue, shown as far as its terms say:
 * ERROR_SYSTEM when the ladder cannot grow. */
int order_rest(struct venue *venue, struct order *order);
/* order_leave takes an order off its level, shares and all; it may rest again. */
void order_leave(struct venue *venue, struct order *order);
/* order_fill takes executed shares off a resting order, order_reduce canceled ones: of a reserve order first
 * those nobody saw.  Its last share takes the order off its level.  order_reduce returns how many of them
 * were shown. */
void order_fill(struct venue *venue, struct order *order, uint32_t quantity);
uint32_t order_reduce(struct venue *venue, struct order *order, uint32_t quantity);
/* order_requeue shows the next slice of a reserve order at the end of its queue. */
void order_requeue(struct venue *venue, struct order *order);
/* order_forget returns an order that no longer rests to the pool. */
void order_forget(struct venue *venue, struct order *order);

/* trade.c */

struct sweep { /* an aggressor's walk along one side of an instrument */
    struct instrument *instrument;
    uint32_t side;          /* of the resting orders */
    uint32_t price;         /* the worst it accepts */
    uint32_t quantity;      /* shares it wants */
    uint32_t accounts_only; /* the street aggresses: leave its own orders alone */
    uint64_t priority_end;  /* at the worst price only displayed orders that came before this */
    struct order *taker;    /* the account's order, NULL for the street */
};
/* book_sweep trades along the side by price, displayed before hidden, then arrival; returns the shares
 * traded. book_available is how many it would trade. */
uint32_t book_sweep(struct venue *venue, const struct sweep *sweep);
uint32_t book_available(const struct venue *venue, const struct sweep *sweep);
/* book_touch is the best price of a side with displayed orders, pegged ones counted or not; 0: none. */
uint32_t book_touch(const struct venue *venue, const struct instrument *instrument, uint32_t side,
                    int pegged);
/* holding_undo takes a fill back out of a position. */
void holding_undo(struct holding *holding, uint32_t side, uint32_t quantity, uint32_t price, int64_t fee);

/* stream.c: each appends one message to the public stream */
void stream_copy(struct venue *venue, const uint8_t *message, size_t size);
void stream_add(struct venue *venue, const struct order *order);
void stream_executed(struct venue *venue, const struct order *order, uint32_t quantity, uint64_t match);
void stream_trade(struct venue *venue, const struct order *order, uint32_t quantity, uint64_t match);
void stream_broken(struct venue *venue, uint16_t locate, uint64_t match);
void stream_canceled(struct venue *venue, const struct order *order, uint32_t quantity);
void stream_deleted(struct venue *venue, const struct order *order);
void stream_replaced(struct venue *venue, uint64_t reference, const struct order *order);

/* report.c: what accounts are told, each appended to the account's log and, when it is about an order, to the
 * drop copy */
void record_append(struct record *record, const char *prefix, size_t prefix_size,
                   const struct ouch_outbound *message);
uint64_t record_count(const struct record *record);
uint64_t record_offset(const struct record *record, uint64_t sequence);
void record_close(struct record *record);
void report_append(struct venue *venue, uint32_t account, const struct ouch_outbound *message);
void report_event(struct venue *venue, uint32_t account, char event);
void report_executed(struct venue *venue, const struct order *order, uint32_t quantity, uint32_t price,
                     char liquidity, uint64_t match);
void report_canceled(struct venue *venue, const struct order *order, uint32_t quantity, char reason);
void report_notice(struct venue *venue, const struct order *order, enum ouch_outbound_type type);
void report_refreshed(struct venue *venue, const struct order *order);
void report_priority(struct venue *venue, const struct order *order);
void report_broken(struct venue *venue, const struct fill *fill);
void report_rejected(struct venue *venue, uint32_t account, uint32_t user_ref, enum ouch_reject_reason reason,
                     const char *client_order_id);

/* drop_copy.c */
void drop_copy_append(struct venue *venue, uint32_t account, const struct ouch_outbound *message);

/* fault.c */
/* fault_strikes says whether an armed fault of the account strikes now, and uses up one of its moments. */
int fault_strikes(struct account *account, enum venue_fault_kind kind, int64_t *amount);
/* fault_session appends a message to an account's log as its faults have it. */
void fault_session(struct venue *venue, uint32_t account, const struct ouch_outbound *message);

/* account.c: orders of accounts */

/* account_new takes an order from the pool and puts it at the end of its account's open ones: NULL when it is
 * full. */
struct order *account_new(struct venue *venue, uint32_t account, uint32_t user_ref);
struct order *account_find(struct venue *venue, uint32_t account, uint32_t user_ref);
/* account_place lets an order that does not rest meet the book at its price: trade, then rest or go.
 * replaced is what the public still sees of the order whose place it takes, NULL when there is nothing. */
void account_place(struct venue *venue, struct order *order, const struct order *replaced);
/* account_again takes a resting order out and places it anew at a price, behind all others. */
void account_again(struct venue *venue, struct order *order, uint32_t price);
/* account_forget drops an order that is over; account_cancel takes one out that is not: book, public stream,
 * report.  account_take_off does so for some of its shares, unreported. */
void account_forget(struct venue *venue, struct order *order);
void account_cancel(struct venue *venue, struct order *order, char reason);
void account_take_off(struct venue *venue, struct order *order, uint32_t quantity);

struct selection { /* of orders; NONE selects all */
    uint32_t locate;
    uint32_t side;
    char time_in_force; /* 0: any */
};
int selection_has(const struct selection *selection, const struct order *order);
/* account_cancel_where cancels the account's orders that match. */
void account_cancel_where(struct venue *venue, uint32_t account, const struct selection *selection,
                          char reason);
/* account_claim takes user_ref for a new message: 0 when it is not above all before it. */
int account_claim(struct venue *venue, uint32_t account, uint32_t user_ref);

/* entry.c, change.c */
void account_enter(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void account_replace(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void account_reduce(struct venue *venue, uint32_t account, const struct ouch_cancel *cancel);
void account_modify(struct venue *venue, uint32_t account, const struct ouch_modify *modify);
/* change_cancel cancels an order down to a size of its whole life, or, before a cross, promises to;
 * change_cancel_where does so to all that match. */
void change_cancel(struct venue *venue, struct order *order, uint32_t size);
void change_cancel_where(struct venue *venue, uint32_t account, const struct selection *selection);

/* peg.c: orders whose price follows the book */
void peg_link(struct venue *venue, struct order *order);
void peg_unlink(struct venue *venue, struct order *order);
/* peg_price is where an order belongs now, its limit kept: 0 when there is nothing to follow. */
uint32_t peg_price(const struct instrument *instrument, const struct order *order, const uint32_t *touches);
void peg_touches(const struct venue *venue, const struct instrument *instrument, uint32_t *touches);
/* peg_settle reprices what the last message moved; a locate of NONE looks at every instrument. */
void peg_settle(struct venue *venue, uint32_t locate);

/* hours.c: what time ends */
void hours_advance(struct venue *venue, uint64_t now_ns);
void hours_event(struct venue *venue, char event);
void hours_state(struct venue *venue, uint32_t locate, char state);

/* check.c: whether an order may enter; 0 or the reason to refuse it */

struct terms { /* what an Enter and a Replace share, options included */
    uint64_t price;
    uint32_t quantity;
    uint32_t minimum;
    uint32_t display_quantity;
    uint32_t expire_s;
    int32_t peg_offset;
    uint8_t post_only;
    char price_type;
    char time_in_force;
    char display;
};
/* terms_read fills in the options and judges them with the rest; a displayed order with a minimum becomes
 * immediate, as Nasdaq's rule 4703(e) has it. */
enum ouch_reject_reason terms_read(struct terms *terms, const struct ouch_appendage *appendage);
/* check_enter judges what else an Enter says; check_market what the market of the moment does not allow. */
enum ouch_reject_reason check_enter(const struct venue *venue, uint32_t account, uint32_t locate,
                                    const struct ouch_enter *enter, const struct ouch_appendage *appendage);
enum ouch_reject_reason check_market(const struct venue *venue, const struct instrument *instrument,
                                     const struct order *order);

/* admin.c: OUCH messages about no order of their own */
void admin_mass_cancel(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void admin_order_entry(struct venue *venue, uint32_t account, const struct ouch_inbound *message);
void admin_query(struct venue *venue, uint32_t account);
