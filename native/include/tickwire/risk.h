/* risk: the gate.  Every intent gets one verdict; only RISK_PASS leaves, as an order, on ring "order"
 * (64-byte records, consumer execution).  Refuses everything until limits have been published, and again when
 * they, the book or the steward go stale.  Sent orders count at once. */
#pragma once
#include "tickwire/metric.h"
#include "tickwire/signal.h"

#define RISK_PRICE_MAX        4294967295 /* what the wire can carry */
#define RISK_QUANTITY_MAX     999999     /* OUCH: fewer than a million shares */
#define RISK_MESSAGE_RATE_MAX 4096       /* the gate remembers the times of this many messages */
#define RISK_CANCEL_RESERVE   8          /* one message in 8 of the rate is kept for cancels */
#define RISK_PASSIVE_COLLARS  10

enum risk_verdict {
    RISK_PASS = 0,
    RISK_KILLED,           /* kill switch */
    RISK_NOT_ARMED,        /* control.armed is 0 */
    RISK_NOT_RECONCILED,   /* own orders and positions are unknown, or this instrument's position is */
    RISK_NO_LIMITS,        /* never published, or none for this instrument */
    RISK_LIMITS_STALE,     /* the risk steward has not refreshed them in time */
    RISK_SUPERVISOR_STALE, /* supervisor heartbeat too old */
    RISK_INSTRUMENT,       /* not a configured instrument, or not permitted */
    RISK_MALFORMED,        /* no such kind, side or time in force; price or quantity no venue takes; a replace
                              of another side or instrument, or of less than was executed */
    RISK_BOOK_STALE,       /* feed stale, recovering, or no two-sided, uncrossed book for the collar */
    RISK_TRADING_STATE,    /* not open for trading */
    RISK_TICK_AGE,         /* the tick behind it is too old */
    RISK_ORDER_QUANTITY,
    RISK_ORDER_VALUE,
    RISK_PRICE_COLLAR,
    RISK_POSITION, /* position plus working orders would pass the limit */
    RISK_OPEN_ORDERS,
    RISK_MESSAGE_RATE,
    RISK_UNKNOWN_ORDER, /* cancel or replace of an order that is not open; replace of one being replaced */
    RISK_SESSION_DOWN,  /* the order session is not logged in, or has no user reference left */
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
    uint8_t generation; /* of the LIVE that the gate's picture was completed by */
};

struct risk_instrument_limits { /* an order with no limit set is refused: 0 permits nothing */
    uint32_t permitted;
    uint32_t order_quantity_max; /* shares */
    int64_t order_value_max;     /* price * quantity, 1/10 000 */
    int64_t position_max;        /* |position| counting working orders, shares */
    uint32_t collar_ppm; /* farthest a price may be through the opposite touch, parts per million of it;
                            and RISK_PASSIVE_COLLARS times that behind its own touch */
    uint32_t open_orders_max;
};

struct risk_limits {
    uint64_t limits_age_ns_max; /* since published */
    uint64_t supervisor_age_ns_max;
    uint64_t tick_age_ns_max;
    uint32_t
        message_rate_max;     /* messages in any window of message_window_ns, at most RISK_MESSAGE_RATE_MAX */
    uint32_t open_orders_max; /* all instruments */
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
                    RISK_COUNT_BACKPRESSURE =
                        38, /* cycles in which intents had to wait for room in ring "verdict" */
};

/* The gate, apart from rings and clocks, for tests and simulation.
 *
 * - A cancel only reduces risk: it needs a live session, a known order and the message rate, nothing else.
 * - Message rate: submit, modify and cancel all count and together never pass message_rate_max in any window;
 * submits and modifies stop message_rate_max / RISK_CANCEL_RESERVE earlier, so that there is always room to
 * cancel.
 * - Position: each side by itself must stay inside position_max if everything open on it and nothing on the
 * other were executed.
 * - The quantity of a replace is OUCH's: the order's total, what was executed of it included.  Until it is
 * settled the larger of the two remainders is reserved.
 * - Exposure is settled by reports whatever their order; what cannot be attributed shuts the gate until the
 * next RESET, for the instrument if it is known and for all if it is not. */
struct risk_gate;
struct execution_report;

struct risk_moment { /* what the gate judges by besides the intent: the time of the duty cycle and control's
                        words */
    uint64_t now_ns;
    uint64_t kill;
    uint64_t armed;
    uint64_t epoch;
    uint64_t supervisor_heartbeat_ns;
    uint64_t order_room; /* 0: ring "order" is full */
};

struct risk_exposure {
    int64_t position;
    int64_t open_buy; /* shares that may still be bought */
    int64_t open_sell;
    uint32_t open_orders;
    uint32_t reserved;
};

/* risk_gate_create allocates a gate that holds at most order_count_max open orders. */
int risk_gate_create(uint32_t order_count_max, struct risk_gate **gate);
void risk_gate_destroy(struct risk_gate *gate);
void risk_gate_limits(struct risk_gate *gate, const struct risk_limits *limits, uint64_t published_ns);
void risk_gate_market(struct risk_gate *gate, const struct market_update *update);
/* risk_gate_report settles; 1 applied, 0 without effect, ERROR_NOT_FOUND when it is about an unknown order.
 */
int risk_gate_report(struct risk_gate *gate, const struct execution_report *report);
/* risk_gate_judge decides and changes nothing.  risk_gate_reserve decides and on RISK_PASS reserves the
 * exposure and fills in the order that may be sent. */
enum risk_verdict risk_gate_judge(const struct risk_gate *gate, const struct order_intent *intent,
                                  const struct risk_moment *moment);
enum risk_verdict risk_gate_reserve(struct risk_gate *gate, const struct order_intent *intent,
                                    const struct risk_moment *moment, struct order *order);
void risk_gate_exposure(const struct risk_gate *gate, uint32_t instrument, struct risk_exposure *exposure);
uint32_t risk_gate_open_orders(const struct risk_gate *gate);
uint32_t risk_gate_reconciled(const struct risk_gate *gate);
/* risk_gate_measure is for benchmarks: rounds times it reserves batch (at most 64) times the intent and
 * records the nanoseconds per reservation, then settles them untimed as not sent.  Returns how many passed.
 */
uint64_t risk_gate_measure(struct risk_gate *gate, const struct order_intent *intent,
                           struct risk_moment *moment, uint32_t batch, uint32_t rounds,
                           struct histogram *histogram);

/* risk_stage_open needs: rings "market" (consumer 1), "report" (consumer 1), "intent" (consumer 0), "order"
 * (producer), "verdict" (producer); parameters "risk"; counters "risk-manager"; histogram "gate" (ns a
 * judgement); control.  It counts itself into control.resync_requests and refuses everything until the replay
 * that follows. */
int risk_stage_open(struct segment *segment, struct stage **stage, char *message, size_t message_size);
