/* router_child: asking for, moving, naming and closing children. */
#include "route/router.h"

static struct order_intent *queue(struct router *router) {
    return &router->intents[(router->intent_head + router->intent_count++) % ROUTER_INTENT_COUNT];
}

/* newest is the last update of the instrument on any venue. */
static const struct market_update *newest(const struct router *router, uint16_t instrument) {
    const struct market_update *found = &router->books[0][instrument].last;
    for (uint32_t venue = 1; venue < router->venue_count; venue++)
        if (router->books[venue][instrument].last.rx_ns > found->rx_ns)
            found = &router->books[venue][instrument].last;
    return found;
}

/* stamp says what caused an intent: the parent's tick while nothing else has happened to it, the market's
 * when that moved, else nothing but the time. */
static void stamp(const struct router *router, const struct router_parent *parent,
                  struct order_intent *intent) {
    const struct parent_order *order = &parent->order;
    const struct market_update *last = newest(router, order->instrument);
    int by_parent = parent->number <= 1 && order->rx_ns && order->policy != PARENT_TWAP;
    intent->tick = by_parent ? order->tick : last->tick;
    intent->rx_ns = by_parent ? order->rx_ns : parent->by_tick ? last->rx_ns : router->now_ns;
    if (by_parent || parent->by_tick) intent->book_ns = by_parent ? order->book_ns : last->book_ns;
    if (by_parent) intent->signal_ns = order->signal_ns;
    intent->instrument = order->instrument;
    intent->strategy = order->strategy;
    intent->account = order->account;
    intent->trader = order->trader;
    intent->side = order->side;
    intent->score = order->score;
    intent->decision_price = order->decision_price;
    intent->parent_id = order->parent_id;
}

/* router_slot is where a child can go: a free slot, or that of the child that has been closed for longest. */
struct router_child *router_slot(struct router *router, struct router_parent *parent) {
    struct router_child *found = NULL;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
        struct router_child *child = &parent->children[i];
        if (child->state == CHILD_FREE) return child;
        if (child->state == CHILD_CLOSED && (!found || child->asked_ns < found->asked_ns)) found = child;
    }
    if (!found) return NULL;
    id_map_take(&router->ids, found->order_id);
    id_map_take(&router->ids, found->replace_id);
    *found = (struct router_child){0};
    return found;
}

struct router_child *router_ask(struct router *router, struct router_parent *parent,
                                const struct order_intent *what) {
    struct router_child *child = router_slot(router, parent);
    if (!child) return NULL;
    struct order_intent *intent = queue(router);
    *intent = *what;
    intent->kind = INTENT_NEW;
    stamp(router, parent, intent);
    *child = (struct router_child){.asked_ns = router->now_ns,
                                   .price = what->price,
                                   .quantity = what->quantity,
                                   .leaves = what->quantity,
                                   .state = CHILD_ASKED,
                                   .venue = what->venue,
                                   .time_in_force = what->time_in_force};
    router->counts[ROUTE_COUNT_CHILDREN]++;
    if (router->parameters.answer_ns_max)
        router_wake(router, parent, router->now_ns + router->parameters.answer_ns_max);
    router_make_told(router, parent);
    return child;
}

void router_ask_cancel(struct router *router, struct router_parent *parent, struct router_child *child) {
    if (child->pending) return;
    if (router->now_ns < child->retry_ns) {
        router_wake(router, parent, child->retry_ns);
        return;
    }
    struct order_intent *intent = queue(router);
    *intent = (struct order_intent){
        .kind = INTENT_CANCEL, .target_order_id = child->order_id, .venue = child->venue};
    stamp(router, parent, intent);
    child->pending = INTENT_CANCEL;
    router->counts[ROUTE_COUNT_CANCELS]++;
}

/* router_ask_replace moves all that is left of a child: OUCH counts what was executed in its quantity. */
void router_ask_replace(struct router *router, struct router_parent *parent, struct router_child *child,
                        int64_t price) {
    struct order_intent *intent = queue(router);
    *intent = (struct order_intent){.kind = INTENT_REPLACE,
                                    .target_order_id = child->order_id,
                                    .venue = child->venue,
                                    .price = price,
                                    .quantity = child->chained + child->executed + child->leaves,
                                    .time_in_force = child->time_in_force,
                                    .display_quantity = parent->order.display_quantity,
                                    .flags = parent->order.flags | ORDER_POST_ONLY};
    stamp(router, parent, intent);
    child->pending = INTENT_REPLACE;
    router->counts[ROUTE_COUNT_REPLACES]++;
}

void router_name(struct router *router, struct router_parent *parent, const struct router_child *child,
                 uint64_t order_id) {
    uint32_t at = router_index(router, parent) * ROUTE_CHILD_COUNT_MAX + (uint32_t)(child - parent->children);
    if (id_map_find(&router->ids, order_id) == ID_MAP_NONE) id_map_put(&router->ids, order_id, at);
}

void router_close(struct router *router, struct router_parent *parent, struct router_child *child) {
    child->state = CHILD_CLOSED;
    child->leaves = 0;
    child->pending = 0;
    router_make_due(router, parent);
    router_make_told(router, parent);
}
