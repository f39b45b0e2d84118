/* router_post: one child resting where resting is best, moved when the touch moves. */
#include "route/router.h"

static struct router_child *resting_child(struct router_parent *parent) {
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++)
        if (child_is_open(&parent->children[i])) return &parent->children[i];
    return NULL;
}

static int can_rest(const struct router *router, const struct router_parent *parent, uint32_t venue,
                    const struct router_child *resting) {
    uint32_t offers = router->parameters.venues[venue].offers;
    uint8_t state = router_venue_state(router, parent, venue);
    if ((state & (ROUTER_USABLE | ROUTE_VENUE_EXCLUDED)) != ROUTER_USABLE) return 0;
    if ((state & ROUTE_VENUE_BUSY) && !(resting && resting->venue == venue)) return 0;
    if (parent->order.display_quantity && !(offers & OFFER_RESERVE)) return 0;
    return (offers & OFFER_POST_ONLY) != 0;
}

/* queue_before is how many shares a venue shows at price or better, which would be executed first. */
static uint64_t queue_before(const struct router *router, const struct router_parent *parent, uint32_t venue,
                             int64_t price) {
    const struct market_update *last = &router->books[venue][parent->order.instrument].last;
    int buys = parent->order.side == SIDE_BUY;
    uint64_t queue = 0;
    for (uint32_t level = 0; level < MARKET_LEVELS; level++) {
        int64_t shown = buys ? last->bid_price[level] : last->ask_price[level];
        uint32_t quantity = buys ? last->bid_quantity[level] : last->ask_quantity[level];
        if (is_shown(shown, quantity) && !is_beyond(price, shown, parent->order.side)) queue += quantity;
    }
    return queue;
}

/* best_rest is where an order at price waits best, VENUE_COUNT_MAX: nowhere. */
static uint32_t best_rest(const struct router *router, const struct router_parent *parent, int64_t price,
                          const struct router_child *resting) {
    uint32_t best = VENUE_COUNT_MAX;
    uint64_t best_queue = 0;
    for (uint32_t venue = 0; venue < router->venue_count; venue++) {
        if (!can_rest(router, parent, venue, resting)) continue;
        const struct route_venue_parameters *mine = &router->parameters.venues[venue];
        const struct route_venue_parameters *theirs = &router->parameters.venues[best % VENUE_COUNT_MAX];
        uint64_t queue = queue_before(router, parent, venue, price);
        if (resting && resting->venue == venue && !is_beyond(price, resting->price, parent->order.side))
            queue -= queue < resting->leaves ? queue : resting->leaves;
        int better = best == VENUE_COUNT_MAX || mine->fee_maker < theirs->fee_maker;
        if (!better && mine->fee_maker == theirs->fee_maker)
            better = queue < best_queue || (queue == best_queue && mine->latency_ns < theirs->latency_ns);
        if (!better) continue;
        best = venue;
        best_queue = queue;
    }
    return best;
}

/* may_rest_later: a venue that is not usable now may become so; one that refused, or does not offer it, not.
 */
static int may_rest_later(const struct router *router, const struct router_parent *parent) {
    uint32_t needed = OFFER_POST_ONLY | (parent->order.display_quantity ? OFFER_RESERVE : 0);
    for (uint32_t venue = 0; venue < router->venue_count; venue++) {
        uint8_t state = router_venue_state(router, parent, venue);
        int offers = (router->parameters.venues[venue].offers & needed) == needed;
        if (offers && (state & (ROUTE_VENUE_ENABLED | ROUTE_VENUE_EXCLUDED)) == ROUTE_VENUE_ENABLED) return 1;
    }
    return 0;
}

/* is_cooled says whether a move may be made; if not, the parent is woken when it may. */
static int is_cooled(struct router *router, struct router_parent *parent) {
    uint64_t free_ns = parent->moved ? parent->moved_ns + router->parameters.post_cooldown_ns : 0;
    if (router->now_ns >= free_ns) return 1;
    router_wake(router, parent, free_ns);
    return 0;
}

static void moved(struct router *router, struct router_parent *parent, int64_t price, uint32_t venue,
                  uint32_t quantity) {
    struct route_plan plan = {0};
    plan.quantity[venue] = quantity;
    router_note(router, parent, quantity, price, &plan);
    parent->moved = 1;
    parent->moved_ns = router->now_ns;
}

static void rest(struct router *router, struct router_parent *parent, int64_t price) {
    uint32_t wanted = parent_free(parent, parent->order.quantity);
    if (wanted == 0 || !is_cooled(router, parent)) return;
    uint32_t venue = best_rest(router, parent, price, NULL);
    if (venue == VENUE_COUNT_MAX) {
        if (!may_rest_later(router, parent))
            router_end(router, parent, parent->verdict ? PARENT_REASON_VERDICT : PARENT_REASON_LIQUIDITY);
        return;
    }
    moved(router, parent, price, venue, wanted);
    const struct order_intent what = {.price = price,
                                      .quantity = wanted,
                                      .venue = (uint8_t)venue,
                                      .time_in_force = TIF_DAY,
                                      .display_quantity = parent->order.display_quantity,
                                      .flags = parent->order.flags | ORDER_POST_ONLY};
    router_ask(router, parent, &what);
}

static void move(struct router *router, struct router_parent *parent, struct router_child *child,
                 int64_t price) {
    if (child->price == price || !is_cooled(router, parent)) return;
    if (router->now_ns < child->retry_ns) {
        router_wake(router, parent, child->retry_ns);
        return;
    }
    uint32_t venue = best_rest(router, parent, price, child);
    if (venue == VENUE_COUNT_MAX) return;
    moved(router, parent, price, venue, child->leaves);
    if (venue == child->venue)
        router_ask_replace(router, parent, child, price);
    else
        router_ask_cancel(router, parent, child); /* and rest there when it is gone */
}

void router_post(struct router *router, struct router_parent *parent) {
    uint8_t side = parent->order.side;
    struct router_child *child = resting_child(parent);
    if (child && (child->state == CHILD_ASKED || child->pending)) return;
    if (child && (router_venue_state(router, parent, child->venue) & ROUTER_USABLE) != ROUTER_USABLE) {
        router_ask_cancel(router, parent, child);
        return;
    }
    int64_t touch = router_touch(router, parent, side);
    int64_t opposite = router_touch(router, parent, (uint8_t)(1 - side));
    if (touch == 0) return;
    if (is_beyond(touch, parent->bound, side)) {
        router_end(router, parent, PARENT_REASON_SLIPPAGE);
        return;
    }
    int64_t price = is_beyond(touch, parent->limit, side) ? parent->limit : touch;
    if (opposite && !is_beyond(opposite, price, side)) return; /* it would lock */
    if (child)
        move(router, parent, child, price);
    else
        rest(router, parent, price);
}
