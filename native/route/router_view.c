/* router_view: what the venues show, and the record of it. */
#include "route/router.h"

static int is_busy(const struct router_parent *parent, uint32_t venue) {
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++)
        if (parent->children[i].venue == venue && child_is_open(&parent->children[i])) return 1;
    return 0;
}

uint8_t router_venue_state(const struct router *router, const struct router_parent *parent, uint32_t venue) {
    const struct router_book *book = &router->books[venue][parent->order.instrument];
    uint32_t bit = 1U << venue;
    int permitted = parent->order.venue_mask == 0 || (parent->order.venue_mask & bit);
    uint8_t state = 0;
    if (permitted && router->parameters.venues[venue].enabled) state |= ROUTE_VENUE_ENABLED;
    if (router->follow[venue].state == FOLLOW_LIVE) state |= ROUTE_VENUE_LIVE;
    if (book->seen && !(book->last.flags & MARKET_STALE)) state |= ROUTE_VENUE_FRESH;
    if (book->last.trading_state == TRADING_OPEN) state |= ROUTE_VENUE_OPEN;
    int reduces = (parent->order.flags & ORDER_REDUCE_ONLY) != 0;
    if (!(router->stopped[reduces] & bit)) state |= ROUTE_VENUE_FREE;
    if (parent->excluded & bit) state |= ROUTE_VENUE_EXCLUDED;
    if (is_busy(parent, venue)) state |= ROUTE_VENUE_BUSY;
    return state;
}

/* own_shown is how many shares the parent itself shows at a price of a venue. */
static uint32_t own_shown(const struct router_parent *parent, uint32_t venue, int64_t price, uint8_t side) {
    if (side != parent->order.side) return 0;
    uint32_t shown = 0;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
        const struct router_child *child = &parent->children[i];
        if (child->venue != venue || child->price != price || child->time_in_force == TIF_IOC) continue;
        if (child->state != CHILD_WORKING) continue;
        uint32_t display = parent->order.display_quantity;
        shown += display && display < child->leaves ? display : child->leaves;
    }
    return shown;
}

/* venue_touch is a venue's best price of a side without what the parent shows there; 0: none. */
static int64_t venue_touch(const struct router *router, const struct router_parent *parent, uint32_t venue,
                           uint8_t side) {
    const struct market_update *last = &router->books[venue][parent->order.instrument].last;
    const int64_t *price = side == SIDE_BUY ? last->bid_price : last->ask_price;
    const uint32_t *quantity = side == SIDE_BUY ? last->bid_quantity : last->ask_quantity;
    for (uint32_t level = 0; level < MARKET_LEVELS; level++)
        if (is_shown(price[level], quantity[level]) &&
            quantity[level] > own_shown(parent, venue, price[level], side))
            return price[level];
    return 0;
}

/* router_touch is the best price of a side over the usable venues: SIDE_BUY the highest bid; 0: none. */
int64_t router_touch(const struct router *router, const struct router_parent *parent, uint8_t side) {
    int64_t best = 0;
    for (uint32_t venue = 0; venue < router->venue_count; venue++) {
        if ((router_venue_state(router, parent, venue) & ROUTER_USABLE) != ROUTER_USABLE) continue;
        int64_t price = venue_touch(router, parent, venue, side);
        if (price && (best == 0 || (side == SIDE_BUY ? price > best : price < best))) best = price;
    }
    return best;
}

int64_t router_mid(const struct router *router, const struct router_parent *parent) {
    int64_t bid = router_touch(router, parent, SIDE_BUY), ask = router_touch(router, parent, SIDE_SELL);
    return bid && ask ? (bid + ask) / 2 : 0;
}

static void note_venue(const struct router *router, const struct router_parent *parent, uint32_t venue,
                       struct route_evidence_venue *shown) {
    const struct market_update *last = &router->books[venue][parent->order.instrument].last;
    const struct route_venue_parameters *fees = &router->parameters.venues[venue];
    if (is_shown(last->bid_price[0], last->bid_quantity[0])) {
        shown->bid = (uint32_t)last->bid_price[0];
        shown->bid_quantity = last->bid_quantity[0];
    }
    if (is_shown(last->ask_price[0], last->ask_quantity[0])) {
        shown->ask = (uint32_t)last->ask_price[0];
        shown->ask_quantity = last->ask_quantity[0];
    }
    shown->fee = parent->order.policy == PARENT_POST ? fees->fee_maker : fees->fee_taker;
}

/* router_note records a decision, before it is carried out. */
void router_note(struct router *router, struct router_parent *parent, uint32_t wanted, int64_t limit,
                 const struct route_plan *plan) {
    struct route_evidence *evidence = &router->evidence[router->evidence_made++ % ROUTE_PARENT_COUNT_MAX];
    parent->number++;
    router->counts[ROUTE_COUNT_DECISIONS]++;
    *evidence = (struct route_evidence){
        .parent_id = parent->order.parent_id,
        .decided_ns = router->now_ns,
        .wanted = wanted,
        .limit = (uint32_t)limit,
        .number = (uint16_t)(parent->order.policy == PARENT_TWAP ? parent->slice : parent->number),
        .instrument = (uint8_t)parent->order.instrument,
        .how = (uint8_t)(parent->order.side + 2 * parent->order.policy),
    };
    for (uint32_t venue = 0; venue < router->venue_count; venue++) {
        evidence->state[venue] = router_venue_state(router, parent, venue);
        note_venue(router, parent, venue, &evidence->venues[venue]);
        evidence->venues[venue].chosen = plan->quantity[venue];
    }
}
