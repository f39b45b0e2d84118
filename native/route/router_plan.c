/* router_plan: a quantity over the levels that the venues show, the best net price first. */
#include "route/router.h"

struct ladder { /* one venue's side, walked from its best level on */
    const int64_t *price;
    const uint32_t *quantity;
    uint64_t latency_ns;
    int64_t cost; /* of a share at this level, fee included, 1/1 000 000; less is better */
    int64_t fee;
    uint32_t level;
    uint32_t left; /* of this level; 0: the ladder has ended */
    uint32_t gone; /* shares still to be passed over */
};

/* settle stands on the first level from here on that has something left within the limit. */
static void settle(struct ladder *ladder, const struct router_parent *parent, struct route_plan *plan) {
    ladder->left = 0;
    for (; ladder->level < MARKET_LEVELS; ladder->level++) {
        int64_t price = ladder->price[ladder->level];
        uint32_t quantity = ladder->quantity[ladder->level];
        if (!is_shown(price, quantity)) return;
        if (is_beyond(price, parent->limit, parent->order.side)) {
            if (is_beyond(price, parent->bound, parent->order.side)) plan->reason = PARENT_REASON_SLIPPAGE;
            return;
        }
        if (ladder->gone >= quantity) {
            ladder->gone -= ladder->gone == ROUTER_GONE ? 0 : quantity;
            continue;
        }
        ladder->left = quantity - ladder->gone;
        ladder->gone = 0;
        ladder->cost = (parent->order.side == SIDE_BUY ? price : -price) * 100 + ladder->fee;
        return;
    }
}

static void open_ladder(const struct router *router, const struct router_parent *parent, uint32_t venue,
                        struct ladder *ladder, struct route_plan *plan) {
    const struct router_book *book = &router->books[venue][parent->order.instrument];
    const struct route_venue_parameters *parameters = &router->parameters.venues[venue];
    int buys = parent->order.side == SIDE_BUY;
    *ladder = (struct ladder){.price = buys ? book->last.ask_price : book->last.bid_price,
                              .quantity = buys ? book->last.ask_quantity : book->last.bid_quantity,
                              .latency_ns = parameters->latency_ns,
                              .fee = parameters->fee_taker,
                              .gone = book->gone[1 - parent->order.side]};
    settle(ladder, parent, plan);
}

static int is_better(const struct ladder *one, const struct ladder *other) {
    if (one->cost != other->cost) return one->cost < other->cost;
    if (one->latency_ns != other->latency_ns) return one->latency_ns < other->latency_ns;
    return one->left > other->left;
}

static struct ladder *best_of(struct ladder *ladders, uint32_t count) {
    struct ladder *best = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (ladders[i].left && (!best || is_better(&ladders[i], best))) best = &ladders[i];
    return best;
}

/* take moves what is wanted from the best ladder into the plan, until there is no more of either. */
static void take(const struct router_parent *parent, struct ladder *ladders, uint32_t count, uint32_t wanted,
                 struct route_plan *plan) {
    struct ladder *best;
    while (plan->total < wanted && (best = best_of(ladders, count))) {
        uint32_t venue = (uint32_t)(best - ladders), missing = wanted - plan->total;
        uint32_t taken = best->left < missing ? best->left : missing;
        plan->quantity[venue] += taken;
        plan->price[venue] = best->price[best->level];
        plan->total += taken;
        if (taken < best->left) return;
        best->level++;
        settle(best, parent, plan);
    }
}

void router_plan(const struct router *router, const struct router_parent *parent, uint32_t wanted,
                 struct route_plan *plan) {
    struct ladder ladders[VENUE_COUNT_MAX] = {0};
    uint32_t usable = 0;
    *plan = (struct route_plan){.reason = PARENT_REASON_LIQUIDITY};
    for (uint32_t venue = 0; venue < router->venue_count; venue++) {
        uint8_t state = router_venue_state(router, parent, venue);
        usable += (state & ROUTER_USABLE) == ROUTER_USABLE;
        if ((state & (ROUTER_USABLE | ROUTE_VENUE_EXCLUDED | ROUTE_VENUE_BUSY)) == ROUTER_USABLE)
            open_ladder(router, parent, venue, &ladders[venue], plan);
    }
    if (usable == 0) plan->reason = PARENT_REASON_UNAVAILABLE;
    take(parent, ladders, router->venue_count, wanted, plan);
}
