/* report: what became of an order, ours or the venue's word.  Ring "report.N" (N: the venue), 128-byte
 * records, consumers signal, risk, position, router; that venue's execution writes them, and position copies
 * those of all venues to ring "blotter", which only observers read.  A module of its own, below all four:
 * reports go back to those whose orders execution takes. */
#pragma once
#include "tickwire/base.h"

#define REPORT_CONSUMER_SIGNAL   0
#define REPORT_CONSUMER_RISK     1
#define REPORT_CONSUMER_POSITION 2
#define REPORT_CONSUMER_ROUTER   3
#define REPORT_CONSUMER_COUNT    4

/* An order id is venue << 60 | epoch << 32 | UserRefNum, the epoch in 28 bits. */
#define ORDER_ID_VENUE_SHIFT 60
#define ORDER_ID_EPOCH_SHIFT 32
#define ORDER_ID_EPOCH_MAX   268435455

enum report_kind {
    REPORT_RESET = 1,    /* forget orders and positions: a replay follows */
    REPORT_LIVE = 2,     /* the replay is complete; next_user_ref is set; state is known */
    REPORT_DOWN = 3,     /* the session is gone: orders are unknown until the next LIVE */
    REPORT_SENT = 4,     /* handed to the kernel */
    REPORT_NOT_SENT = 5, /* settled without the venue: never sent, or known never to take effect (reason) */
    REPORT_ACCEPTED = 6,
    REPORT_REPLACED = 7, /* target_order_id is gone, order_id took its place */
    REPORT_CANCELED = 8, /* quantity shares left the book; leaves says what remains */
    REPORT_EXECUTED = 9,
    REPORT_REJECTED = 10,
    REPORT_CANCEL_PENDING = 11,
    REPORT_CANCEL_REJECTED = 12,
    REPORT_BROKEN = 13,   /* a trade was broken: undo match_number */
    REPORT_RESTATED = 14, /* price, priority or other change by the venue */
};

/* Reason of a REPORT_NOT_SENT.  After all but the last two nothing left the box.  Those are the settlement of
 * an order that was SENT: its UserRefNum is forgotten, and if the venue ever speaks of it again it is adopted
 * as an unknown order. */
enum not_sent_reason {
    NOT_SENT_KILLED = 'k',   /* the kill switch, or STOP_KILL of its scope, was on at the last look */
    NOT_SENT_DISARMED = 'd', /* control.armed was 0 at that look */
    NOT_SENT_EPOCH = 'e',    /* the order is of another trading epoch */
    NOT_SENT_AGE = 'a',      /* the tick behind it is older than order_age_ns_max */
    NOT_SENT_SESSION = 's', /* the session was not live, or has not been all the while since, or the venue has
                               been silent for silence_cancel_ns */
    NOT_SENT_TARGET = 't',  /* the order to cancel or replace is not open */
    NOT_SENT_TABLE = 'f',   /* the order table is full, or the UserRefNum was used before */
    NOT_SENT_MALFORMED = 'm',   /* no such instrument or kind: our own bug, refused all the same */
    NOT_SENT_UNSUPPORTED = 'u', /* this venue does not offer what the order asks for; OUCH has no word for a
                                   replace that changes a sale's mark */
    NOT_SENT_STOPPED = 'p',     /* a stop word of the firm, its venue, account, strategy or instrument */
    NOT_SENT_LOST = 'l', /* it was on its way when the session broke; the venue's record has no trace of it */
    NOT_SENT_SUPERSEDED =
        'x' /* a replace that the venue ignores, since its target was done before it arrived */
};

enum report_flag {
    REPORT_REPLAYED = 1,
    REPORT_UNKNOWN_ORDER = 2, /* this box did not send it in this life; adopted from the venue's record */
};

struct execution_report {
    uint64_t order_id;
    uint64_t target_order_id; /* REPLACED: the order that was replaced */
    uint64_t sequence;        /* SoupBinTCP sequence of the message; 0 for our own records */
    uint64_t tick;            /* of the order's tick, when known; modulo 10^10 for an adopted order */
    uint64_t rx_ns;           /* of that tick */
    uint64_t report_ns;       /* when the stage published it */
    uint64_t venue_ns;        /* the venue's stamp: ns since midnight */
    uint64_t
        match_number;  /* the venue's; SENT, and NOT_SENT of what never left: the parent's id, 0 if none */
    int64_t price;     /* limit price; EXECUTED: execution price */
    uint32_t quantity; /* ACCEPTED/REPLACED: order quantity; EXECUTED/CANCELED: this event's shares */
    uint32_t leaves;   /* open quantity after it */
    uint32_t next_user_ref; /* LIVE */
    uint16_t instrument;
    uint8_t kind;
    uint8_t side;
    uint8_t reason; /* the venue's code, 0 if none */
    uint8_t flags;
    uint8_t liquidity; /* the venue's flag */
    uint8_t time_in_force;
    uint8_t order_state; /* enum order_state after it */
    uint8_t venue;
    uint8_t account;
    uint8_t trader;
    uint64_t order_reference; /* the venue's reference number */
    uint32_t book_ns;         /* SENT: the order's way, ns after rx_ns: book, signal, gate, */
    uint32_t signal_ns;
    uint32_t risk_ns;
    uint32_t execution_ns; /* just before send, */
    uint32_t transmit_ns;  /* and how long send took */
    uint16_t strategy;
    uint8_t generation; /* LIVE: which picture this completes; modulo 256 */
    uint8_t order_type; /* enum order_type */
};

/* Every report carries what is known of the order after it; leaves is never more than what the venue may
 * still execute by its own word, and 0 once order_state is final.  SENT and NOT_SENT of a cancel name the
 * order to cancel in order_id and target_order_id both: a cancel has no identity of its own, and changes
 * nothing by being sent. EXECUTED of an order nobody has described (flag UNKNOWN_ORDER) has side SIDE_NONE
 * and instrument INSTRUMENT_NONE. */

enum order_state {
    ORDER_NONE = 0,
    ORDER_SENT = 1,
    ORDER_LIVE = 2,
    ORDER_FILLED = 3,
    ORDER_CANCELED = 4,
    ORDER_REJECTED = 5,
    ORDER_REPLACED = 6,
};
