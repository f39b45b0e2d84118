/* router_parent: taking parents, refusing them, and telling how they are. */
#include "route/router.h"

#define PPM       1000000
#define FLAGS_ALL (ORDER_POST_ONLY | ORDER_REDUCE_ONLY | ORDER_SWEEP | ORDER_SHORT_EXEMPT)

static struct router_parent *find(struct router *router, uint64_t parent_id) {
    for (uint32_t i = 0; i < ROUTE_PARENT_COUNT_MAX; i++)
        if (router->parents[i].used && router->parents[i].order.parent_id == parent_id)
            return &router->parents[i];
    return NULL;
}

static int is_possible_price(int64_t price) {
    return price >= 0 && price <= RISK_PRICE_MAX;
}

static int is_malformed_twap(const struct router *router, const struct parent_order *order) {
    const struct route_parameters *parameters = &router->parameters;
    if (order->interval_ns == 0 || order->interval_ns < parameters->twap_interval_ns_min) return 1;
    if (order->duration_ns < order->interval_ns || order->duration_ns > parameters->twap_duration_ns_max)
        return 1;
    return order->duration_ns / order->interval_ns >= ROUTE_SLICE_COUNT_MAX;
}

static int is_malformed(const struct router *router, const struct parent_order *order) {
    if (order->parent_id == 0 || order->kind != INTENT_NEW || order->side > SIDE_SELL) return 1;
    if (order->policy > PARENT_TWAP || (order->flags & ~(uint32_t)FLAGS_ALL)) return 1;
    if (order->policy != PARENT_POST && (order->flags & ORDER_POST_ONLY)) return 1;
    if (order->quantity == 0 || order->quantity > RISK_QUANTITY_MAX) return 1;
    if (order->instrument >= router->parameters.instrument_count || order->instrument >= INSTRUMENT_COUNT_MAX)
        return 1;
    if (!is_possible_price(order->limit_price) || !is_possible_price(order->decision_price)) return 1;
    return order->policy == PARENT_TWAP && is_malformed_twap(router, order);
}

/* free_slot is a slot nobody needs: never used, or of the parent that has been over for longest. */
static struct router_parent *free_slot(struct router *router) {
    uint32_t permitted = router->parameters.parent_count_max;
    struct router_parent *found = NULL;
    if ((uint32_t)__builtin_popcountll(router->working) >= permitted) return NULL;
    for (uint32_t i = 0; i < ROUTE_PARENT_COUNT_MAX; i++) {
        struct router_parent *parent = &router->parents[i];
        if (!parent->used) return parent;
        if (!parent->over || parent_open(parent) || (router->told >> i & 1)) continue;
        if (!found || parent->finished_ns < found->finished_ns) found = parent;
    }
    return found;
}

/* clear makes a slot that of another parent; nothing of the one before may be found any more. */
static void clear(struct router *router, struct router_parent *parent, const struct parent_order *order) {
    uint64_t bit = (uint64_t)1 << router_index(router, parent);
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
        id_map_take(&router->ids, parent->children[i].order_id);
        id_map_take(&router->ids, parent->children[i].replace_id);
    }
    if (parent->used) router->parents_of[parent->order.instrument] &= ~bit;
    router->due &= ~bit;
    *parent = (struct router_parent){
        .order = *order, .started_ns = router->now_ns, .wake_ns = ROUTER_NEVER, .used = 1};
}

static void bound_prices(const struct router *router, struct router_parent *parent) {
    const struct parent_order *order = &parent->order;
    int64_t ppm = order->slippage_ppm_max ? order->slippage_ppm_max : router->parameters.slippage_ppm;
    int64_t distance = order->decision_price * (ppm < PPM ? ppm : PPM) / PPM;
    int buys = order->side == SIDE_BUY;
    int64_t bound = buys ? order->decision_price + distance : order->decision_price - distance;
    parent->bound = bound < 1 ? 1 : bound > RISK_PRICE_MAX ? RISK_PRICE_MAX : bound;
    parent->limit = parent->bound;
    if (order->limit_price && is_beyond(parent->bound, order->limit_price, order->side))
        parent->limit = order->limit_price;
}

static int any_usable(const struct router *router, const struct router_parent *parent) {
    for (uint32_t venue = 0; venue < router->venue_count; venue++)
        if ((router_venue_state(router, parent, venue) & ROUTER_USABLE) == ROUTER_USABLE) return 1;
    return 0;
}

/* take puts a parent into a slot, or says why not.  A slot that holds a parent that is over is lost to it
 * only when the new one is taken. */
static enum parent_reason take(struct router *router, const struct parent_order *order) {
    if (is_malformed(router, order) || find(router, order->parent_id)) return PARENT_REASON_MALFORMED;
    struct router_parent probe = {.order = *order};
    if (!any_usable(router, &probe)) return PARENT_REASON_UNAVAILABLE;
    if (!order->decision_price) probe.order.decision_price = router_mid(router, &probe);
    if (!probe.order.decision_price) return PARENT_REASON_UNAVAILABLE;
    struct router_parent *parent = free_slot(router);
    if (!parent) return PARENT_REASON_FULL;
    clear(router, parent, &probe.order);
    bound_prices(router, parent);
    if (order->policy == PARENT_TWAP)
        parent->slice_count = (uint32_t)((order->duration_ns + order->interval_ns - 1) / order->interval_ns);
    uint64_t bit = (uint64_t)1 << router_index(router, parent);
    router->working |= bit;
    if (order->policy == PARENT_POST) router->parents_of[order->instrument] |= bit;
    router_make_due(router, parent);
    router_make_told(router, parent);
    return PARENT_REASON_NONE;
}

static void refuse(struct router *router, const struct parent_order *order, enum parent_reason reason) {
    router->counts[ROUTE_COUNT_PARENTS_REFUSED]++;
    router->refused[router->refused_made++ % ROUTER_REFUSED_COUNT] =
        (struct parent_report){.parent_id = order->parent_id,
                               .tick = order->tick,
                               .report_ns = router->now_ns,
                               .quantity = order->quantity,
                               .instrument = order->instrument,
                               .strategy = order->strategy,
                               .state = PARENT_REFUSED,
                               .reason = (uint8_t)reason,
                               .side = order->side};
}

static int is_full(const struct router *router) {
    return router->refused_made - router->refused_head == ROUTER_REFUSED_COUNT;
}

int router_turn_away(struct router *router, const struct parent_order *order) {
    if (is_full(router)) return ERROR_FULL;
    refuse(router, order, PARENT_REASON_UNAVAILABLE);
    return ERROR_NONE;
}

int router_parent(struct router *router, const struct parent_order *order) {
    if (is_full(router)) return ERROR_FULL;
    struct router_parent *known = order->kind == INTENT_CANCEL ? find(router, order->parent_id) : NULL;
    if (known) {
        if (!known->over) router_end(router, known, PARENT_REASON_REQUEST);
        router_make_told(router, known);
        return ERROR_NONE;
    }
    enum parent_reason reason = take(router, order);
    router->counts[ROUTE_COUNT_PARENTS] += !reason;
    if (reason) refuse(router, order, reason);
    return ERROR_NONE;
}

static enum parent_state state_of(const struct router_parent *parent) {
    if (!parent->over) return PARENT_WORKING;
    if (parent->executed >= parent->order.quantity) return PARENT_FILLED;
    int refused = parent->reason == PARENT_REASON_VERDICT || parent->reason == PARENT_REASON_UNAVAILABLE;
    return refused && !parent->sent ? PARENT_REFUSED : PARENT_CANCELED;
}

/* slippage is the average execution against the decision, rounded towards zero. */
static int32_t slippage(const struct router_parent *parent) {
    if (parent->executed == 0) return 0;
    int64_t executed = parent->executed;
    int64_t worse = (parent->executed_value - parent->order.decision_price * executed) / executed;
    if (parent->order.side == SIDE_SELL) worse = -worse;
    return worse > INT32_MAX ? INT32_MAX : worse < -INT32_MAX ? -INT32_MAX : (int32_t)worse;
}

static uint8_t reason_of(const struct router_parent *parent) {
    if (parent->over) return parent->executed >= parent->order.quantity ? PARENT_REASON_NONE : parent->reason;
    return parent_count_in(parent, CHILD_UNKNOWN) ? PARENT_REASON_UNKNOWN : parent->ending;
}

static void describe(const struct router *router, const struct router_parent *parent,
                     struct parent_report *report) {
    *report = (struct parent_report){.parent_id = parent->order.parent_id,
                                     .tick = parent->order.tick,
                                     .report_ns = router->now_ns,
                                     .executed_value = parent->executed_value,
                                     .quantity = parent->order.quantity,
                                     .executed = parent->executed,
                                     .working = parent_working(parent),
                                     .slippage = slippage(parent),
                                     .instrument = parent->order.instrument,
                                     .strategy = parent->order.strategy,
                                     .state = (uint8_t)state_of(parent),
                                     .reason = reason_of(parent),
                                     .verdict = parent->verdict,
                                     .side = parent->order.side};
}

/* is_in_replay: half a replay is nothing to tell. */
static int is_in_replay(const struct router *router, const struct router_parent *parent) {
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
        const struct router_child *child = &parent->children[i];
        uint32_t follow = router->follow[child->venue].state;
        if (child->state == CHILD_UNKNOWN && (follow == FOLLOW_REPLAYING || follow == FOLLOW_UNKNOWN))
            return 1;
    }
    return 0;
}

int router_next_report(struct router *router, struct parent_report *report) {
    if (router->refused_head != router->refused_made) {
        *report = router->refused[router->refused_head++ % ROUTER_REFUSED_COUNT];
        return 1;
    }
    for (uint64_t left = router->told; left; left &= left - 1) {
        struct router_parent *parent = &router->parents[__builtin_ctzll(left)];
        if (is_in_replay(router, parent)) continue;
        router->told &= ~(left & -left);
        describe(router, parent, report);
        return 1;
    }
    return 0;
}

void router_parameters(struct router *router, const struct route_parameters *parameters) {
    router->parameters = *parameters;
    router->due |= router->working;
}

void router_stopped(struct router *router, uint32_t venues, uint32_t reducing) {
    if (router->stopped[0] == venues && router->stopped[1] == reducing) return;
    router->stopped[0] = venues;
    router->stopped[1] = reducing;
    router->due |= router->working;
}

uint64_t router_count(const struct router *router, enum route_counter counter) {
    if (counter == ROUTE_COUNT_WORKING) return (uint64_t)__builtin_popcountll(router->working);
    return counter < ROUTE_COUNT_COUNT ? router->counts[counter] : 0;
}
