/* lane_internal: what lane.c and lane_loop.c share. */
#pragma once
#include "base/stage.h"
#include "ring/control_inline.h"
#include "tickwire/lane.h"

struct lane {
    struct lane_config config;
    struct control *control;
    struct lane_status *status;
    struct stage *stages[STAGE_COUNT_MAX];
    int stage_count;
    uint64_t cycles;
    uint64_t cycles_busy;
    uint64_t cycle_ns_max;
    uint64_t housekept_ns;
};
