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
    REPORT_NOT_SENT = 5, /* refused by the last check before transmit: nothing left the box */
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
    uint64_t reserved[3];
};

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
    uint32_t reserved;
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

/* execution_stage_open needs: rings "order" (consumer 0), "report" (producer), "command.execution"; counters
 * "execution-engine"; histograms "latency.book", ".signal", ".risk", ".execution", ".tick_to_order",
 * ".transmit"; control. */
int execution_stage_open(struct segment *segment, const struct execution_config *config, struct stage **stage,
                         char *message, size_t message_size);
