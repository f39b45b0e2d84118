/* route_stage_open: wiring and memory of the router's stage. */
#include "ring/ring_wiring.h"
#include "route/route_stage.h"

#include <stdlib.h>

static void route_stage_close(struct stage *stage) {
    struct route_stage *route = (struct route_stage *)stage;
    router_destroy(route->router);
    free(route);
}

static int wire_inputs(struct segment *segment, struct route_stage *route, char *message, size_t size) {
    static const char *const parents[ROUTE_PARENT_SOURCES] = {"parent", "parent.operator"};
    int error = ring_wire_consumers(segment, "market", route->venue_count, sizeof(struct market_update),
                                    MARKET_CONSUMER_ROUTER, route->market, message, size);
    if (!error)
        error = ring_wire_consumers(segment, "report", route->venue_count, sizeof(struct execution_report),
                                    REPORT_CONSUMER_ROUTER, route->report, message, size);
    if (!error)
        error = ring_wire_consumer(segment, "verdict", sizeof(struct risk_refusal), VERDICT_CONSUMER_ROUTER,
                                   &route->verdict, message, size);
    for (uint32_t source = 0; source < ROUTE_PARENT_SOURCES && !error; source++)
        error = ring_wire_consumer(segment, parents[source], sizeof(struct parent_order), 0,
                                   &route->parent[source], message, size);
    return error;
}

static int wire(struct segment *segment, struct route_stage *route, char *message, size_t size) {
    int error = wire_inputs(segment, route, message, size);
    if (!error)
        error = ring_wire_producer(segment, "intent.router", sizeof(struct order_intent), &route->intent,
                                   message, size);
    if (!error)
        error = ring_wire_producer(segment, "parent.report", sizeof(struct parent_report),
                                   &route->parent_report, message, size);
    if (!error)
        error = ring_wire_producer(segment, "evidence", sizeof(struct route_evidence), &route->evidence,
                                   message, size);
    if (error) return error;
    route->parameters = parameters_find(segment, "route");
    route->counters = counters_find(segment, "router");
    if (route->parameters && route->parameters->size == sizeof route->read && route->counters)
        return ERROR_NONE;
    snprintf(message, size, "the segment lacks parameters \"route\" or counters \"router\"");
    return ERROR_NOT_FOUND;
}

int route_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                     size_t message_size) {
    struct control *control = control_find(segment);
    struct route_stage *route = calloc(1, sizeof *route);
    if (!route || !control) {
        free(route);
        snprintf(message, message_size, control ? "no memory" : "the segment has no control block");
        return control ? ERROR_SYSTEM : ERROR_NOT_FOUND;
    }
    route->stage = (struct stage){"router", route_stage_poll, route_stage_housekeep, route_stage_close};
    route->venue_count = venue_count;
    route->control = control;
    int error = wire(segment, route, message, message_size);
    if (!error) error = router_create(venue_count, &route->router);
    if (error) {
        route_stage_close(&route->stage);
        return error;
    }
    ring_skip(&route->verdict);
    route->first = route->parent[0].next;
    for (uint32_t source = 0; source < ROUTE_PARENT_SOURCES; source++)
        route->late[source] = ring_waiting(&route->parent[source]);
    report_follow_start(control, route->report, venue_count);
    *stage = &route->stage;
    return ERROR_NONE;
}
