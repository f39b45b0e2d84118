/* risk: the gate.  Every intent gets one verdict; only RISK_PASS leaves, as an order, on ring "order.N" (N:
 * the venue; 128-byte records, consumer execution).  Refuses everything until limits have been published, and
 * again when they, the book or the steward go stale.  Sent orders count at once. */
#pragma once
#include "tickwire/metric.h"
#include "tickwire/signal.h"

#define RISK_PRICE_MAX        4294967295 /* what the wire can carry */
#define RISK_QUANTITY_MAX     999999     /* OUCH: fewer than a million shares */
#define RISK_MESSAGE_RATE_MAX 4096       /* the gate remembers the times of this many messages */
#define RISK_CANCEL_RESERVE   8          /* one message in 8 of the rate is kept for cancels */
#define RISK_PASSIVE_COLLARS  10
#define RISK_WINDOW_COUNT_MAX                                                                                \
    256 /* orders of a strategy or instrument, executions of a strategy, in a window */
#define RISK_DUPLICATE_MEMORY 8 /* orders of an instrument that a new one is compared with */

enum risk_verdict {
    RISK_PASS = 0,
    RISK_KILLED,           /* kill switch, of any scope */
    RISK_PAUSED,           /* a person paused its scope */
    RISK_BREAK,            /* reconciliation found a difference here */
    RISK_BREAKER,          /* circuit breaker open */
    RISK_PROBE,            /* circuit breaker half-open and its probe orders used up */
    RISK_THROTTLED,        /* too many repeated executions of the strategy: until a person re-enables it */
    RISK_NOT_ARMED,        /* control.armed is 0 */
    RISK_NOT_RECONCILED,   /* own orders and positions are unknown, or this instrument's position is */
    RISK_NO_LIMITS,        /* never published, or none for this instrument */
    RISK_LIMITS_STALE,     /* the risk steward has not refreshed them in time */
    RISK_SUPERVISOR_STALE, /* supervisor heartbeat too old */
    RISK_VENUE,            /* no such venue, or it is not permitted */
    RISK_INSTRUMENT,       /* not a configured instrument, or not permitted */
    RISK_RESTRICTED,       /* on the restricted list */
    RISK_ACCOUNT,          /* no such account, or it is not permitted */
    RISK_STRATEGY,         /* no such strategy, not permitted, or not for this account */
    RISK_TRADER,           /* no such trader, not permitted, or not this strategy's */
    RISK_MALFORMED,        /* no such kind, side, type or time in force; price or quantity no venue takes; a
                              replace of another side or instrument, or of less than was executed */
    RISK_TICK_SIZE,        /* the price is between two ticks */
    RISK_BOOK_STALE,       /* feed stale, recovering, or no two-sided, uncrossed book for the collar */
    RISK_TRADING_STATE,    /* not open for trading */
    RISK_TICK_AGE,         /* the tick behind it is too old */
    RISK_ORDER_QUANTITY,
    RISK_ORDER_VALUE,
    RISK_PRICE_COLLAR,      /* too far from the book, by percentage or ticks */
    RISK_PRICE_COLLAR_LAST, /* too far from the last trade */
    RISK_SHORT_SALE,        /* short sales not allowed here, nothing located, or the Reg SHO price test */
    RISK_POSITION,          /* position plus working orders would pass the limit */
    RISK_NOT_REDUCING,      /* reduce-only, and it would not */
    RISK_EXPOSURE_INSTRUMENT,
    RISK_GROSS_STRATEGY,
    RISK_NET_STRATEGY,
    RISK_GROSS_ACCOUNT,
    RISK_NET_ACCOUNT,
    RISK_GROSS_FIRM,
    RISK_NET_FIRM,
    RISK_CREDIT_ACCOUNT, /* executed today both ways plus working */
    RISK_CREDIT_FIRM,
    RISK_OPEN_ORDERS,
    RISK_MESSAGE_RATE,  /* submits, modifies and cancels in the long window */
    RISK_MESSAGE_BURST, /* and in the short one */
    RISK_ORDER_RATE,    /* new orders of the strategy or instrument in their window */
    RISK_DUPLICATE,     /* the same order again */
    RISK_SELF_MATCH,    /* it could trade with an order of our own */
    RISK_UNKNOWN_ORDER, /* cancel or replace of an order that is not open; replace of one being replaced */
    RISK_SESSION_DOWN,  /* the order session is not logged in, or has no user reference or epoch left */
    RISK_BACKPRESSURE,  /* the order ring is full */
    RISK_VERDICT_COUNT
};

enum short_sale { SALE_LONG = 0, SALE_SHORT = 1, SALE_SHORT_EXEMPT = 2 };

struct order { /* what may be sent: written by the gate only; 128 bytes */
    uint64_t tick;
    uint64_t rx_ns;
    uint32_t book_ns;
    uint32_t signal_ns;
    uint32_t risk_ns;
    uint32_t quantity;
    int64_t price;
    uint64_t order_id;        /* see report.h; 0 for a CANCEL */
    uint64_t target_order_id; /* CANCEL and REPLACE */
    int64_t decision_price;
    uint64_t parent_id;
    uint32_t display_quantity;
    uint32_t minimum_quantity;
    int32_t peg_offset;
    uint32_t flags; /* enum order_flag */
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* enum intent_kind */
    uint8_t side;
    uint8_t time_in_force;
    uint8_t generation; /* of the LIVE that the gate's picture was completed by */
    uint8_t venue;
    uint8_t account;
    uint8_t trader;
    uint8_t order_type;
    uint8_t display;
    uint8_t short_sale; /* enum short_sale, of a sale: the gate's own judgement */
    uint8_t source;     /* enum intent_source */
    uint8_t reserved0;
    int32_t score;
    uint32_t reserved1;
    uint64_t reserved2[2];
};

/* Limits.  An order with no limit set is refused: 0 permits nothing, and a window of 0 ns never ends.  Money
 * in 1/10 000.
 *
 * Exposure of a scope is counted over its instruments, each at its last mid: v = position * mid, b and s the
 * value of what is open to buy and to sell at its limit prices.  gross = sum of max(|v + b|, |v - s|); net
 * long = sum of (v + b), net short = sum of (s - v), each as if everything open on that side and nothing on
 * the other were executed.  An order that does not raise what is limited passes even above the limit. */
struct risk_scope_limits {
    uint32_t permitted;
    uint32_t open_orders_max;
    int64_t gross_max;
    int64_t net_max;
    int64_t credit_max; /* value executed today, both ways, plus working; firm and accounts */
};

struct risk_strategy_limits {
    struct risk_scope_limits scope; /* credit_max is not used */
    uint32_t account;               /* the only one it may trade for */
    uint32_t trader;                /* and in whose name */
    uint32_t order_count_max;       /* new orders in order_window_ns, at most RISK_WINDOW_COUNT_MAX */
    uint32_t execution_count_max;   /* executions in execution_window_ns, at most RISK_WINDOW_COUNT_MAX: then
                                       the strategy is throttled */
    uint64_t execution_window_ns;
    uint64_t throttle_generation; /* when it changes the gate forgets that the strategy was throttled */
    uint32_t probe_orders_max;    /* while STOP_PROBE */
    uint32_t reserved;
};

struct risk_venue_limits {
    uint32_t permitted;
    uint32_t probe_orders_max;
    uint64_t reserved;
};

struct risk_instrument_limits {
    uint32_t permitted;
    uint32_t restricted;         /* not 0: on the restricted list */
    uint32_t order_quantity_max; /* shares */
    uint32_t open_orders_max;
    int64_t order_value_max;  /* price * quantity, 1/10 000 */
    int64_t position_max;     /* |position| counting working orders, shares */
    int64_t exposure_max;     /* gross of this instrument, 1/10 000 */
    int64_t collar_distance;  /* 1/10 000: as collar_ppm, the tighter of the two counts */
    uint32_t collar_ppm;      /* farthest a price may be through the opposite touch, parts per million of it;
                                 and RISK_PASSIVE_COLLARS times that behind its own touch */
    uint32_t collar_last_ppm; /* farthest through the last trade, parts per million of it; 0: not looked at */
    uint32_t order_count_max; /* new orders in order_window_ns, at most RISK_WINDOW_COUNT_MAX */
    uint32_t short_sale;      /* not 0: allowed, */
    uint32_t locate_quantity; /* up to this many shares short */
    uint32_t tick_size;       /* 1/10 000 */
};

struct risk_limits {
    uint64_t limits_age_ns_max; /* since published */
    uint64_t supervisor_age_ns_max;
    uint64_t tick_age_ns_max;
    uint64_t message_window_ns;
    uint64_t message_burst_window_ns;
    uint64_t order_window_ns;
    uint64_t duplicate_window_ns;
    uint64_t probe_generation; /* a change gives every scope its probe orders anew */
    uint32_t message_rate_max; /* messages in any message_window_ns, at most RISK_MESSAGE_RATE_MAX */
    uint32_t message_burst_max;
    uint32_t duplicate_max;        /* identical orders tolerated in the window besides the first; at most
                                      RISK_DUPLICATE_MEMORY - 1 */
    uint32_t self_match;           /* not 0: tolerated */
    uint32_t kill_allows_reducing; /* not 0: reduce-only orders pass a kill, too */
    uint32_t probe_orders_max;     /* of the firm, while STOP_PROBE */
    struct risk_scope_limits firm;
    struct risk_venue_limits venues[VENUE_COUNT_MAX];
    struct risk_scope_limits accounts[ACCOUNT_COUNT_MAX];
    struct risk_strategy_limits strategies[STRATEGY_COUNT_MAX];
    uint32_t traders[TRADER_COUNT_MAX]; /* not 0: permitted */
    struct risk_instrument_limits instruments[INSTRUMENT_COUNT_MAX];
};

/* What the gate counts against its limits, for people: table "exposure", entries of every scope in the order
 * firm, accounts, strategies, instruments (RISK_SCOPE_X below). */
struct risk_scope_exposure {
    uint64_t version;
    int64_t gross;
    int64_t net_long;
    int64_t net_short;
    int64_t credit_used;
    int64_t position; /* shares, of an instrument */
    uint32_t open_orders;
    uint32_t throttled; /* a strategy's latch */
    uint64_t refusals;
};
#define RISK_SCOPE_FIRM       0
#define RISK_SCOPE_ACCOUNT    1  /* + account */
#define RISK_SCOPE_STRATEGY   17 /* + strategy */
#define RISK_SCOPE_INSTRUMENT 49 /* + instrument */
#define RISK_SCOPE_COUNT      305

enum risk_counter { /* verdicts are counters 0 .. RISK_VERDICT_COUNT-1 of the block; these follow */
                    RISK_COUNT_INTENTS = 64,
                    RISK_COUNT_ORDERS = 65,
                    RISK_COUNT_OPEN_ORDERS = 66, /* gauge */
                    RISK_COUNT_RECONCILED = 67,  /* gauge: every venue that is permitted */
                    RISK_COUNT_REPORTS = 68,
                    RISK_COUNT_UNKNOWN_REPORTS = 69, /* reports of orders the gate does not know */
                    RISK_COUNT_BACKPRESSURE =
                        70, /* cycles in which intents had to wait for room in ring "verdict" */
                    RISK_COUNT_CANCELS = 71,
};

/* The gate, apart from rings and clocks, for tests and simulation.
 *
 * - A cancel only reduces risk: it needs a live session, a known order and the message rate, nothing else.
 * - Message rate: submit, modify and cancel all count and together never pass message_rate_max in any window;
 * submits and modifies stop message_rate_max / RISK_CANCEL_RESERVE earlier, so that there is always room to
 * cancel.
 * - The order in which an intent is judged, which is the order of the reasons, heads risk_gate.c.
 * - Position: each side by itself must stay inside position_max if everything open on it and nothing on the
 * other were executed.
 * - An order without a price of its own (a market order, a peg without a limit) is judged and valued as if it
 * had the farthest price the collar allows.
 * - Self-match: an order that may wait in the book counts with its limit, one without a limit with any price.
 * - A venue that is permitted and whose record is not known (never told, or being told) shuts all venues,
 * because what the firm holds is then not known; one whose session is gone shuts only itself.
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
    uint64_t order_room;               /* 0: ring "order.N" of the intent's venue is full */
    const struct control_stops *stops; /* never NULL */
};

struct risk_exposure {
    int64_t position;
    int64_t open_buy; /* shares that may still be bought */
    int64_t open_sell;
    uint32_t open_orders;
    uint32_t reserved;
};

/* risk_gate_create allocates a gate that holds at most order_count_max (up to 65 536) open orders. */
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
/* risk_gate_throttle latches a strategy's throttle, as a gate of an earlier life had: until
 * throttle_generation changes after the first limits of this life. */
void risk_gate_throttle(struct risk_gate *gate, uint32_t strategy);
void risk_gate_exposure(const struct risk_gate *gate, uint32_t instrument, struct risk_exposure *exposure);
/* risk_gate_scope fills in what table "exposure" says of RISK_SCOPE_X, but for the version.
 * risk_gate_next_change takes the next scope that has changed since it was last taken; RISK_SCOPE_COUNT:
 * none. */
void risk_gate_scope(const struct risk_gate *gate, uint32_t scope, struct risk_scope_exposure *exposure);
uint32_t risk_gate_next_change(struct risk_gate *gate);
uint32_t risk_gate_open_orders(const struct risk_gate *gate);
uint32_t risk_gate_reconciled(const struct risk_gate *gate);
/* risk_gate_measure is for benchmarks: rounds times it reserves the next batch (at most 64) of the intents
 * and records the nanoseconds per reservation, then settles them untimed as not sent.  Returns how many
 * passed. */
uint64_t risk_gate_measure(struct risk_gate *gate, const struct order_intent *intents, uint32_t intent_count,
                           struct risk_moment *moment, uint32_t batch, uint32_t rounds,
                           struct histogram *histogram);

/* risk_stage_open needs, N being each of venue_count venues: rings "market.N" (consumer 1), "report.N"
 * (consumer 1), "order.N" (producer); "intent.signal", "intent.router", "intent.operator" (consumer 0),
 * "verdict" (producer); table "exposure"; parameters "risk"; counters "risk-manager"; histogram "gate" (ns a
 * judgement); control.  It counts itself into control.resync_requests and refuses everything until the replay
 * that follows. */
int risk_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                    size_t message_size);
