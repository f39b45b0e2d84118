/* signal_stage: the rule between its rings. */
#pragma once
#include "base/stage.h"
#include "clock/clock_inline.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"
#include "signal/signal_rule.h"

struct signal_stage {
    struct stage stage;
    uint32_t venue_count;
    struct ring_consumer market[VENUE_COUNT_MAX];
    struct ring_consumer report[VENUE_COUNT_MAX];
    struct ring_consumer verdict;
    struct ring_consumer parent_report;
    struct ring_producer intent;
    struct ring_producer parent;
    struct control *control;
    struct parameters_header *parameters;
    struct counters *counters;
    struct signal_rule *rule;
    uint64_t parameters_version;
    uint64_t reviewed_ns;
    struct signal_parameters read; /* where new parameters are read to */
};

int signal_stage_poll(struct stage *stage, uint64_t now_ns);
void signal_stage_housekeep(struct stage *stage, uint64_t now_ns);
