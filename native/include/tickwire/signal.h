/* signal: turns market updates into order intents (ring "intent.signal", to the gate) or, where a strategy
 * leaves the choice of venue to the router, into parent orders (ring "parent", to the router).  Every order,
 * whoever wants it, is an intent first and passes the gate. */
#pragma once
#include "tickwire/market.h"

enum intent_kind { INTENT_NEW = 1, INTENT_CANCEL = 2, INTENT_REPLACE = 3 };
enum time_in_force { TIF_DAY = 0, TIF_IOC = 1, TIF_EXTENDED = 2 /* day and the sessions before and after */ };
enum order_type {
    ORDER_TYPE_LIMIT = 0,
    ORDER_TYPE_MARKET = 1,      /* price 0; the gate judges it as if at the collar */
    ORDER_TYPE_PEG_PRIMARY = 2, /* follows its own side's best price; price is the limit it never passes */
    ORDER_TYPE_PEG_MARKET = 3,  /* follows the other side's */
    ORDER_TYPE_PEG_MIDPOINT = 4,
    ORDER_TYPE_COUNT = 5
};
enum order_display { DISPLAY_VISIBLE = 0, DISPLAY_HIDDEN = 1 };
enum order_flag {
    ORDER_POST_ONLY = 1,    /* the venue refuses it rather than letting it take */
    ORDER_REDUCE_ONLY = 2,  /* may only bring the strategy's position nearer to 0: passes a pause */
    ORDER_SWEEP = 4,        /* intermarket sweep: the router has looked at every venue */
    ORDER_SHORT_EXEMPT = 8, /* a sale that is short is marked exempt */
    ORDER_PASSES_KILL = 16, /* the gate's own: it reduces, and the limits let such orders pass a kill */
};

/* What a venue takes besides plain limit orders. */
enum venue_offer {
    OFFER_MARKET = 1,
    OFFER_POST_ONLY = 2,
    OFFER_HIDDEN = 4,
    OFFER_RESERVE = 8,
    OFFER_MINIMUM_QUANTITY = 16,
    OFFER_PEG = 32,
    OFFER_EXTENDED_HOURS = 64,
    OFFER_MASS_CANCEL = 128
};

/* Who writes an intent; each has a ring of its own, "intent.signal", "intent.router", "intent.operator",
 * consumer risk, and gets its refusals back. */
enum intent_source { SOURCE_SIGNAL = 0, SOURCE_ROUTER = 1, SOURCE_OPERATOR = 2, SOURCE_COUNT = 3 };

struct order_intent { /* 128 bytes */
    uint64_t tick;
    uint64_t rx_ns;
    uint32_t book_ns; /* stage times: ns after rx_ns */
    uint32_t signal_ns;
    int64_t price;
    uint64_t target_order_id; /* CANCEL and REPLACE: which order */
    int64_t decision_price;   /* what slippage is measured from; 0: not said */
    uint64_t parent_id;       /* the router's; 0: none */
    uint32_t quantity;
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* enum intent_kind */
    uint8_t side; /* enum side */
    uint8_t time_in_force;
    uint8_t venue;
    uint8_t account;
    uint8_t trader;
    uint8_t order_type;
    uint8_t display;           /* enum order_display */
    uint32_t flags;            /* enum order_flag */
    uint32_t display_quantity; /* reserve: what is shown of it; 0: all */
    uint32_t minimum_quantity; /* 0: none */
    int32_t peg_offset;        /* 1/10 000, towards the other side is positive */
    int32_t score;             /* the signal's value, 1/1 000 000: why it wanted this */
    uint32_t reserved0;
    uint64_t reserved1[4];
};

/* A parent order: what is wanted, while the router chooses venues and pieces.  Ring "parent" (producer
 * signal) and ring "parent.operator" (producer the supervisor), 128-byte records, consumer router. */
enum parent_policy {
    PARENT_SWEEP = 0, /* take at the best net prices of all venues at once, IOC */
    PARENT_POST = 1,  /* rest where resting is best, follow the touch */
    PARENT_TWAP = 2,  /* equal slices over duration_ns, each swept */
};

#define PARENT_SOURCE_SHIFT 56
/* In the place of the source, in an intent's parent_id: an order that a person sent to one venue.  It has no
 * parent; the id says which one it is in SENT, NOT_SENT and refusals, and neither signal nor router takes it
 * for its own. */
#define PARENT_BY_HAND 3

struct parent_order {
    uint64_t parent_id; /* its producer's choice, distinct: intent_source << 56 and a number */
    uint64_t tick;
    uint64_t rx_ns;
    uint32_t book_ns;
    uint32_t signal_ns;
    int64_t limit_price;    /* 0: only the slippage bound */
    int64_t decision_price; /* 0: the mid when the router takes it */
    uint64_t duration_ns;   /* TWAP */
    uint64_t interval_ns;   /* TWAP: from slice to slice */
    uint32_t quantity;
    uint32_t
        slippage_ppm_max; /* farthest from decision_price, parts per million; past it the rest is canceled */
    uint32_t display_quantity;
    uint32_t flags; /* enum order_flag */
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* INTENT_NEW; INTENT_CANCEL cancels parent_id */
    uint8_t side;
    uint8_t policy; /* enum parent_policy */
    uint8_t account;
    uint8_t trader;
    uint8_t venue_mask; /* venues that may be used, a bit each; 0: all */
    uint16_t reserved0;
    int32_t score;
    uint32_t reserved1[4];
    uint64_t reserved2[2];
};

enum parent_state {
    PARENT_WORKING = 1,
    PARENT_FILLED = 2,
    PARENT_CANCELED = 3, /* the rest of it: by request, bound, end of time or because nothing was there */
    PARENT_REFUSED = 4,  /* nothing was ever sent */
};

enum parent_reason {
    PARENT_REASON_NONE = 0,
    PARENT_REASON_REQUEST = 1,
    PARENT_REASON_SLIPPAGE = 2,    /* the market went past the bound */
    PARENT_REASON_LIQUIDITY = 3,   /* nothing to take within the limit */
    PARENT_REASON_TIME = 4,        /* TWAP: over, with something left */
    PARENT_REASON_VERDICT = 5,     /* the gate refused, see verdict */
    PARENT_REASON_MALFORMED = 6,   /* no such instrument, policy, quantity */
    PARENT_REASON_FULL = 7,        /* too many parents at once */
    PARENT_REASON_UNKNOWN = 8,     /* a session broke: the fate of a child is not known */
    PARENT_REASON_UNAVAILABLE = 9, /* no venue is live with a fresh book */
};

/* Ring "parent.report", 64-byte records, producer router, consumer signal.  A parent has one report when it
 * is taken, one whenever its figures or state change, and is over with the first whose state is not WORKING;
 * only a child whose fate was unknown then (working is not 0) makes another.  parent_id 0: the router has
 * started, and the first tick records of ring "parent" were lost with its earlier life; it answers for the
 * others. */
struct parent_report {
    uint64_t parent_id;
    uint64_t tick;
    uint64_t report_ns;
    int64_t executed_value; /* price * quantity */
    uint32_t quantity;
    uint32_t executed;
    uint32_t working; /* shares of children that may still execute */
    int32_t slippage; /* average execution against decision_price, 1/10 000, positive: worse */
    uint16_t instrument;
    uint16_t strategy;
    uint8_t state;   /* enum parent_state */
    uint8_t reason;  /* enum parent_reason */
    uint8_t verdict; /* enum risk_verdict of the last refusal */
    uint8_t side;
    uint64_t reserved;
};

enum signal_mode { SIGNAL_TAKE = 0, SIGNAL_QUOTE = 1 };

/* What the gate answers when it lets an intent not pass: ring "verdict", 64-byte records, producer risk,
 * consumers signal and router, which would otherwise wait for ever for reports of an order that never left.
 * Each takes what is of its source. */
#define VERDICT_CONSUMER_SIGNAL 0
#define VERDICT_CONSUMER_ROUTER 1
#define VERDICT_CONSUMER_COUNT  2

struct risk_refusal {
    uint64_t tick;
    uint64_t rx_ns;
    int64_t price;
    uint64_t target_order_id;
    uint64_t parent_id;
    uint64_t refused_ns;
    uint32_t quantity;
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* enum intent_kind */
    uint8_t side;
    uint8_t time_in_force;
    uint8_t verdict; /* enum risk_verdict */
    uint8_t source;  /* enum intent_source */
    uint8_t venue;
    uint8_t account;
    uint8_t trader;
};

struct signal_instrument_parameters { /* one an instrument; quantities in shares, thresholds in 1/1 000 000 */
    uint32_t enabled;
    uint32_t mode; /* enum signal_mode */
    uint32_t order_quantity;
    uint32_t position_max;   /* the strategy's own bound, inside the gate's */
    int32_t imbalance_enter; /* depth imbalance (bid - ask) / (bid + ask) that opens */
    int32_t imbalance_exit;  /* imbalance in favour of what is held below this closes it */
    int64_t edge_min;        /* micro-price minus mid, 1/10 000: least edge to act */
    int64_t spread_max;      /* 1/10 000: no orders in wider markets */
    uint64_t cooldown_ns;    /* least time from any intent to the next NEW or REPLACE, by tick time */
    uint32_t
        inventory_skew; /* added to imbalance_enter per position_max already held that way, 1/1 000 000 */
    uint32_t reserved;
};

enum signal_route {
    ROUTE_DIRECT = 0, /* orders for signal_parameters.venue */
    ROUTE_SWEEP = 1,  /* takes are parent orders, PARENT_SWEEP; quotes go to signal_parameters.venue */
};

struct signal_parameters {
    uint32_t enabled;
    uint16_t strategy;
    uint8_t account;
    uint8_t trader;
    uint8_t venue; /* whose book the rule watches and quotes in */
    uint8_t route; /* enum signal_route */
    uint16_t reserved0;
    uint32_t slippage_ppm_max; /* of parent orders */
    struct signal_instrument_parameters instruments[INSTRUMENT_COUNT_MAX];
};

enum signal_counter {
    SIGNAL_COUNT_UPDATES,
    SIGNAL_COUNT_STALE,        /* decisions to do nothing because the feed was stale or trading not open */
    SIGNAL_COUNT_UNRECONCILED, /* the same because own orders and position are unknown */
    SIGNAL_COUNT_INTENTS,      /* of any kind */
    SIGNAL_COUNT_CANCELS,
    SIGNAL_COUNT_REPLACES,
    SIGNAL_COUNT_BACKPRESSURE, /* cycles in which a decision had to wait for room in ring "intent" */
    SIGNAL_COUNT_REPORTS,
    SIGNAL_COUNT_CONFLATED, /* updates superseded by a later one of the same instrument in the same cycle */
    SIGNAL_COUNT_REFUSALS,  /* intents the gate did not let pass */
    SIGNAL_COUNT_PARENTS,   /* parent orders handed to the router */
};

/* The rule, apart from rings and clocks, for tests and simulation.  Integers only and deterministic: the same
 * calls give the same intents.
 *
 * Per instrument, over the three levels of the last update: imbalance = (bid - ask) / (bid + ask) quantity,
 * in 1/1 000 000; edge = micro-price - mid of the touch, rounded towards zero.  A side is favoured when
 * imbalance and edge reach their thresholds in its direction.
 * - SIGNAL_TAKE sends an IOC at the opposite touch on the favoured side, and closes likewise (no edge asked)
 * once the imbalance in favour of the position is below imbalance_exit.
 * - SIGNAL_QUOTE keeps one Day order at the favoured side's own touch: entered on the thresholds, kept until
 * imbalance is below imbalance_exit, replaced when the touch moves (cancelled if part of it has been
 * executed, to be quoted afresh), and quotes the other side to close a position once the imbalance has faded.
 * It watches one venue and quotes there; with ROUTE_SWEEP its takes are parent orders, one at a time.
 * Position is that of its strategy on all venues, and known when all of them are LIVE; other strategies'
 * orders are not looked at, nor are a parent's children but for what they execute. At most one order an
 * instrument, and nothing while an answer is awaited.  Position plus order never passes position_max.  Stale
 * feed, trading not open, too wide a market, parameters withdrawn: resting orders are cancelled, nothing is
 * sent.  Only an update makes a NEW or REPLACE; reports, refusals and parameters may make a CANCEL. */
struct signal_rule;
struct execution_report;

enum signal_outcome {
    SIGNAL_NOTHING = 0,
    SIGNAL_INTENT = 1,       /* intent was filled in, and counts as sent */
    SIGNAL_STALE = 2,        /* nothing: feed stale or trading not open */
    SIGNAL_UNRECONCILED = 3, /* nothing: own orders and position unknown */
    SIGNAL_PARENT = 4,       /* parent was filled in, and counts as handed over */
};

/* signal_rule_create: for a box of venue_count venues. */
int signal_rule_create(uint32_t venue_count, struct signal_rule **rule);
void signal_rule_destroy(struct signal_rule *rule);
/* signal_rule_parameters returns 1 when it names another strategy: what was known was of the other one's
 * orders, and nothing is sent until all venues were replayed. */
int signal_rule_parameters(struct signal_rule *rule, const struct signal_parameters *parameters);
/* signal_rule_update returns 1 when the instrument's previous update had not been decided upon yet. */
int signal_rule_update(struct signal_rule *rule, const struct market_update *update);
void signal_rule_report(struct signal_rule *rule, const struct execution_report *report);
void signal_rule_refusal(struct signal_rule *rule, const struct risk_refusal *refusal);
/* signal_rule_parent_report: a parent is named by its id or, when the router has started anew, by its number:
 * the rule's first is 0. */
void signal_rule_parent_report(struct signal_rule *rule, const struct parent_report *report);
/* signal_rule_review makes every instrument with an order due: a refused cancel is tried again. */
void signal_rule_review(struct signal_rule *rule);
/* signal_rule_due says whether an instrument awaits a decision; signal_rule_decide takes the oldest and fills
 * in at most one of intent and parent. */
int signal_rule_due(const struct signal_rule *rule);
enum signal_outcome signal_rule_decide(struct signal_rule *rule, struct order_intent *intent,
                                       struct parent_order *parent);
int64_t signal_rule_position(const struct signal_rule *rule, uint32_t instrument);

/* signal_stage_open needs, N being each of venue_count venues: rings "market.N" (consumer 0), "report.N"
 * (consumer 0), "verdict" (consumer 0), "parent.report" (consumer 0), "intent.signal" and "parent"
 * (producer); parameters "signal"; counters "signal-bridge"; control.  Within a cycle it acts on an
 * instrument's latest update only.  It counts itself into control.resync_requests, and does nothing until the
 * replay that follows. */
int signal_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                      size_t message_size);
