/* execution: the OUCH 5.0 session and the orders in it.  Ring "report", 128-byte records, consumers signal,
 * risk, position, telemetry.  After every start, and whenever control.resync_requests moved, it replays the
 * venue's record of the session from sequence 1: REPORT_RESET, the replayed reports (flag REPORT_REPLAYED),
 * then REPORT_LIVE.  Between RESET and LIVE positions and open orders are unknown, and the gate is shut. */
#pragma once
#include "tickwire/risk.h"

#define REPORT_CONSUMER_SIGNAL   0
#define REPORT_CONSUMER_RISK     1
#define REPORT_CONSUMER_POSITION 2
#define REPORT_CONSUMER_COUNT    3

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

/* Reason of a REPORT_NOT_SENT.  After the first six nothing left the box.  The last two are the settlement of
 * an order that was SENT: its UserRefNum is forgotten, and if the venue ever speaks of it again it is adopted
 * as an unknown order. */
enum not_sent_reason {
    NOT_SENT_KILLED = 'k',    /* the kill switch was on at the last look before transmit */
    NOT_SENT_EPOCH = 'e',     /* the order is of another trading epoch */
    NOT_SENT_SESSION = 's',   /* the session was not live, or has not been all the while since */
    NOT_SENT_TARGET = 't',    /* the order to cancel or replace is not open */
    NOT_SENT_TABLE = 'f',     /* the order table is full, or the UserRefNum was used before */
    NOT_SENT_MALFORMED = 'm', /* no such instrument or kind: our own bug, refused all the same */
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
    uint64_t tick;            /* of the order's tick, when known */
    uint64_t rx_ns;           /* of that tick */
    uint64_t report_ns;       /* when the stage published it */
    uint64_t venue_ns;        /* the venue's stamp: ns since midnight */
    uint64_t match_number;
    int64_t price;          /* limit price; EXECUTED: execution price */
    uint32_t quantity;      /* ACCEPTED/REPLACED: order quantity; EXECUTED/CANCELED: this event's shares */
    uint32_t leaves;        /* open quantity after it */
    uint32_t next_user_ref; /* LIVE */
    uint16_t instrument;
    uint8_t kind;
    uint8_t side;
    uint8_t reason; /* the venue's code, 0 if none */
    uint8_t flags;
    uint8_t liquidity; /* the venue's flag */
    uint8_t time_in_force;
    uint32_t order_state;     /* enum order_state after it */
    uint64_t order_reference; /* the venue's reference number */
    uint32_t book_ns;         /* SENT: the order's way, ns after rx_ns: book, signal, gate, */
    uint32_t signal_ns;
    uint32_t risk_ns;
    uint32_t execution_ns; /* just before send, */
    uint32_t transmit_ns;  /* and how long send took */
    uint32_t reserved;
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

enum session_state {
    SESSION_DOWN = 0,
    SESSION_CONNECTING = 1,
    SESSION_PROBING = 2, /* logged in to learn the venue's sequence number */
    SESSION_LOGGING_IN = 3,
    SESSION_REPLAYING = 4,
    SESSION_LIVE = 5,
    SESSION_LOGGING_OUT = 6,
    SESSION_REFUSED = 7, /* the venue refused the login: a person must look */
};

enum execution_counter {
    EXECUTION_COUNT_ORDERS,
    EXECUTION_COUNT_CANCELS,
    EXECUTION_COUNT_REPLACES,
    EXECUTION_COUNT_NOT_SENT,
    EXECUTION_COUNT_ACCEPTED,
    EXECUTION_COUNT_REPLACED,
    EXECUTION_COUNT_CANCELED,
    EXECUTION_COUNT_EXECUTED,
    EXECUTION_COUNT_EXECUTED_SHARES,
    EXECUTION_COUNT_REJECTED,
    EXECUTION_COUNT_OTHER,   /* every other message of the venue */
    EXECUTION_COUNT_ILLEGAL, /* messages no order state allows: counted, applied where safe */
    EXECUTION_COUNT_UNKNOWN_ORDER,
    EXECUTION_COUNT_MALFORMED,
    EXECUTION_COUNT_CONNECTS,
    EXECUTION_COUNT_DISCONNECTS,
    EXECUTION_COUNT_REPLAYED,
    EXECUTION_COUNT_HEARTBEATS_SENT,
    EXECUTION_COUNT_HEARTBEATS_RECEIVED,
    EXECUTION_COUNT_BACKPRESSURE,
    EXECUTION_COUNT_SESSION_STATE, /* gauge: enum session_state */
    EXECUTION_COUNT_NEXT_SEQUENCE, /* gauge */
    EXECUTION_COUNT_OPEN_ORDERS,   /* gauge */
    EXECUTION_COUNT_SEND_BLOCKED,  /* the kernel's send buffer was full */
};

enum execution_command { EXECUTION_LOGOUT = 1, EXECUTION_LOGIN = 2, EXECUTION_CANCEL_ALL = 3 };

struct execution_config {
    uint32_t address; /* IPv4 host order of the venue's SoupBinTCP port */
    uint32_t port;
    char username[8]; /* padded with spaces */
    char password[16];
    char session[16]; /* blank: the current one */
    char firm[8];
    uint64_t heartbeat_ns;     /* send one after this much silence of ours */
    uint64_t silence_ns_max;   /* the venue silent for longer: disconnect */
    uint64_t reconnect_ns_min; /* back-off: doubles up to the maximum */
    uint64_t reconnect_ns_max;
    uint64_t poll_ns;         /* how often the socket is read while idle; 0: every cycle */
    uint32_t busy_poll_us;    /* SO_BUSY_POLL */
    uint32_t order_count_max; /* orders of one session */
    uint32_t instrument_count;
    uint32_t send_buffer; /* SO_SNDBUF bytes; 0: the kernel's choice */
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

/* execution_stage_open needs: rings "order" (consumer 0), "report" (producer), "command.execution"; counters
 * "execution-engine"; histograms "latency.book", ".signal", ".risk", ".execution", ".tick_to_order",
 * ".transmit"; control.  A CANCEL cancels all that is open of its target, whatever its quantity says. */
int execution_stage_open(struct segment *segment, const struct execution_config *config, struct stage **stage,
                         char *message, size_t message_size);

/* The stage's two pure parts, for tests and simulation: no socket, no clock, no ring. */

struct order_table; /* the orders of one session, by UserRefNum */

struct order_table_counts {
    uint64_t illegal;    /* messages no order state allows */
    uint64_t unknown;    /* messages about orders this box did not send in this life */
    uint64_t duplicates; /* messages whose sequence had already been applied */
    uint64_t full;       /* orders of the venue's record that found no room */
    uint64_t open;       /* orders that may still execute */
};

int order_table_create(const struct execution_config *config, struct order_table **table);
void order_table_destroy(struct order_table *table);
/* order_table_enter notes an order that is about to be sent (NEW, or REPLACE of an open order).  0, or
 * ERROR_NOT_FOUND (target not open), ERROR_DUPLICATE, ERROR_FULL, ERROR_ARGUMENT (instrument, kind, reference
 * 0). */
int order_table_enter(struct order_table *table, const struct order *order);
/* order_table_withdraw forgets an order that was entered and could not be sent after all. */
void order_table_withdraw(struct order_table *table, uint64_t order_id);
/* order_table_apply applies one OUCH message of the venue (data, size: SoupBinTCP payload).  Returns 1 when
 * it made a report, 0 when not (not about an order, duplicate, illegal and not applied), or a decoder's
 * error. */
int order_table_apply(struct order_table *table, const uint8_t *data, size_t size, uint64_t sequence,
                      uint64_t now_ns, struct execution_report *report);
/* order_table_settle hands out one order at a time that is known never to take effect (NOT_SENT, reason LOST
 * or SUPERSEDED): 1, or 0 when there is none. */
int order_table_settle(struct order_table *table, uint64_t now_ns, struct execution_report *report);
/* order_table_reset forgets all that the venue said: a replay from sequence 1 follows.  Orders of this life
 * are SENT again, unless another_session says that they belonged to a session that is over. */
void order_table_reset(struct order_table *table, int another_session);
/* order_table_settle_lost declares every order that is still SENT lost: the replay is complete and has no
 * trace of them.  order_table_settle hands them out. */
void order_table_settle_lost(struct order_table *table);
/* order_table_state is an order's state and leaves; ORDER_NONE for one the table does not hold. */
enum order_state order_table_state(const struct order_table *table, uint32_t user_ref, uint32_t *leaves);
void order_table_get_counts(const struct order_table *table, struct order_table_counts *counts);

struct session; /* SoupBinTCP from the client's side, and when to be live */

enum session_action { SESSION_NOTHING = 0, SESSION_CONNECT = 1, SESSION_CLOSE = 2 };

enum session_event_kind {
    SESSION_EVENT_NONE = 0,
    SESSION_EVENT_RESET = 1,   /* a replay from sequence 1 follows */
    SESSION_EVENT_MESSAGE = 2, /* one OUCH message */
    SESSION_EVENT_LIVE = 3,    /* all the venue had to say has been said */
    SESSION_EVENT_DOWN = 4
};

struct session_event {
    uint32_t kind;
    uint32_t size;
    const uint8_t *data; /* valid until the next session_* call */
    uint64_t sequence;
    uint32_t replayed;        /* MESSAGE: before LIVE */
    uint32_t another_session; /* RESET: the venue has begun another session since the last one */
    uint32_t next_user_ref;   /* LIVE */
    uint32_t reserved;
};

struct session_counts {
    uint64_t connects;
    uint64_t disconnects;
    uint64_t malformed;
    uint64_t heartbeats_sent;
    uint64_t heartbeats_received;
    uint64_t next_sequence;
    uint32_t state; /* enum session_state */
    uint32_t reserved;
};

int session_create(const struct execution_config *config, struct session **session);
void session_destroy(struct session *session);
/* session_advance lets time pass: time-outs, heartbeats, back-off.  Returns what the owner of the socket must
 * do now (enum session_action), after which it calls session_connected or session_closed. */
int session_advance(struct session *session, uint64_t now_ns);
void session_connected(struct session *session, uint64_t now_ns);
void session_closed(struct session *session, uint64_t now_ns); /* also: the connect failed */
/* session_receive copies bytes of the venue in and returns how many it took; session_next gives the next
 * event out of them: 1, or 0 when there is none. */
size_t session_receive(struct session *session, const uint8_t *data, size_t size, uint64_t now_ns);
int session_next(struct session *session, uint64_t now_ns, struct session_event *event);
/* session_pending is what waits to be sent; session_sent says how much of it the kernel took. */
const uint8_t *session_pending(const struct session *session, size_t *size);
void session_sent(struct session *session, size_t size, uint64_t now_ns);
void session_login(struct session *session,
                   uint64_t now_ns); /* an operator's word: try now, forget back-off */
void session_logout(struct session *session, uint64_t now_ns); /* and stay out until session_login */
void session_resync(struct session *session);                  /* disconnect and replay from sequence 1 */
void session_refuse(struct session *session, uint64_t now_ns); /* disconnect, and wait for a person */
void session_get_counts(const struct session *session, struct session_counts *counts);
