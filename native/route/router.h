/* router: what the router's own files share. */
#pragma once
#include "base/id_map.h"
#include "report/report_follow.h"
#include "tickwire/route.h"

#define ROUTER_INTENT_COUNT  16 /* intents that one decision makes, at most */
#define ROUTER_REFUSED_COUNT 32 /* refused parents that wait to be told; a power of two */
#define ROUTER_ORPHAN_COUNT  16 /* a power of two */
#define ROUTER_ID_COUNT_MAX  (2 * ROUTE_PARENT_COUNT_MAX * ROUTE_CHILD_COUNT_MAX)
#define ROUTER_RETRY_NS      100000000 /* a refused cancel is tried again after this */
#define ROUTER_NEVER         UINT64_MAX
#define ROUTER_GONE          UINT32_MAX /* more than any book shows */
#define ROUTER_USABLE                                                                                        \
    (ROUTE_VENUE_ENABLED | ROUTE_VENUE_LIVE | ROUTE_VENUE_FRESH | ROUTE_VENUE_OPEN | ROUTE_VENUE_FREE)

enum child_state {
    CHILD_FREE = 0,
    CHILD_ASKED = 1,   /* its intent is on its way to the gate: it has no id yet */
    CHILD_WORKING = 2, /* sent; leaves may still execute */
    CHILD_UNKNOWN = 3, /* its session broke, or nobody answered for it: leaves may have been executed */
    CHILD_CLOSED = 4,  /* over; remembered while its slot is not needed */
};

struct router_child {
    uint64_t order_id;   /* 0 until SENT names it */
    uint64_t replace_id; /* of a replace that is on its way; 0 until SENT names it */
    uint64_t asked_ns;
    uint64_t retry_ns; /* no cancel or replace before: the last one was refused */
    int64_t price;
    int64_t value;     /* price * quantity of executed */
    uint32_t quantity; /* as asked for */
    uint32_t leaves;
    uint32_t executed; /* by order_id; what the orders before it did is settled */
    uint32_t chained;  /* by the orders it replaced */
    uint32_t kept;     /* by order_id before a replay began, in case that knows nothing of it */
    uint32_t reserved0;
    int64_t kept_value;
    uint8_t state; /* enum child_state */
    uint8_t venue;
    uint8_t time_in_force;
    uint8_t pending;  /* INTENT_CANCEL or INTENT_REPLACE: asked for, unanswered */
    uint8_t told;     /* the replay has spoken of it */
    uint8_t given_up; /* nobody answered for it in time: it may still be sent */
    uint8_t reserved[2];
};

struct router_parent {
    struct parent_order order;
    struct router_child children[ROUTE_CHILD_COUNT_MAX];
    uint64_t started_ns;
    uint64_t finished_ns;
    uint64_t wake_ns;  /* decide again then, whatever happens; ROUTER_NEVER */
    uint64_t moved_ns; /* POST: when its child was last asked for or moved */
    int64_t bound;     /* the farthest price by slippage, */
    int64_t limit;     /* and by limit_price too */
    int64_t executed_value;
    uint32_t executed;
    uint32_t number; /* decisions so far */
    uint32_t slice;  /* TWAP: slices begun */
    uint32_t slice_count;
    uint32_t rounds; /* of this sweep or slice */
    uint8_t used;    /* the slot remembers a parent, working or over */
    uint8_t over;
    uint8_t ending; /* enum parent_reason: send nothing new, end when nothing is on its way */
    uint8_t reason; /* the one told */
    uint8_t verdict;
    uint8_t excluded; /* a bit a venue that refused a child, or for which the gate did */
    uint8_t sent;     /* something left for a venue */
    uint8_t dry;      /* TWAP: this slice found nothing more */
    uint8_t moved;    /* moved_ns means something */
    uint8_t by_tick;  /* made due by a market update, not by an answer or the time */
    uint8_t reserved[6];
};

struct router_book {
    struct market_update last;
    uint32_t gone[2]; /* by side shown: shares that were taken since, or were not there */
    uint32_t seen;
    uint32_t reserved;
};

struct router {
    struct route_parameters parameters;
    struct report_follow follow[VENUE_COUNT_MAX];
    uint32_t venue_count;
    uint32_t stopped[2]; /* a bit a venue; [1]: also for orders that only reduce */
    uint64_t now_ns;
    uint64_t wake_ns; /* the earliest of the parents' */
    uint64_t due;     /* a bit a parent that awaits a decision, */
    uint64_t told;    /* whose report is to be told, */
    uint64_t working; /* and that is not over */
    uint64_t parents_of[INSTRUMENT_COUNT_MAX];
    struct id_map ids; /* order id to parent * ROUTE_CHILD_COUNT_MAX + child */
    uint32_t intent_head;
    uint32_t intent_count;
    uint32_t evidence_head; /* ever fetched, and ever made */
    uint32_t evidence_made;
    uint32_t refused_head;
    uint32_t refused_made;
    uint32_t orphan_head;
    uint32_t orphan_made;
    struct order_intent intents[ROUTER_INTENT_COUNT];
    struct route_evidence evidence[ROUTE_PARENT_COUNT_MAX];
    struct parent_report refused[ROUTER_REFUSED_COUNT];
    struct router_orphan {
        uint64_t order_id;
        uint16_t instrument;
        uint16_t strategy;
        uint8_t side;
        uint8_t account;
        uint8_t trader;
        uint8_t reserved;
    } orphans[ROUTER_ORPHAN_COUNT];
    uint64_t counts[ROUTE_COUNT_COUNT];
    struct router_parent parents[ROUTE_PARENT_COUNT_MAX];
    struct router_book books[VENUE_COUNT_MAX][INSTRUMENT_COUNT_MAX];
};

static inline uint32_t router_index(const struct router *router, const struct router_parent *parent) {
    return (uint32_t)(parent - router->parents);
}

static inline void router_make_due(struct router *router, const struct router_parent *parent) {
    router->due |= (uint64_t)1 << router_index(router, parent);
}

static inline void router_make_told(struct router *router, const struct router_parent *parent) {
    router->told |= (uint64_t)1 << router_index(router, parent);
}

static inline void router_wake(struct router *router, struct router_parent *parent, uint64_t at_ns) {
    if (at_ns < parent->wake_ns) parent->wake_ns = at_ns;
    if (at_ns < router->wake_ns) router->wake_ns = at_ns;
}

static inline int child_is_open(const struct router_child *child) {
    return child->state == CHILD_ASKED || child->state == CHILD_WORKING || child->state == CHILD_UNKNOWN;
}

/* parent_working is what the children may still execute; parent_free what may be sent besides. */
static inline uint32_t parent_working(const struct router_parent *parent) {
    uint32_t working = 0;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++)
        if (child_is_open(&parent->children[i])) working += parent->children[i].leaves;
    return working;
}

static inline uint32_t parent_open(const struct router_parent *parent) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++)
        open += (uint32_t)child_is_open(&parent->children[i]);
    return open;
}

static inline uint32_t parent_count_in(const struct router_parent *parent, enum child_state state) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) count += parent->children[i].state == state;
    return count;
}

/* parent_free is how much of target (shares of the parent) is neither executed nor on its way. */
static inline uint32_t parent_free(const struct router_parent *parent, uint32_t target) {
    uint64_t bound = (uint64_t)parent->executed + parent_working(parent);
    return bound < target ? (uint32_t)(target - bound) : 0;
}

/* is_beyond says whether a price is farther than limit for who trades on side. */
static inline int is_beyond(int64_t price, int64_t limit, uint8_t side) {
    return side == SIDE_BUY ? price > limit : price < limit;
}

static inline int is_shown(int64_t price, uint32_t quantity) {
    return quantity > 0 && price > 0 && price <= RISK_PRICE_MAX;
}

struct route_plan {
    uint32_t quantity[VENUE_COUNT_MAX];
    int64_t price[VENUE_COUNT_MAX]; /* the worst level meant to be reached */
    uint32_t total;
    uint8_t reason; /* enum parent_reason why there is not more of it */
};

/* router_view.c: what the venues show */
uint8_t router_venue_state(const struct router *router, const struct router_parent *parent, uint32_t venue);
int64_t router_touch(const struct router *router, const struct router_parent *parent, uint8_t side);
int64_t router_mid(const struct router *router, const struct router_parent *parent);
void router_note(struct router *router, struct router_parent *parent, uint32_t wanted, int64_t limit,
                 const struct route_plan *plan);
/* router_plan.c */
void router_plan(const struct router *router, const struct router_parent *parent, uint32_t wanted,
                 struct route_plan *plan);
/* router_child.c: asking for, moving and closing children */
struct router_child *router_slot(struct router *router, struct router_parent *parent);
struct router_child *router_ask(struct router *router, struct router_parent *parent,
                                const struct order_intent *what);
void router_ask_cancel(struct router *router, struct router_parent *parent, struct router_child *child);
void router_ask_replace(struct router *router, struct router_parent *parent, struct router_child *child,
                        int64_t price);
void router_name(struct router *router, struct router_parent *parent, const struct router_child *child,
                 uint64_t order_id);
void router_close(struct router *router, struct router_parent *parent, struct router_child *child);
/* router_post.c, router_decide.c */
void router_post(struct router *router, struct router_parent *parent);
/* router_parent.c: ERROR_FULL as router_parent */
int router_turn_away(struct router *router, const struct parent_order *order);
void router_end(struct router *router, struct router_parent *parent, enum parent_reason reason);
