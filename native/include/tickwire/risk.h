/* risk: the gate.  Every intent gets one verdict; only RISK_PASS leaves, as an order, on ring "order"
 * (64-byte records, consumer execution).  Refuses everything until limits have been published, and again when
 * they, the book or the steward go stale.  Sent orders count at once. */
#pragma once
#include "tickwire/signal.h"

enum risk_verdict {
    RISK_PASS = 0,
    RISK_KILLED,           /* kill switch */
    RISK_NOT_ARMED,        /* control.armed is 0 */
    RISK_NOT_RECONCILED,   /* own orders and positions are unknown */
    RISK_NO_LIMITS,        /* never published, or none for this instrument */
    RISK_LIMITS_STALE,     /* the risk steward has not refreshed them in time */
    RISK_SUPERVISOR_STALE, /* supervisor heartbeat too old */
    RISK_INSTRUMENT,       /* not a configured instrument, or not permitted */
    RISK_MALFORMED,        /* zero quantity, no price, unknown side or kind */
    RISK_BOOK_STALE,       /* feed stale, recovering, or no two-sided book for the collar */
    RISK_TRADING_STATE,    /* not open for trading */
    RISK_TICK_AGE,         /* the tick behind it is too old */
    RISK_ORDER_QUANTITY,
    RISK_ORDER_VALUE,
    RISK_PRICE_COLLAR,
    RISK_POSITION, /* position plus working orders would pass the limit */
    RISK_OPEN_ORDERS,
    RISK_MESSAGE_RATE,
    RISK_UNKNOWN_ORDER, /* cancel or replace of an order that is not open */
    RISK_SESSION_DOWN,  /* the order session is not logged in */
    RISK_BACKPRESSURE,  /* the order ring is full */
    RISK_VERDICT_COUNT
};

struct order { /* what may be sent: written by the gate only */
    uint64_t tick;
    uint64_t rx_ns;
    uint32_t book_ns;
    uint32_t signal_ns;
    uint32_t risk_ns;
    uint32_t quantity;
    int64_t price;
    uint64_t order_id;        /* low 32 bits: OUCH UserRefNum; high 32: trading epoch */
    uint64_t target_order_id; /* CANCEL and REPLACE */
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* enum intent_kind */
    uint8_t side;
    uint8_t time_in_force;
    uint8_t reserved;
};

struct risk_instrument_limits { /* an order with no limit set is refused: 0 permits nothing */
    uint32_t permitted;
    uint32_t order_quantity_max; /* shares */
    int64_t order_value_max;     /* price * quantity, 1/10 000 */
    int64_t position_max;        /* |position| counting working orders, shares */
    uint32_t collar_ppm;         /* farthest a price may be through the touch, parts per million of it */
    uint32_t open_orders_max;
};

struct risk_limits {
    uint64_t limits_age_ns_max; /* since published */
    uint64_t supervisor_age_ns_max;
    uint64_t tick_age_ns_max;
    uint32_t message_rate_max; /* messages in any window of message_window_ns */
    uint32_t open_orders_max;  /* all instruments */
    uint64_t message_window_ns;
    struct risk_instrument_limits instruments[INSTRUMENT_COUNT_MAX];
};

enum risk_counter { /* verdicts are counters 0 .. RISK_VERDICT_COUNT-1 of the block; these follow */
                    RISK_COUNT_INTENTS = 32,
                    RISK_COUNT_ORDERS = 33,
                    RISK_COUNT_OPEN_ORDERS = 34, /* gauge */
                    RISK_COUNT_RECONCILED = 35,  /* gauge */
                    RISK_COUNT_REPORTS = 36,
                    RISK_COUNT_UNKNOWN_REPORTS = 37, /* reports of orders the gate does not know */
};

/* risk_stage_open needs: rings "market" (consumer 1), "report" (consumer 1), "intent" (consumer 0), "order"
 * (producer); parameters "risk"; counters "risk-manager"; histogram "gate" (ns a judgement); control. */
int risk_stage_open(struct segment *segment, struct stage **stage, char *message, size_t message_size);
