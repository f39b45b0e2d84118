/* router_measure: from a parent to its first intent, without the way in and out. */
#include "clock/clock_inline.h"
#include "ring/metric_inline.h"
#include "route/router.h"

/* settle takes every child of a parent as executed, and what is to be told as told. */
static uint64_t settle(struct router *router, uint64_t parent_id) {
    struct order_intent intent;
    struct route_evidence evidence;
    struct parent_report report;
    uint64_t intents = 0;
    while (router_next_intent(router, &intent)) intents++;
    for (uint64_t left = router->working; left; left &= left - 1) {
        struct router_parent *parent = &router->parents[__builtin_ctzll(left)];
        if (parent->order.parent_id != parent_id) continue;
        for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
            struct router_child *child = &parent->children[i];
            if (!child_is_open(child)) continue;
            parent->executed += child->leaves;
            router->books[child->venue][parent->order.instrument].gone[1 - parent->order.side] = 0;
            router_close(router, parent, child);
        }
    }
    while (router_next_intent(router, &intent)) intents++;
    while (router_next_evidence(router, &evidence)) {
    }
    while (router_next_report(router, &report)) {
    }
    return intents;
}

uint64_t router_measure(struct router *router, const struct parent_order *order, uint32_t rounds,
                        struct histogram *histogram) {
    struct parent_order parent = *order;
    struct order_intent intent;
    uint64_t intents = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        parent.parent_id++;
        uint64_t start_ns = clock_now();
        router_parent(router, &parent);
        int found = router_next_intent(router, &intent);
        histogram_record(histogram, clock_now() - start_ns);
        intents += (uint64_t)found + settle(router, parent.parent_id);
    }
    return intents;
}
