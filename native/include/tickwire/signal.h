/* signal: turns market updates into order intents.  Ring "intent", 64-byte records, consumer risk. */
#pragma once
#include "tickwire/market.h"

enum intent_kind { INTENT_NEW = 1, INTENT_CANCEL = 2, INTENT_REPLACE = 3 };
enum time_in_force { TIF_DAY = 0, TIF_IOC = 1 };

struct order_intent {
    uint64_t tick;
    uint64_t rx_ns;
    uint32_t book_ns; /* stage times: ns after rx_ns */
    uint32_t signal_ns;
    int64_t price;
    uint64_t target_order_id; /* CANCEL and REPLACE: which order */
    uint32_t quantity;
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* enum intent_kind */
    uint8_t side; /* enum side */
    uint8_t time_in_force;
    uint8_t reserved0;
    int32_t score; /* the signal's value, 1/1 000 000: why it wanted this */
    uint64_t reserved1;
};

enum signal_mode { SIGNAL_TAKE = 0, SIGNAL_QUOTE = 1 };

/* What the gate answers when it lets an intent not pass: ring "verdict", 64-byte records, producer risk,
 * consumer signal, which would otherwise wait for ever for reports of an order that never left. */
struct risk_refusal {
    uint64_t tick;
    uint64_t rx_ns;
    int64_t price;
    uint64_t target_order_id;
    uint32_t quantity;
    uint16_t instrument;
    uint16_t strategy;
    uint8_t kind; /* enum intent_kind */
    uint8_t side;
    uint8_t time_in_force;
    uint8_t verdict; /* enum risk_verdict */
    uint32_t reserved0;
    uint64_t reserved1[2];
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

struct signal_parameters {
    uint32_t enabled;
    uint32_t strategy;
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
 * At most one order an instrument, and nothing while an answer is awaited.  Position plus order never passes
 * position_max.  Stale feed, trading not open, too wide a market, parameters withdrawn: resting orders are
 * cancelled, nothing is sent.  Only an update makes a NEW or REPLACE; reports, refusals and parameters may
 * make a CANCEL. */
struct signal_rule;
struct execution_report;

enum signal_outcome {
    SIGNAL_NOTHING = 0,
    SIGNAL_INTENT = 1,       /* intent was filled in, and counts as sent */
    SIGNAL_STALE = 2,        /* nothing: feed stale or trading not open */
    SIGNAL_UNRECONCILED = 3, /* nothing: own orders and position unknown */
};

int signal_rule_create(struct signal_rule **rule);
void signal_rule_destroy(struct signal_rule *rule);
void signal_rule_parameters(struct signal_rule *rule, const struct signal_parameters *parameters);
/* signal_rule_update returns 1 when the instrument's previous update had not been decided upon yet. */
int signal_rule_update(struct signal_rule *rule, const struct market_update *update);
void signal_rule_report(struct signal_rule *rule, const struct execution_report *report);
void signal_rule_refusal(struct signal_rule *rule, const struct risk_refusal *refusal);
/* signal_rule_review makes every instrument with an order due: a refused cancel is tried again. */
void signal_rule_review(struct signal_rule *rule);
/* signal_rule_due says whether an instrument awaits a decision; signal_rule_decide takes the oldest. */
int signal_rule_due(const struct signal_rule *rule);
enum signal_outcome signal_rule_decide(struct signal_rule *rule, struct order_intent *intent);
int64_t signal_rule_position(const struct signal_rule *rule, uint32_t instrument);

/* signal_stage_open needs: rings "market" (consumer 0), "report" (consumer 0), "verdict" (consumer 0),
 * "intent" (producer); parameters "signal"; counters "signal-bridge"; control.  Within a cycle it acts on an
 * instrument's latest update only.  It counts itself into control.resync_requests, and does nothing until the
 * replay that follows. */
int signal_stage_open(struct segment *segment, struct stage **stage, char *message, size_t message_size);
