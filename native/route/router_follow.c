/* router_follow: what became of the children, from reports and refusals. */
#include "route/router.h"

#define EXECUTED_MAX (1U << 26) /* of one parent: times a price it fits 58 bits */

struct found {
    struct router_parent *parent;
    struct router_child *child; /* NULL: nothing was found */
};

static struct router_parent *parent_of(struct router *router, uint64_t parent_id) {
    for (uint32_t i = 0; i < ROUTE_PARENT_COUNT_MAX && parent_id; i++)
        if (router->parents[i].used && router->parents[i].order.parent_id == parent_id)
            return &router->parents[i];
    return NULL;
}

static struct found by_id(struct router *router, uint64_t order_id) {
    uint32_t at = id_map_find(&router->ids, order_id);
    if (at == ID_MAP_NONE) return (struct found){0};
    struct router_parent *parent = &router->parents[at / ROUTE_CHILD_COUNT_MAX];
    return (struct found){parent, &parent->children[at % ROUTE_CHILD_COUNT_MAX]};
}

/* adopted finds a child of unknown fate that execution, started anew, knows by its number only: the epoch in
 * its id may be another one. */
static struct found adopted(struct router *router, const struct execution_report *report) {
    if (!(report->flags & REPORT_UNKNOWN_ORDER)) return (struct found){0};
    for (uint32_t i = 0; i < ROUTE_PARENT_COUNT_MAX; i++) {
        struct router_parent *parent = &router->parents[i];
        if (!parent->used || parent->order.instrument != report->instrument) continue;
        for (uint32_t c = 0; c < ROUTE_CHILD_COUNT_MAX; c++) {
            struct router_child *child = &parent->children[c];
            int same = child->state == CHILD_UNKNOWN && child->order_id && child->venue == report->venue;
            if (same && (uint32_t)child->order_id == (uint32_t)report->order_id)
                return (struct found){parent, child};
        }
    }
    return (struct found){0};
}

/* asked_for is the oldest child that awaits its number and is what the report or refusal describes. */
static struct router_child *asked_for(struct router_parent *parent, uint8_t venue, uint32_t quantity,
                                      int64_t price) {
    struct router_child *found = NULL;
    for (uint32_t i = 0; i < ROUTE_CHILD_COUNT_MAX; i++) {
        struct router_child *child = &parent->children[i];
        int waits = child->order_id == 0 && (child->state == CHILD_ASKED || child->given_up);
        if (!waits || child->venue != venue || child->quantity != quantity || child->price != price) continue;
        if (!found || child->asked_ns < found->asked_ns) found = child;
    }
    return found;
}

static void changed(struct router *router, const struct found *of) {
    router_make_due(router, of->parent);
    router_make_told(router, of->parent);
}

/* give_back: what a child was to take is there still; or, of an IOC that left something, it was not. */
static void give_back(struct router *router, const struct found *of, int was_there) {
    if (of->child->time_in_force != TIF_IOC) return;
    uint32_t *gone =
        &router->books[of->child->venue][of->parent->order.instrument].gone[1 - of->parent->order.side];
    if (!was_there)
        *gone = ROUTER_GONE;
    else if (*gone != ROUTER_GONE)
        *gone -= of->child->quantity < *gone ? of->child->quantity : *gone;
}

/* refused ends a child that was not taken, there or at the gate: that venue is not asked again. */
static void refused(struct router *router, const struct found *of) {
    of->parent->excluded |= (uint8_t)(1U << of->child->venue);
    give_back(router, of, 1);
    of->child->given_up = 0;
    router_close(router, of->parent, of->child);
}

/* unmoved: a cancel or replace was refused; not to be tried again at once. */
static void unmoved(struct router *router, const struct found *of) {
    of->child->pending = 0;
    of->child->retry_ns = router->now_ns + ROUTER_RETRY_NS;
    changed(router, of);
}

static void note_orphan(struct router *router, const struct execution_report *report) {
    router->counts[ROUTE_COUNT_ORPHANS]++;
    if (report->time_in_force == TIF_IOC) return; /* ends by itself */
    if (router->orphan_made - router->orphan_head == ROUTER_ORPHAN_COUNT) return;
    router->orphans[router->orphan_made++ % ROUTER_ORPHAN_COUNT] =
        (struct router_orphan){.order_id = report->order_id,
                               .instrument = report->instrument,
                               .strategy = report->strategy,
                               .side = report->side,
                               .account = report->account,
                               .trader = report->trader};
}

static void on_sent(struct router *router, const struct execution_report *report) {
    if (report->match_number == 0) return; /* nobody's child */
    if (report->target_order_id) {         /* a cancel changes nothing; a replace has got its number */
        struct found of = by_id(router, report->target_order_id);
        if (!of.child || report->order_id == report->target_order_id) return;
        of.child->replace_id = report->order_id;
        router_name(router, of.parent, of.child, report->order_id);
        return;
    }
    struct found of = {.parent = parent_of(router, report->match_number)};
    if (of.parent) of.child = asked_for(of.parent, report->venue, report->quantity, report->price);
    if (!of.child) {
        if (report->match_number >> PARENT_SOURCE_SHIFT != PARENT_BY_HAND) note_orphan(router, report);
        return;
    }
    of.child->order_id = report->order_id;
    of.child->state = CHILD_WORKING;
    of.child->leaves = of.child->quantity;
    of.child->given_up = 0;
    of.parent->sent = 1;
    router_name(router, of.parent, of.child, report->order_id);
    changed(router, &of);
}

static void on_not_sent(struct router *router, const struct execution_report *report) {
    struct found of = by_id(router, report->order_id);
    if (!of.child) { /* it had no number yet */
        of = by_id(router, report->target_order_id);
        if (of.child) unmoved(router, &of);
        if (of.child || report->target_order_id) return;
        of.parent = parent_of(router, report->match_number);
        if (of.parent) of.child = asked_for(of.parent, report->venue, report->quantity, report->price);
        if (!of.child) return;
        router->counts[ROUTE_COUNT_REJECTS]++;
        refused(router, &of);
    } else if (of.child->order_id != report->order_id || report->order_id == report->target_order_id) {
        if (of.child->replace_id == report->order_id) of.child->replace_id = 0;
        if (of.child->state != CHILD_CLOSED) unmoved(router, &of);
    } else if (of.child->state != CHILD_CLOSED) { /* lost on the way: it never was there */
        give_back(router, &of, 1);
        router_close(router, of.parent, of.child);
    }
}

static void on_rejected(struct router *router, const struct found *of,
                        const struct execution_report *report) {
    router->counts[ROUTE_COUNT_REJECTS]++;
    if (of->child->order_id == report->order_id) {
        refused(router, of);
        return;
    }
    of->child->replace_id = 0;
    unmoved(router, of);
}

/* left takes over how much of a child is left, which never grows. */
static void left(struct router *router, const struct found *of, uint32_t leaves) {
    if (leaves < of->child->leaves) of->child->leaves = leaves;
    if (of->child->leaves == 0) router_close(router, of->parent, of->child);
    changed(router, of);
}

/* plausible bounds what an execution says by what a wire can carry, so that no sum of them overflows; it is
 * counted in full wherever positions are. */
static struct execution_report plausible(const struct found *of, const struct execution_report *report) {
    struct execution_report seen = *report;
    uint32_t room = EXECUTED_MAX - of->parent->executed;
    if (!is_shown(seen.price, 1)) seen.price = of->child->price;
    if (seen.quantity > RISK_QUANTITY_MAX) seen.quantity = RISK_QUANTITY_MAX;
    if (seen.quantity > room) seen.quantity = room;
    return seen;
}

static void on_executed(struct router *router, const struct found *of,
                        const struct execution_report *report) {
    const struct execution_report seen = plausible(of, report);
    struct router_child *child = of->child;
    uint32_t beyond = seen.quantity > child->leaves ? seen.quantity - child->leaves : 0;
    int64_t value = seen.price * (int64_t)seen.quantity;
    router->counts[ROUTE_COUNT_OVERFILLED] += beyond;
    if (!(seen.flags & REPORT_REPLAYED)) router->counts[ROUTE_COUNT_EXECUTED_SHARES] += seen.quantity;
    child->executed += seen.quantity;
    child->value += value;
    of->parent->executed += seen.quantity;
    of->parent->executed_value += value;
    child->leaves = beyond ? 0 : child->leaves - seen.quantity;
    if (child->state != CHILD_CLOSED) left(router, of, seen.leaves);
    changed(router, of);
}

static void on_canceled(struct router *router, const struct found *of,
                        const struct execution_report *report) {
    give_back(router, of, 0);
    if (of->child->pending == INTENT_CANCEL) of->child->pending = 0;
    left(router, of, report->leaves);
}

static void on_replaced(struct router *router, const struct found *of,
                        const struct execution_report *report) {
    struct router_child *child = of->child;
    if (child->order_id == report->target_order_id) {
        id_map_take(&router->ids, child->order_id);
        child->chained += child->executed;
        child->executed = 0;
        child->value = 0;
        child->order_id = report->order_id;
        child->replace_id = 0;
        router_name(router, of->parent, child, report->order_id);
    }
    child->pending = 0;
    child->price = report->price;
    left(router, of, report->leaves);
}

static void on_child(struct router *router, const struct found *of, const struct execution_report *report) {
    struct router_child *child = of->child;
    int closed = child->state == CHILD_CLOSED;
    if (closed && (report->kind != REPORT_EXECUTED || (report->flags & REPORT_REPLAYED))) return;
    child->told |= (report->flags & REPORT_REPLAYED) != 0;
    switch (report->kind) {
    case REPORT_ACCEPTED:
    case REPORT_RESTATED:
        if (report->price > 0 && child->order_id == report->order_id) child->price = report->price;
        left(router, of, report->leaves);
        break;
    case REPORT_REPLACED: on_replaced(router, of, report); break;
    case REPORT_EXECUTED: on_executed(router, of, report); break;
    case REPORT_CANCELED: on_canceled(router, of, report); break;
    case REPORT_REJECTED: on_rejected(router, of, report); break;
    case REPORT_CANCEL_REJECTED: unmoved(router, of); break;
    default: break; /* cancel pending; a broken trade opens nothing again */
    }
}

/* doubt: nobody knows what became of a child that was on its way to a venue whose session is gone. */
static void doubt(struct router *router, struct router_parent *parent, struct router_child *child) {
    child->pending = 0;
    if (child->state != CHILD_WORKING) return;
    child->state = CHILD_UNKNOWN;
    child->told = 0;
    router->counts[ROUTE_COUNT_UNKNOWN]++;
    if (parent->order.policy == PARENT_SWEEP) router_end(router, parent, PARENT_REASON_UNKNOWN);
    router_make_due(router, parent);
    router_make_told(router, parent);
}

/* take_back what was executed: the replay tells it again. */
static void take_back(struct router_parent *parent, struct router_child *child) {
    if (child->state != CHILD_UNKNOWN) return;
    if (child->executed || child->told) {
        child->kept = child->executed;
        child->kept_value = child->value;
    }
    parent->executed -= child->executed;
    parent->executed_value -= child->value;
    child->leaves += child->executed;
    child->executed = 0;
    child->value = 0;
    child->told = 0;
}

/* settle: the venue has said all it knows.  When that is nothing, it has begun another session: what had been
 * executed stands, and whatever was left went with the session. */
static void settle(struct router *router, struct router_parent *parent, struct router_child *child) {
    if (child->state != CHILD_UNKNOWN) return;
    if (child->told) {
        child->state = CHILD_WORKING;
    } else {
        parent->executed += child->kept;
        parent->executed_value += child->kept_value;
        child->executed = child->kept;
        child->value = child->kept_value;
        router_close(router, parent, child);
    }
    router_make_due(router, parent);
    router_make_told(router, parent);
}

static void on_session(struct router *router, uint32_t venue, uint8_t kind) {
    for (uint32_t i = 0; i < ROUTE_PARENT_COUNT_MAX; i++) {
        struct router_parent *parent = &router->parents[i];
        for (uint32_t c = 0; c < ROUTE_CHILD_COUNT_MAX && parent->used; c++) {
            struct router_child *child = &parent->children[c];
            if (child->venue != venue || !child_is_open(child)) continue;
            if (kind != REPORT_LIVE) doubt(router, parent, child);
            if (kind == REPORT_RESET) take_back(parent, child);
            if (kind == REPORT_LIVE) settle(router, parent, child);
        }
    }
    router->due |= router->working;
}

void router_report(struct router *router, const struct execution_report *report) {
    uint32_t venue = report->venue;
    if (venue >= router->venue_count) return;
    router->counts[ROUTE_COUNT_REPORTS]++;
    int news = report_follow_next(&router->follow[venue], report);
    switch (report->kind) {
    case REPORT_SENT: on_sent(router, report); return; /* our own word stands whatever the venue has said */
    case REPORT_NOT_SENT: on_not_sent(router, report); return;
    case REPORT_RESET:
    case REPORT_LIVE:
    case REPORT_DOWN:
        if (news) on_session(router, venue, report->kind);
        return;
    default: break;
    }
    if (!news) return;
    struct found of = by_id(router, report->order_id);
    if (!of.child && report->kind == REPORT_REPLACED) of = by_id(router, report->target_order_id);
    if (!of.child) of = adopted(router, report);
    if (of.child) on_child(router, &of, report);
}

void router_refusal(struct router *router, const struct risk_refusal *refusal) {
    if (refusal->source != SOURCE_ROUTER) return;
    struct found of = {0};
    if (refusal->kind != INTENT_NEW) {
        of = by_id(router, refusal->target_order_id);
        if (!of.child || of.child->pending != refusal->kind) return;
        router->counts[ROUTE_COUNT_REFUSALS]++;
        unmoved(router, &of);
        return;
    }
    of.parent = parent_of(router, refusal->parent_id);
    if (of.parent) of.child = asked_for(of.parent, refusal->venue, refusal->quantity, refusal->price);
    if (!of.child) return;
    router->counts[ROUTE_COUNT_REFUSALS]++;
    of.parent->verdict = refusal->verdict;
    refused(router, &of);
}

void router_market(struct router *router, const struct market_update *update) {
    if (update->instrument >= INSTRUMENT_COUNT_MAX || update->venue >= router->venue_count) return;
    struct router_book *book = &router->books[update->venue][update->instrument];
    router->counts[ROUTE_COUNT_UPDATES]++;
    book->last = *update;
    book->gone[SIDE_BUY] = book->gone[SIDE_SELL] = 0;
    book->seen = 1;
    uint64_t follows = router->parents_of[update->instrument] & router->working;
    router->due |= follows;
    for (; follows; follows &= follows - 1) router->parents[__builtin_ctzll(follows)].by_tick = 1;
}
