/* clock_inline: stamping on the hot path without a call. */
#pragma once
#include "tickwire/clock.h"

extern struct clock_scale clock_scale_in_use; /* set by clock_use before any lane runs */

static inline uint64_t clock_counter(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

static inline uint64_t clock_convert(const struct clock_scale *scale, uint64_t counter) {
    return scale->ns_base +
           (uint64_t)(((unsigned __int128)(counter - scale->counter_base) * scale->multiplier) >> 32);
}

/* clock_now is the time in ns since the Unix epoch by the box's common scale. */
static inline uint64_t clock_now(void) {
    if (__builtin_expect(clock_scale_in_use.invariant != 0, 1))
        return clock_convert(&clock_scale_in_use, clock_counter());
    return clock_now_ns();
}

/* clock_since is a stage's latency offset: ns from then to now, saturating at 32 bits, 0 if then is ahead. */
static inline uint32_t clock_since(uint64_t then_ns, uint64_t now_ns) {
    if (now_ns <= then_ns) return 0;
    return now_ns - then_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)(now_ns - then_ns);
}
