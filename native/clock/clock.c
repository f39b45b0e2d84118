#include "clock/clock_inline.h"

#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

struct clock_scale clock_scale_in_use; /* invariant 0: clock_gettime answers until clock_use */

static uint64_t realtime_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static int counter_is_invariant(void) {
#if defined(__x86_64__)
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx)) return 0;
    return (edx & (1U << 8)) != 0;
#else
    return 0;
#endif
}

/* sample pairs the counter with the clock: the tightest of a few readings, so that an interrupt between the
 * two does not end up in the scale. */
static void sample(uint64_t *counter, uint64_t *ns) {
    uint64_t tightest = UINT64_MAX;
    for (int i = 0; i < 16; i++) {
        uint64_t before = clock_counter();
        uint64_t now = realtime_ns();
        uint64_t after = clock_counter();
        if (after - before >= tightest) continue;
        tightest = after - before;
        *counter = before + (after - before) / 2;
        *ns = now;
    }
}

int clock_calibrate(struct clock_scale *scale, uint64_t duration_ns) {
    memset(scale, 0, sizeof *scale);
    scale->ns_base = realtime_ns();
    if (!counter_is_invariant()) return ERROR_NONE;
    uint64_t counter_start = 0, ns_start = 0, counter_end = 0, ns_end = 0;
    sample(&counter_start, &ns_start);
    struct timespec pause = {.tv_sec = (time_t)(duration_ns / 1000000000ULL),
                             .tv_nsec = (long)(duration_ns % 1000000000ULL)};
    nanosleep(&pause, NULL);
    sample(&counter_end, &ns_end);
    if (counter_end <= counter_start || ns_end <= ns_start)
        return ERROR_NONE; /* the clock was stepped: no scale */
    scale->counter_base = counter_end;
    scale->ns_base = ns_end;
    scale->multiplier =
        (uint64_t)(((unsigned __int128)(ns_end - ns_start) << 32) / (counter_end - counter_start));
    scale->invariant = 1;
    return ERROR_NONE;
}

void clock_use(const struct clock_scale *scale) {
    clock_scale_in_use = *scale;
}

uint64_t clock_now_ns(void) {
    return clock_scale_in_use.invariant ? clock_convert(&clock_scale_in_use, clock_counter()) : realtime_ns();
}
