/* risk_stage: the gate between its rings. */
#pragma once
#include "base/stage.h"
#include "clock/clock_inline.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"
#include "risk/risk_gate.h"

struct risk_stage {
    struct stage stage;
    uint32_t venue_count;
    struct ring_consumer market[VENUE_COUNT_MAX];
    struct ring_consumer report[VENUE_COUNT_MAX];
    struct ring_consumer intent[SOURCE_COUNT];
    struct ring_producer order[VENUE_COUNT_MAX];
    struct ring_producer verdict;
    struct parameters_header *parameters;
    struct control *control;
    struct counters *counters;
    struct histogram *latency;
    struct risk_scope_exposure *exposure; /* RISK_SCOPE_COUNT entries */
    struct risk_gate *gate;
    uint64_t limits_version;
    struct risk_limits limits; /* where new limits are read to */
};

int risk_stage_poll(struct stage *stage, uint64_t now_ns);
void risk_stage_housekeep(struct stage *stage, uint64_t now_ns);
