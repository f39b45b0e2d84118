/* route_stage: the router between its rings. */
#pragma once
#include "base/stage.h"
#include "clock/clock_inline.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"
#include "route/router.h"

#define ROUTE_PARENT_SOURCES 2 /* rings "parent" and "parent.operator" */

struct route_stage {
    struct stage stage;
    uint32_t venue_count;
    uint32_t greeted; /* whoever waits for parents of an earlier life has been told */
    struct ring_consumer market[VENUE_COUNT_MAX];
    struct ring_consumer report[VENUE_COUNT_MAX];
    struct ring_consumer verdict;
    struct ring_consumer parent[ROUTE_PARENT_SOURCES];
    uint64_t
        late[ROUTE_PARENT_SOURCES]; /* parents from before the start that wait still: nobody wants them now */
    uint64_t first;                 /* of ring "parent": those before it were lost with an earlier life */
    struct ring_producer intent;
    struct ring_producer parent_report;
    struct ring_producer evidence;
    struct control *control;
    struct parameters_header *parameters;
    struct counters *counters;
    struct router *router;
    uint64_t parameters_version;
    struct route_parameters read; /* where new parameters are read to */
};

int route_stage_poll(struct stage *stage, uint64_t now_ns);
void route_stage_housekeep(struct stage *stage, uint64_t now_ns);
