/* stage: the hot half of a service, as a lane sees it. */
#pragma once
#include "tickwire/base.h"

struct stage {
    const char *name;
    /* poll does at most one bounded batch of work and returns how much (0: idle).  now_ns is the duty cycle's
     * time, the only time a stage may decide by; it never reads a clock except to stamp latencies.  Never
     * blocks, never allocates. */
    int (*poll)(struct stage *stage, uint64_t now_ns);
    /* housekeep publishes gauges and does slow work (a reconnect, new parameters); called every
     * lane_config.housekeep_ns. */
    void (*housekeep)(struct stage *stage, uint64_t now_ns);
    void (*close)(struct stage *stage);
};
