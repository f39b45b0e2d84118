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

struct signal_instrument_parameters { /* one an instrument; quantities in shares, thresholds in 1/1 000 000 */
    uint32_t enabled;
    uint32_t mode; /* enum signal_mode */
    uint32_t order_quantity;
    uint32_t position_max;   /* the strategy's own bound, inside the gate's */
    int32_t imbalance_enter; /* depth imbalance (bid - ask) / (bid + ask) that opens */
    int32_t imbalance_exit;  /* |imbalance| below this closes */
    int64_t edge_min;        /* micro-price minus mid, 1/10 000: least edge to act */
    int64_t spread_max;      /* 1/10 000: no orders in wider markets */
    uint64_t cooldown_ns;    /* least time between two intents, by tick time */
    uint32_t inventory_skew; /* threshold added per position_max held, 1/1 000 000 */
    uint32_t reserved;
};

struct signal_parameters {
    uint32_t enabled;
    uint32_t strategy;
    struct signal_instrument_parameters instruments[INSTRUMENT_COUNT_MAX];
};

enum signal_counter {
    SIGNAL_COUNT_UPDATES,
    SIGNAL_COUNT_STALE,        /* updates not acted on because the feed was stale */
    SIGNAL_COUNT_UNRECONCILED, /* not acted on because own position is unknown */
    SIGNAL_COUNT_INTENTS,
    SIGNAL_COUNT_CANCELS,
    SIGNAL_COUNT_REPLACES,
    SIGNAL_COUNT_BACKPRESSURE,
    SIGNAL_COUNT_REPORTS,
};

/* signal_stage_open needs: rings "market" (consumer 0), "report" (consumer 0), "intent"; parameters "signal";
 * counters "signal-bridge"; control. */
int signal_stage_open(struct segment *segment, struct stage **stage, char *message, size_t message_size);
