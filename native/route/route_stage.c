/* route_stage: one duty cycle: what became of children, then the market, then parents, then decisions, so
 * that no decision is made by a picture older than what this stage could have known. */
#include "route/route_stage.h"

#define REPORT_BATCH_MAX 64
#define MARKET_BATCH_MAX 64
#define PARENT_BATCH_MAX 16
#define INTENT_BATCH_MAX 64

static int drain_reports(struct route_stage *route, struct ring_consumer *reports) {
    int count = 0;
    const struct execution_report *report;
    while (count < REPORT_BATCH_MAX && (report = ring_peek(reports))) {
        router_report(route->router, report);
        ring_release(reports);
        count++;
    }
    return count;
}

static int drain_market(struct route_stage *route, struct ring_consumer *market) {
    int count = 0;
    const struct market_update *update;
    while (count < MARKET_BATCH_MAX && (update = ring_peek(market))) {
        router_market(route->router, update);
        ring_release(market);
        count++;
    }
    return count;
}

static int drain_refusals(struct route_stage *route) {
    int count = 0;
    const struct risk_refusal *refusal;
    while (count < REPORT_BATCH_MAX && (refusal = ring_peek(&route->verdict))) {
        router_refusal(route->router, refusal);
        ring_release(&route->verdict);
        count++;
    }
    return count;
}

static int drain_parents(struct route_stage *route, uint32_t source) {
    struct ring_consumer *parents = &route->parent[source];
    int count = 0;
    const struct parent_order *order;
    while (count < PARENT_BATCH_MAX && (order = ring_peek(parents))) {
        int late = route->late[source] > 0;
        int error = late ? router_turn_away(route->router, order) : router_parent(route->router, order);
        if (error) break; /* its refusal could not be told: it waits */
        route->late[source] -= (uint64_t)late;
        ring_release(parents);
        count++;
    }
    return count;
}

static void refresh_parameters(struct route_stage *route) {
    uint64_t version = control_load(&route->parameters->version);
    if (version == route->parameters_version || (version & 1)) return;
    if (parameters_read(route->parameters, &route->read, sizeof route->read, &version) != 1) return;
    router_parameters(route->router, &route->read);
    route->parameters_version = version;
}

/* refresh_stops looks at what is said of venues and of the firm; the gate looks at all of it, and knows
 * whether what only reduces may pass a kill. */
static void refresh_stops(struct route_stage *route) {
    const struct control *control = route->control;
    uint64_t firm = control_load(&control->stops.firm) | (control_load(&control->kill) ? STOP_KILL : 0);
    uint32_t stopped = 0, reducing = 0;
    for (uint32_t venue = 0; venue < route->venue_count; venue++) {
        uint64_t bits = firm | control_load(&control->stops.venue[venue]);
        stopped |= (uint32_t)((bits & ~(uint64_t)STOP_PROBE) != 0) << venue;
        reducing |= (uint32_t)((bits & STOP_BREAK) != 0) << venue;
    }
    router_stopped(route->router, stopped, reducing);
}

static int publish_evidence(struct route_stage *route) {
    int count = 0;
    struct route_evidence *evidence = ring_claim(&route->evidence);
    while (evidence && router_next_evidence(route->router, evidence)) {
        ring_publish(&route->evidence);
        evidence = ring_claim(&route->evidence);
        count++;
    }
    return count;
}

static int publish_intents(struct route_stage *route) {
    int count = 0, more = 1;
    while (count < INTENT_BATCH_MAX && more) {
        struct order_intent *intent = ring_claim(&route->intent);
        if (!intent) {
            counter_add(route->counters, ROUTE_COUNT_BACKPRESSURE, 1);
            break;
        }
        more = router_next_intent(route->router, intent);
        count += publish_evidence(route);
        if (!more) break;
        if (intent->signal_ns == 0) intent->signal_ns = clock_since(intent->rx_ns, clock_now());
        ring_publish(&route->intent);
        count++;
    }
    return count;
}

/* publish_parents tells how parents are, first of all which ones an earlier life took with it. */
static int publish_parents(struct route_stage *route) {
    int count = 0;
    struct parent_report *report;
    while ((report = ring_claim(&route->parent_report))) {
        if (!route->greeted) {
            *report = (struct parent_report){.tick = route->first};
            route->greeted = 1;
        } else if (!router_next_report(route->router, report)) {
            return count;
        }
        ring_publish(&route->parent_report);
        count++;
    }
    counter_add(route->counters, ROUTE_COUNT_BACKPRESSURE, 1);
    return count;
}

int route_stage_poll(struct stage *stage, uint64_t now_ns) {
    struct route_stage *route = (struct route_stage *)stage;
    int work = 0, behind = 0;
    router_advance(route->router, now_ns);
    refresh_parameters(route);
    refresh_stops(route);
    for (uint32_t venue = 0; venue < route->venue_count; venue++) {
        int reported = drain_reports(route, &route->report[venue]);
        int updated = drain_market(route, &route->market[venue]);
        behind |= reported == REPORT_BATCH_MAX || updated == MARKET_BATCH_MAX;
        work += reported + updated;
    }
    work += drain_refusals(route);
    if (!behind) {
        for (uint32_t source = 0; source < ROUTE_PARENT_SOURCES; source++)
            work += drain_parents(route, source);
        work += publish_intents(route);
    }
    return work + publish_parents(route);
}

void route_stage_housekeep(struct stage *stage, uint64_t now_ns) {
    struct route_stage *route = (struct route_stage *)stage;
    (void)now_ns;
    for (uint32_t counter = 0; counter < ROUTE_COUNT_COUNT; counter++)
        if (counter != ROUTE_COUNT_BACKPRESSURE)
            counter_set(route->counters, counter, router_count(route->router, (enum route_counter)counter));
}
