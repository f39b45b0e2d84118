/* route: the smart order router.  Takes parent orders, chooses venues and pieces, and follows every piece
 * (child) until it is known what became of it.  Children are intents like any other: each passes the gate. */
#pragma once
#include "tickwire/risk.h"

#define ROUTE_PARENT_COUNT_MAX 64 /* at once */
#define ROUTE_CHILD_COUNT_MAX  8  /* of one parent, the last closed ones included */
#define ROUTE_SLICE_COUNT_MAX  65535

struct route_venue_parameters {
    uint32_t enabled;
    uint32_t offers;   /* enum venue_offer */
    int32_t fee_taker; /* 1/1 000 000 per share; negative: rebate */
    int32_t fee_maker;
    uint64_t latency_ns; /* to the venue: of two that are equal the nearer is taken */
};

struct route_parameters { /* all zero permits nothing */
    struct route_venue_parameters venues[VENUE_COUNT_MAX];
    uint64_t answer_ns_max;        /* a child that nobody answered for is of unknown fate after this */
    uint64_t post_cooldown_ns;     /* least time between two moves of a resting child */
    uint64_t twap_interval_ns_min; /* shortest time from slice to slice */
    uint64_t twap_duration_ns_max;
    uint32_t instrument_count;
    uint32_t slippage_ppm;     /* of parents that do not say */
    uint32_t parent_count_max; /* working at once, at most ROUTE_PARENT_COUNT_MAX */
    uint32_t round_count_max;  /* times that one sweep or slice is spread over the venues */
};

/* What the router saw and chose, a record a decision: ring "evidence", 128-byte records, producer router,
 * observers only.  Prices beyond 32 bits are not traded and show as 0. */
enum route_venue_state {
    ROUTE_VENUE_ENABLED = 1,   /* by parameters and the parent's venue_mask */
    ROUTE_VENUE_LIVE = 2,      /* its order session */
    ROUTE_VENUE_FRESH = 4,     /* its book */
    ROUTE_VENUE_OPEN = 8,      /* trading there */
    ROUTE_VENUE_FREE = 16,     /* no stop word */
    ROUTE_VENUE_EXCLUDED = 32, /* it or the gate has refused a child of this parent there */
    ROUTE_VENUE_BUSY = 64,     /* a child of this parent is on its way there */
};

struct route_evidence_venue {
    uint32_t bid;
    uint32_t ask;
    uint32_t bid_quantity;
    uint32_t ask_quantity;
    uint32_t chosen; /* shares sent there by this decision */
    int32_t fee;     /* that was reckoned with: the taker's of a sweep, the maker's of a post */
};

struct route_evidence {
    uint64_t parent_id;
    uint64_t decided_ns;
    uint32_t wanted;
    uint32_t limit;  /* the farthest price permitted; of a post the price it rests at */
    uint16_t number; /* of the decision, from 1; TWAP: of the slice */
    uint8_t instrument;
    uint8_t how;                    /* enum side + 2 * enum parent_policy */
    uint8_t state[VENUE_COUNT_MAX]; /* enum route_venue_state */
    struct route_evidence_venue venues[VENUE_COUNT_MAX];
};

enum route_counter {
    ROUTE_COUNT_PARENTS, /* taken */
    ROUTE_COUNT_PARENTS_REFUSED,
    ROUTE_COUNT_PARENTS_FILLED,
    ROUTE_COUNT_PARENTS_CANCELED,
    ROUTE_COUNT_CHILDREN,
    ROUTE_COUNT_CANCELS,
    ROUTE_COUNT_REPLACES,
    ROUTE_COUNT_DECISIONS, /* rounds, posts and moves: records of evidence */
    ROUTE_COUNT_REFUSALS,  /* by the gate */
    ROUTE_COUNT_REJECTS,   /* by a venue, or not sent */
    ROUTE_COUNT_EXECUTED_SHARES,
    ROUTE_COUNT_UNKNOWN,    /* children whose fate was unknown for a while */
    ROUTE_COUNT_UNANSWERED, /* children that nobody answered for in time */
    ROUTE_COUNT_ORPHANS,    /* children of no parent here: of an earlier life */
    ROUTE_COUNT_OVERFILLED, /* shares that a venue executed beyond what it was sent */
    ROUTE_COUNT_UPDATES,
    ROUTE_COUNT_REPORTS,
    ROUTE_COUNT_BACKPRESSURE, /* cycles in which something had to wait for room in a ring */
    ROUTE_COUNT_WORKING,      /* gauge: parents */
    ROUTE_COUNT_COUNT,
};

/* The router, apart from rings and clocks, for tests and simulation.  Integers only and deterministic: the
 * same calls give the same intents.  Its time is what router_advance says.
 *
 * A venue is used while it is enabled, its session LIVE, its book fresh, trading open and no stop word set.
 * Nothing is bought above, or sold below, limit_price or slippage_ppm_max away from decision_price.  Always,
 * of every parent: quantity == executed + what its children may still execute + what is not sent.
 *
 * - PARENT_SWEEP: over the levels that are shown, the best price after taker fees first; one IOC child a
 * venue, its limit the worst level it is meant to reach.  What is left after an answer is spread again, at
 * most round_count_max times; a venue that refused a child, or for which the gate did, is not asked again.
 * What was shown and has been taken or was not there counts as gone until the venue's book changes.
 * - PARENT_POST: one post-only child at the best price of its own side on all venues, its own order not
 * counted, at the venue with the lowest maker fee, then the shortest queue; moved when that price moves, at
 * most once in post_cooldown_ns, and never where it would lock another venue.  Over when that price passes
 * the slippage bound.
 * - PARENT_TWAP: at start + k * interval_ns a sweep up to quantity * (k + 1) / n, so what one slice missed is
 * in the next; over at start + duration_ns.
 *
 * A child that was on its way when its session broke is of unknown fate and never sent again: a sweep is over
 * then, with reason UNKNOWN and the shares in question working; a post or TWAP sends nothing more until the
 * venue's replay has told.  A broken trade does not open a parent again. */
struct router;
struct execution_report;

int router_create(uint32_t venue_count, struct router **router);
void router_destroy(struct router *router);
void router_parameters(struct router *router, const struct route_parameters *parameters);
/* router_stopped: a bit a venue to which a stop word lets no order go, and none even of those that only
 * reduce. */
void router_stopped(struct router *router, uint32_t venues, uint32_t reducing);
void router_market(struct router *router, const struct market_update *update);
void router_report(struct router *router, const struct execution_report *report);
void router_refusal(struct router *router, const struct risk_refusal *refusal);
/* router_parent takes a parent, or a parent's cancel, and always answers with a report; ERROR_FULL, taking
 * nothing, while too many refusals wait to be told. */
int router_parent(struct router *router, const struct parent_order *order);
void router_advance(struct router *router, uint64_t now_ns);
/* router_next_intent decides for one parent after the other and gives one intent at a time, which counts as
 * sent: 1, or 0 when there is none.  What a decision was based on is then there for router_next_evidence, and
 * must be fetched before anything else is decided. */
int router_next_intent(struct router *router, struct order_intent *intent);
int router_next_evidence(struct router *router, struct route_evidence *evidence);
int router_next_report(struct router *router, struct parent_report *report);
uint64_t router_count(const struct router *router, enum route_counter counter);
/* router_measure is for benchmarks: rounds times it takes the parent (a sweep), records the nanoseconds until
 * its first intent is there, and settles its children untimed as executed.  Returns how many intents there
 * were. */
uint64_t router_measure(struct router *router, const struct parent_order *order, uint32_t rounds,
                        struct histogram *histogram);

/* route_stage_open needs, N being each of venue_count venues: rings "market.N" (consumer 3), "report.N"
 * (consumer 3), "verdict" (consumer 1), "parent" and "parent.operator" (consumer 0), "intent.router",
 * "parent.report" and "evidence" (producer); parameters "route"; counters "router"; control.  It counts
 * itself into control.resync_requests, and refuses every parent until the replay that follows. */
int route_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                     size_t message_size);
