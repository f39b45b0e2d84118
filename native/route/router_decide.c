/* router_decide: from what is known of a parent to its next intents, and when it is over. */
#include "route/router.h"

void router_end(struct router *router, struct router_parent *parent, enum parent_reason reason) {
    if (!parent->ending) parent->ending = (uint8_t)reason;
    router_make_due(router, parent);
}

static void finish(struct router *router, struct router_parent *parent, enum parent_reason reason) {
    int filled = parent->executed >= parent->order.quantity;
    parent->over = 1;
    parent->reason = filled ? PARENT_REASON_NONE : (uint8_t)reason;
    parent->finished_ns = router->now_ns;
    router->working &= ~((uint64_t)1 << router_index(router, parent));
    router->counts[filled ? ROUTE_COUNT_PARENTS_FILLED : ROUTE_COUNT_PARENTS_CANCELED]++;
    router_make_told(router, parent);
}

/* conclude ends a parent of which nothing is on its way any more, or nothing but what nobody knows. */
static int conclude(struct router *router, struct router_parent *parent) {
    uint32_t open = parent_open(parent);
    if (open == 0 && (parent->ending || parent->executed >= parent->order.quantity))
        finish(router, parent, (enum parent_reason)parent->ending);
    else if (parent->ending && open == parent_count_in(parent, CHILD_UNKNOWN))
        finish(router, parent, PARENT_REASON_UNKNOWN);
    return parent->over;
}

static void cancel_resting(struct router *router, struct router_parent *parent) {
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
        struct router_child *child = &parent->children[i];
        if (child->state == CHILD_WORKING && child->time_in_force != TIF_IOC)
            router_ask_cancel(router, parent, child);
    }
}

/* give_up_waiting: who asked long ago and heard nothing will not ask again. */
static void give_up_waiting(struct router *router, struct router_parent *parent) {
    uint64_t answer_ns_max = router->parameters.answer_ns_max;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX && answer_ns_max; i++) {
        struct router_child *child = &parent->children[i];
        if (child->state != CHILD_ASKED) continue;
        if (router->now_ns < child->asked_ns + answer_ns_max) {
            router_wake(router, parent, child->asked_ns + answer_ns_max);
            continue;
        }
        child->state = CHILD_UNKNOWN;
        child->given_up = 1;
        router->counts[ROUTE_COUNT_UNANSWERED]++;
        router_end(router, parent, PARENT_REASON_UNKNOWN);
    }
}

static void send_round(struct router *router, struct router_parent *parent, const struct route_plan *plan) {
    for (uint32_t venue = 0; venue < router->venue_count; venue++) {
        if (plan->quantity[venue] == 0) continue;
        const struct order_intent what = {.price = plan->price[venue],
                                          .quantity = plan->quantity[venue],
                                          .venue = (uint8_t)venue,
                                          .time_in_force = TIF_IOC,
                                          .flags = parent->order.flags | ORDER_SWEEP};
        struct router_book *book = &router->books[venue][parent->order.instrument];
        uint32_t *gone = &book->gone[1 - parent->order.side];
        if (!router_ask(router, parent, &what)) continue;
        *gone = *gone > ROUTER_GONE - what.quantity ? ROUTER_GONE : *gone + what.quantity;
    }
}

/* sweep spreads what is missing of target over the venues.  Returns PARENT_REASON_NONE, or why nothing more
 * can be had once nothing is on its way any more. */
static enum parent_reason sweep(struct router *router, struct router_parent *parent, uint32_t target) {
    uint32_t wanted = parent_free(parent, target);
    struct route_plan plan = {.reason = PARENT_REASON_LIQUIDITY};
    if (wanted == 0) return PARENT_REASON_NONE;
    if (parent->rounds < router->parameters.round_count_max) {
        router_plan(router, parent, wanted, &plan);
        if (plan.total || parent_open(parent) == 0) router_note(router, parent, wanted, parent->limit, &plan);
    }
    if (plan.total) {
        parent->rounds++;
        send_round(router, parent, &plan);
        return PARENT_REASON_NONE;
    }
    if (parent_open(parent)) return PARENT_REASON_NONE;
    int refused = parent->excluded && parent->verdict && plan.reason != PARENT_REASON_SLIPPAGE;
    return refused ? PARENT_REASON_VERDICT : (enum parent_reason)plan.reason;
}

static void begin_slice(struct router_parent *parent, uint32_t slice) {
    parent->slice = slice;
    parent->rounds = 0;
    parent->dry = parent->excluded = parent->verdict = 0;
}

static void twap(struct router *router, struct router_parent *parent) {
    const struct parent_order *order = &parent->order;
    uint64_t elapsed_ns = router->now_ns - parent->started_ns;
    if (elapsed_ns >= order->duration_ns) {
        router_end(router, parent, PARENT_REASON_TIME);
        return;
    }
    uint32_t slice = (uint32_t)(elapsed_ns / order->interval_ns) + 1;
    if (slice > parent->slice) begin_slice(parent, slice);
    uint32_t target = (uint32_t)((uint64_t)order->quantity * parent->slice / parent->slice_count);
    if (!parent->dry) parent->dry = sweep(router, parent, target) != PARENT_REASON_NONE;
    uint64_t next_ns = (uint64_t)parent->slice * order->interval_ns;
    router_wake(router, parent,
                parent->started_ns + (next_ns < order->duration_ns ? next_ns : order->duration_ns));
}

static void pursue(struct router *router, struct router_parent *parent) {
    switch ((enum parent_policy)parent->order.policy) {
    case PARENT_SWEEP: {
        enum parent_reason reason = sweep(router, parent, parent->order.quantity);
        if (reason) router_end(router, parent, reason);
        break;
    }
    case PARENT_POST: router_post(router, parent); break;
    case PARENT_TWAP: twap(router, parent); break;
    }
}

static void decide(struct router *router, struct router_parent *parent) {
    give_up_waiting(router, parent);
    if (parent->ending || parent->over) cancel_resting(router, parent);
    if (parent->over || conclude(router, parent) || parent->ending) return;
    if (parent_count_in(parent, CHILD_UNKNOWN)) return;
    pursue(router, parent);
    parent->by_tick = 0;
    conclude(router, parent);
}

/* cancel_orphan: what an earlier life left resting is nobody's. */
static void cancel_orphan(struct router *router) {
    const struct router_orphan *orphan = &router->orphans[router->orphan_head++ % ROUTER_ORPHAN_COUNT];
    router->intents[(router->intent_head + router->intent_count++) % ROUTER_INTENT_COUNT] =
        (struct order_intent){.rx_ns = router->now_ns,
                              .target_order_id = orphan->order_id,
                              .instrument = orphan->instrument,
                              .strategy = orphan->strategy,
                              .kind = INTENT_CANCEL,
                              .side = orphan->side,
                              .venue = (uint8_t)(orphan->order_id >> ORDER_ID_VENUE_SHIFT),
                              .account = orphan->account,
                              .trader = orphan->trader};
    router->counts[ROUTE_COUNT_CANCELS]++;
}

int router_next_intent(struct router *router, struct order_intent *intent) {
    while (router->intent_count == 0) {
        if (router->orphan_head != router->orphan_made) {
            cancel_orphan(router);
            break;
        }
        if (router->due == 0 || router->evidence_made - router->evidence_head == ROUTE_PARENT_COUNT_MAX)
            return 0;
        uint32_t index = (uint32_t)__builtin_ctzll(router->due);
        router->due &= router->due - 1;
        decide(router, &router->parents[index]);
    }
    *intent = router->intents[router->intent_head++ % ROUTER_INTENT_COUNT];
    router->intent_count--;
    return 1;
}

int router_next_evidence(struct router *router, struct route_evidence *evidence) {
    if (router->evidence_head == router->evidence_made) return 0;
    *evidence = router->evidence[router->evidence_head++ % ROUTE_PARENT_COUNT_MAX];
    return 1;
}

void router_advance(struct router *router, uint64_t now_ns) {
    if (now_ns > router->now_ns) router->now_ns = now_ns;
    if (router->now_ns < router->wake_ns) return;
    router->wake_ns = ROUTER_NEVER;
    for (uint32_t i = 0; i < ROUTE_PARENT_COUNT_MAX; i++) {
        struct router_parent *parent = &router->parents[i];
        if (!parent->used || parent->wake_ns == ROUTER_NEVER) continue;
        if (parent->wake_ns > router->now_ns) {
            router_wake(router, parent, parent->wake_ns);
            continue;
        }
        parent->wake_ns = ROUTER_NEVER;
        router_make_due(router, parent);
    }
}
