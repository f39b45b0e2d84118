/* execution: the OUCH 5.0 session of one venue and the orders in it.  After every start, and whenever
 * control.resync_requests moved, it replays the venue's record of the session from sequence 1: REPORT_RESET,
 * the replayed reports (flag REPORT_REPLAYED), then REPORT_LIVE.  Between RESET and LIVE positions and open
 * orders are unknown, and the gate is shut. */
#pragma once
#include "tickwire/report.h"
#include "tickwire/risk.h"

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
    EXECUTION_COUNT_ACCEPTED, /* from here to REJECTED, and OTHER: said live, not replayed */
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
    EXECUTION_COUNT_LIVES,         /* REPORT_LIVE published */
    EXECUTION_COUNT_ABANDONED,     /* times the supervisor fell silent for supervisor_silence_ns_max */
    EXECUTION_COUNT_SWEEP_RETRIES, /* times orders that outlived the cancels of a sweep were canceled again */
    EXECUTION_COUNT_SILENCES,      /* times the venue was silent for silence_cancel_ns */
    EXECUTION_COUNT_KILL_NS, /* gauge: from the last control.kill to the end of the last send of anything new;
0: that had ended before */
    EXECUTION_COUNT_STOPPED, /* orders that a stop word kept back at the last look */
    EXECUTION_COUNT_USER_REF, /* gauge: the highest UserRefNum of anything that left; no number names two
                                 orders, also when the venue never saw the first and every stage restarted */
    EXECUTION_COUNT_COMMANDS_STALE,       /* commands that named no open order, no such scope, or nothing */
    EXECUTION_COUNT_MASS_CANCELS,         /* OUCH Mass Cancels sent, */
    EXECUTION_COUNT_MASS_CANCEL_ANSWERS,  /* answered, */
    EXECUTION_COUNT_MASS_CANCEL_REFUSALS, /* and refused by the venue: each order is then canceled by itself
                                           */
    EXECUTION_COUNT_LOSSES, /* live sessions that ended other than by our own logout or resync */
};

enum execution_command {
    EXECUTION_LOGOUT = 1,
    EXECUTION_LOGIN = 2,
    EXECUTION_CANCEL_ALL = 3,   /* every open order, one Cancel each */
    EXECUTION_CANCEL = 4,       /* argument[0]: order id */
    EXECUTION_CANCEL_SCOPE = 5, /* argument[0]: enum stop_scope, argument[1]: its index; also a venue's */
    EXECUTION_MASS_CANCEL = 6,  /* OUCH Mass Cancel of the session's firm; argument[0]: instrument or -1.  It
                                   uses up the next UserRefNum: an order of the gate that has the same one is
                                   not sent (NOT_SENT_TABLE).  What it leaves open is canceled one by one */
    EXECUTION_RESYNC = 7,       /* replay the venue's record, for a reconciliation */
};

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
    uint64_t order_age_ns_max;          /* a tick older than this sends nothing new; 0: no bound */
    uint64_t supervisor_silence_ns_max; /* the supervisor silent for longer: cancel all orders; 0: never */
    uint64_t poll_ns;                   /* how often the socket is read while idle; 0: every cycle */
    uint32_t busy_poll_us;              /* SO_BUSY_POLL */
    uint32_t order_count_max;           /* orders of one session */
    uint32_t instrument_count;
    uint32_t send_buffer;       /* SO_SNDBUF bytes; 0: the kernel's choice */
    uint32_t venue;             /* its index: the N of every block, and in every order id and report */
    uint32_t order_types;       /* enum venue_offer: what this venue offers; what it does not is not sent */
    uint64_t silence_cancel_ns; /* the venue silent for longer: cancel every order; 0: never */
    uint32_t reconnect_jitter_ppm; /* at most this fraction of the back-off is added at random */
    uint32_t reserved;
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

/* execution_stage_open needs, N being config.venue: rings "order.N" (consumer 0), "report.N" (producer),
 * "command.execution.N", "sent.N" (producer, struct order, for observers: every NEW and REPLACE that left);
 * counters "execution-engine.N"; histograms "latency.book.N", ".signal.N", ".risk.N", ".execution.N",
 * ".tick_to_order.N", ".transmit.N"; control.  A CANCEL cancels all that is open of its target, whatever its
 * quantity says. */
int execution_stage_open(struct segment *segment, const struct execution_config *config, struct stage **stage,
                         char *message, size_t message_size);

/* The stage's two pure parts, for tests and simulation: no socket, no clock, no ring. */

/* Whose an order is, as its ClOrdID says it: "T", the last 10 decimal digits of the tick, then strategy,
 * account and trader in one character each, 0-9A-V.  client_order_id_read: ERROR_MALFORMED (and nobody's) for
 * one that this box would not have written. */
struct order_owner {
    uint64_t tick; /* modulo 10^10 when read */
    uint16_t strategy;
    uint8_t account;
    uint8_t trader;
    uint32_t reserved;
};
void client_order_id_write(char id[14], uint64_t tick, const struct order_owner *owner);
int client_order_id_read(const char id[14], struct order_owner *owner);

/* What can happen to an order.  order_transition is the one table of all legal changes of state: whatever it
 * refuses leaves the order as it is. */
enum order_event {
    ORDER_EVENT_ENTER = 0,       /* it is about to be sent */
    ORDER_EVENT_SETTLE = 1,      /* it is known never to take effect */
    ORDER_EVENT_ACCEPT_LIVE = 2, /* the venue describes it, with shares left, */
    ORDER_EVENT_ACCEPT_DONE = 3, /* with none left, its executions having been said before, */
    ORDER_EVENT_ACCEPT_DEAD = 4, /* or as dead */
    ORDER_EVENT_RETIRE = 5,      /* another order took its place */
    ORDER_EVENT_FILL_PART = 6,
    ORDER_EVENT_FILL_LAST = 7,
    ORDER_EVENT_FILL_OVER = 8, /* more than was left */
    ORDER_EVENT_CANCEL_PART = 9,
    ORDER_EVENT_CANCEL_LAST = 10,
    ORDER_EVENT_CANCEL_OVER = 11,
    ORDER_EVENT_REJECT = 12,
    ORDER_EVENT_REJECT_TRADED = 13, /* although part of it was executed */
    ORDER_EVENT_NOTICE = 14,        /* cancel pending or refused, new priority, restated */
    ORDER_EVENT_REDUCE_PART = 15,   /* modified to fewer shares */
    ORDER_EVENT_REDUCE_ALL = 16,
    ORDER_EVENT_REDUCE_WRONG = 17, /* modified to more shares or another side */
    ORDER_EVENT_BREAK = 18,        /* a trade of it was broken */
    ORDER_EVENT_BREAK_UNTRADED = 19,
    ORDER_EVENT_COUNT = 20
};

enum order_verdict {
    ORDER_STEP_LEGAL = 0,
    ORDER_STEP_FEARED = 1, /* illegal, but applied: not to would understate what may trade or has traded */
    ORDER_STEP_REFUSED = 2,
};

struct order_step {
    uint8_t state; /* enum order_state after it */
    uint8_t verdict;
};

/* answered: the venue has accepted, replaced or rejected it. */
struct order_step order_transition(enum order_state state, int answered, enum order_event event);

struct order_table; /* the orders of one session, by UserRefNum */

struct order_table_counts {
    uint64_t illegal;      /* messages no order state allows */
    uint64_t unknown;      /* messages about orders this box did not send in this life */
    uint64_t duplicates;   /* messages whose sequence had already been applied */
    uint64_t full;         /* orders of the venue's record that found no room */
    uint64_t open;         /* orders that may still execute */
    uint64_t mass_answers; /* of the venue to our Mass Cancels */
    uint64_t mass_refusals;
};

int order_table_create(const struct execution_config *config, struct order_table **table);
void order_table_destroy(struct order_table *table);
/* order_table_enter notes an order that is about to be sent (NEW, or REPLACE of an open order).  0, or
 * ERROR_NOT_FOUND (target not open), ERROR_DUPLICATE, ERROR_FULL, ERROR_ARGUMENT (a field out of range,
 * reference 0, a replace of another side or instrument). */
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
    uint64_t disconnects; /* of every connection: a probe's and our own logout too */
    uint64_t losses;      /* of a live session, other than by our own logout or resync */
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
