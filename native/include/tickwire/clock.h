/* clock: the time-stamp counter as nanoseconds since the Unix epoch.  Calibrated once by whoever creates the
 * segment; every process of the box then converts with the same numbers, so their stamps can be subtracted.
 * On hosts without an invariant counter clock_now falls back to clock_gettime. */
#pragma once
#include "tickwire/base.h"

struct clock_scale {
    uint64_t counter_base; /* counter value at ns_base */
    uint64_t ns_base;      /* CLOCK_REALTIME at counter_base */
    uint64_t multiplier;   /* ns = ns_base + ((counter - counter_base) * multiplier >> 32) */
    uint32_t invariant;    /* 0: the counter is not usable, clock_gettime answers instead */
    uint32_t reserved;
};

/* clock_calibrate measures the counter against CLOCK_REALTIME for about duration_ns (10 ms is enough for 1
 * ppm-ish). */
int clock_calibrate(struct clock_scale *scale, uint64_t duration_ns);
/* clock_use makes scale the one that clock_now of this process converts with. */
void clock_use(const struct clock_scale *scale);
uint64_t clock_now_ns(void);
