/* lane_loop: the duty cycle.  Reads the time once a cycle and hands it to every stage. */
#include "clock/clock_inline.h"
#include "lane/lane_internal.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

#define IDLE_CYCLES_BEFORE_YIELD 64

static volatile sig_atomic_t terminated;

static void on_signal(int number) {
    (void)number;
    terminated = 1;
}

/* Python's own handlers would only run after lane_run returned, so the loop installs its own for its
 * duration. */
static void catch_signals(struct sigaction *old_term, struct sigaction *old_interrupt) {
    struct sigaction action = {.sa_handler = on_signal};
    terminated = 0;
    sigaction(SIGTERM, &action, old_term);
    sigaction(SIGINT, &action, old_interrupt);
}

static void restore_signals(const struct sigaction *old_term, const struct sigaction *old_interrupt) {
    sigaction(SIGTERM, old_term, NULL);
    sigaction(SIGINT, old_interrupt, NULL);
}

static void publish_status(struct lane *lane, uint64_t now_ns) {
    struct lane_status *status = lane->status;
    __atomic_store_n(&status->cycles, lane->cycles, __ATOMIC_RELAXED);
    __atomic_store_n(&status->cycles_busy, lane->cycles_busy, __ATOMIC_RELAXED);
    __atomic_store_n(&status->cycle_ns_max, lane->cycle_ns_max, __ATOMIC_RELAXED);
    control_store(&status->heartbeat_ns, now_ns);
}

static void housekeep(struct lane *lane, uint64_t now_ns) {
    lane->housekept_ns = now_ns;
    for (int i = 0; i < lane->stage_count; i++) lane->stages[i]->housekeep(lane->stages[i], now_ns);
    publish_status(lane, now_ns);
}

int lane_poll(struct lane *lane, uint64_t now_ns) {
    int work = 0;
    for (int i = 0; i < lane->stage_count; i++) work += lane->stages[i]->poll(lane->stages[i], now_ns);
    lane->cycles++;
    lane->cycles_busy += work > 0;
    if (now_ns - lane->housekept_ns >= lane->config.housekeep_ns) housekeep(lane, now_ns);
    return work;
}

static void idle(const struct lane_config *config, uint64_t idle_cycles) {
    switch ((enum idle_strategy)config->idle) {
    case IDLE_SPIN: return;
    case IDLE_PAUSE:
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
        return;
    case IDLE_YIELD:
        if (idle_cycles > IDLE_CYCLES_BEFORE_YIELD) sched_yield();
        return;
    case IDLE_SLEEP:
        if (idle_cycles > IDLE_CYCLES_BEFORE_YIELD) {
            struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)config->sleep_ns};
            nanosleep(&pause, NULL);
        }
        return;
    }
}

/* orphaned: the supervisor has been silent for so long that nobody will ever stop this lane. */
static int orphaned(const struct lane *lane, uint64_t now_ns) {
    if (lane->config.orphan_ns_max == 0) return 0;
    uint64_t heartbeat = control_load(&lane->control->supervisor_heartbeat_ns);
    return heartbeat && now_ns > heartbeat && now_ns - heartbeat > lane->config.orphan_ns_max;
}

int lane_run(struct lane *lane) {
    if (lane->stage_count == 0) return ERROR_ARGUMENT;
    struct sigaction old_term, old_interrupt;
    catch_signals(&old_term, &old_interrupt);
    __atomic_store_n(&lane->status->state, (uint32_t)LANE_RUNNING, __ATOMIC_RELEASE);
    uint64_t now = clock_now(), idle_cycles = 0;
    while (!terminated && !control_load(&lane->control->stop) && !orphaned(lane, now)) {
        int work = lane_poll(lane, now);
        idle_cycles = work > 0 ? 0 : idle_cycles + 1;
        uint64_t after = clock_now();
        if (after > now && after - now > lane->cycle_ns_max) lane->cycle_ns_max = after - now;
        if (work <= 0) {
            idle(&lane->config, idle_cycles);
            after = clock_now();
        }
        now = after;
    }
    housekeep(lane, now);
    restore_signals(&old_term, &old_interrupt);
    return ERROR_NONE;
}
