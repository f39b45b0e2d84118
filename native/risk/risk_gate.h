/* risk_gate: the memory of the gate, shared by its own files.
 *
 * Exposure lives in cells, one per scope (the firm, each account, each strategy) and instrument; a scope's
 * sums are the sums of its cells, kept up to date by the difference whenever a cell changes.  All of it is
 * exact in integers: what would not fit is bounded below, and what passes a bound is refused or not believed.
 */
#pragma once
#include "base/id_map.h"
#include "report/report_follow.h"
#include "tickwire/risk.h"

#define GATE_SCOPE_COUNT     RISK_SCOPE_INSTRUMENT /* the firm, accounts, strategies */
#define GATE_POSITION_MAX    (INT64_C(1) << 28)    /* shares: more is nothing we believe */
#define GATE_ORDER_VALUE_MAX (INT64_C(1) << 44)    /* of one order or fill, 1/10 000 */
#define GATE_VALUE_MAX       (INT64_C(1) << 54)    /* of one cell: its sums stop here, above every limit */
#define GATE_CREDIT_MAX      (INT64_C(1) << 58)    /* of all that was executed at one venue: likewise */
#define GATE_ORDER_COUNT_MAX 65536                 /* so that working values cannot overflow either */
#define GATE_LINE            __attribute__((aligned(CACHE_LINE)))

enum gate_order_flag {
    GATE_REPLACEMENT = 1, /* its reservation is part of its peer's until the venue has replaced that one */
    GATE_CONFIRMED = 2, /* the venue has spoken of it: its own word about what is open counts from then on */
    GATE_RESTS = 4,     /* may wait in the book, where another order of ours could meet it */
};

struct gate_order {
    uint64_t order_id; /* 0: not in use */
    int64_t value;     /* what this order holds of open value, 1/10 000, */
    uint32_t reserved; /* and of open shares */
    uint32_t peer;     /* index of the other half of a replace in flight; ID_MAP_NONE */
    uint32_t open;     /* shares that may still be executed */
    uint32_t executed; /* shares, the orders it replaced included */
    uint32_t price;    /* that its shares are valued at */
    uint32_t reach;    /* the farthest price it may trade at */
    uint32_t next;     /* among the resting orders of its instrument, venue and side; ID_MAP_NONE */
    uint32_t previous;
    uint16_t instrument;
    uint8_t side;
    uint8_t flags;
    uint8_t venue;
    uint8_t account;
    uint8_t strategy;
    uint8_t trader;
} GATE_LINE;

struct gate_cell { /* one scope in one instrument */
    int64_t position;
    int64_t open[2];  /* reserved shares by side */
    int64_t value[2]; /* their value */
    int64_t gross;    /* as it stands in the scope's sum; so do */
    int64_t net[2];   /* net long and net short */
} GATE_LINE;

struct gate_scope {
    int64_t gross;
    int64_t net[2];
    int64_t executed; /* value, both ways */
    int64_t working;  /* value, both ways */
    uint32_t open_orders;
    uint32_t reserved;
} GATE_LINE;

struct gate_instrument {
    int64_t mark; /* last mid of any venue; before there was one, the price of a fill */
    uint32_t open_orders;
    uint32_t strategies; /* a bit each: that hold a position */
    uint32_t accounts;
    uint32_t untrusted; /* a bit a venue: its position there is not known, until that venue's next RESET */
};

struct gate_book { /* one instrument at one venue */
    uint32_t bid;  /* touch; 0: none */
    uint32_t ask;
    uint32_t last;
    uint8_t stale; /* also while no update was ever seen */
    uint8_t trading_state;
    uint8_t short_sale; /* restricted */
    uint8_t reserved;
};

struct gate_own {    /* our resting orders of one instrument at one venue, by side */
    int64_t best[2]; /* no order reaches farther; out of date (too far) where stale has the side's bit */
    uint32_t head[2];
    uint32_t stale;
    uint32_t reserved;
};

struct gate_window { /* when the last things of a kind happened */
    uint64_t count;
    uint64_t ns[RISK_WINDOW_COUNT_MAX];
};

struct gate_recent { /* the last orders of an instrument, to know a duplicate by */
    uint64_t what[RISK_DUPLICATE_MEMORY];
    uint64_t who[RISK_DUPLICATE_MEMORY];
    int64_t ns[RISK_DUPLICATE_MEMORY];
    uint64_t next;
} GATE_LINE;

struct gate_venue {
    struct report_follow follow;
    uint32_t next_user_ref;
    uint32_t generation; /* of the last LIVE */
    int64_t executed[GATE_SCOPE_COUNT];
    int64_t position[GATE_SCOPE_COUNT][INSTRUMENT_COUNT_MAX];
    struct fill_log fills;
    uint16_t fill_owner[FILL_COUNT_MAX]; /* strategy << 8 | account */
};

#define GATE_PROBE_FIRM     0
#define GATE_PROBE_VENUE    1
#define GATE_PROBE_STRATEGY (GATE_PROBE_VENUE + VENUE_COUNT_MAX)
#define GATE_PROBE_COUNT    (GATE_PROBE_STRATEGY + STRATEGY_COUNT_MAX)

struct risk_gate {
    uint64_t limits_published_ns; /* 0: never */
    uint32_t permitted;           /* venues, a bit each: by the limits, */
    uint32_t known;               /* whose picture was complete once and has not been begun anew, */
    uint32_t untrusted;           /* where something happened that cannot be attributed to any instrument */
    uint32_t throttled;           /* strategies, a bit each */
    uint32_t open_orders;
    uint32_t free_count;
    uint32_t order_count; /* that there is memory for */
    uint32_t reserved;
    uint64_t message_count;
    struct id_map map;
    struct gate_order *orders;
    uint32_t *free;                               /* indices of orders not in use */
    uint64_t dirty[(RISK_SCOPE_COUNT + 63) / 64]; /* scopes, a bit each, changed since last asked for */
    uint32_t probes[GATE_PROBE_COUNT];            /* orders let through in this generation */
    uint64_t refusals[RISK_SCOPE_COUNT];
    struct gate_scope scopes[GATE_SCOPE_COUNT];
    struct gate_instrument instruments[INSTRUMENT_COUNT_MAX] GATE_LINE;
    struct gate_book books[INSTRUMENT_COUNT_MAX][VENUE_COUNT_MAX] GATE_LINE;
    struct gate_own own[INSTRUMENT_COUNT_MAX][VENUE_COUNT_MAX] GATE_LINE;
    struct risk_limits limits GATE_LINE;
    struct gate_cell cells[GATE_SCOPE_COUNT][INSTRUMENT_COUNT_MAX];
    struct gate_recent recent[INSTRUMENT_COUNT_MAX];
    uint64_t message_ns[RISK_MESSAGE_RATE_MAX]; /* when the last messages passed */
    struct gate_window instrument_orders[INSTRUMENT_COUNT_MAX];
    struct gate_window strategy_orders[STRATEGY_COUNT_MAX];
    struct gate_window executions[STRATEGY_COUNT_MAX];
    struct gate_venue venues[VENUE_COUNT_MAX];
};

struct gate_owner {
    uint8_t strategy;
    uint8_t account;
};

static inline struct gate_order *gate_find(const struct risk_gate *gate, uint32_t venue, uint64_t order_id) {
    uint32_t index = id_map_find(&gate->map, order_id);
    return index == ID_MAP_NONE || gate->orders[index].venue != venue ? NULL : &gate->orders[index];
}

static inline int gate_knows(const struct risk_gate *gate, uint64_t order_id) {
    return id_map_find(&gate->map, order_id) != ID_MAP_NONE;
}

static inline struct gate_order *gate_peer(const struct risk_gate *gate, const struct gate_order *order) {
    return order->peer == ID_MAP_NONE ? NULL : &gate->orders[order->peer];
}

static inline int64_t gate_least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static inline int64_t gate_most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static inline int64_t gate_size(int64_t value) {
    return value < 0 ? -value : value;
}

/* gate_value is the value of shares at a price of 32 bits: it cannot wrap, and stops at the most one order
 * may be worth. */
static inline int64_t gate_value(uint64_t shares, uint64_t price) {
    uint64_t value = shares * price;
    return value < (uint64_t)GATE_ORDER_VALUE_MAX ? (int64_t)value : GATE_ORDER_VALUE_MAX;
}

static inline int gate_is_price(int64_t price) {
    return price > 0 && price <= RISK_PRICE_MAX;
}

static inline void gate_touch(struct risk_gate *gate, uint32_t scope) {
    gate->dirty[scope / 64] |= UINT64_C(1) << (scope % 64);
}

/* gate_window_allows: the budget-th latest must have left the window.  The times are those of what passed, so
 * this is exact, not an approximation by buckets.  size is how many times are remembered, a power of two. */
static inline int gate_window_allows(const uint64_t *ns, uint64_t count, uint64_t size, uint64_t now_ns,
                                     uint64_t window_ns, uint64_t budget) {
    if (budget == 0) return 0;
    if (count < budget) return 1;
    uint64_t then_ns = ns[(count - budget) & (size - 1)];
    return now_ns >= then_ns && now_ns - then_ns >= window_ns;
}

static inline void gate_window_add(struct gate_window *window, uint64_t now_ns) {
    window->ns[window->count++ & (RISK_WINDOW_COUNT_MAX - 1)] = now_ns;
}
