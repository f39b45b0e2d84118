/* lane: claiming a core and a status block.  The loop itself is lane_loop.c. */
#include "lane/lane_internal.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void warn(char *warning, size_t size, const char *format, ...) {
    if (!warning) return;
    size_t used = strlen(warning);
    if (used + 1 >= size) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(warning + used, size - used, format, arguments);
    va_end(arguments);
}

static void pin(const struct lane_config *config, char *warning, size_t size) {
    if (config->core < 0) return;
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)config->core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores))
        warn(warning, size, "not pinned to core %d: %s\n", config->core, strerror(errno));
}

static void raise_priority(const struct lane_config *config, char *warning, size_t size) {
    if (config->fifo_priority <= 0) return;
    struct sched_param parameter = {.sched_priority = config->fifo_priority};
    if (sched_setscheduler(0, SCHED_FIFO, &parameter))
        warn(warning, size, "no SCHED_FIFO priority %d: %s\n", config->fifo_priority, strerror(errno));
}

static void lock_memory(const struct lane_config *config, char *warning, size_t size) {
    if (!config->lock_memory) return;
    if (mlockall(MCL_CURRENT | MCL_FUTURE))
        warn(warning, size, "memory not locked: %s (raise the memlock limit)\n", strerror(errno));
}

/* find_status finds the block the supervisor declared for this lane; a restarted lane finds its old one. */
static struct lane_status *find_status(struct control *control, const char *name) {
    for (int i = 0; i < STAGE_COUNT_MAX; i++)
        if (strncmp(control->lanes[i].name, name, NAME_SIZE) == 0) return &control->lanes[i];
    return NULL;
}

int lane_open(struct segment *segment, const struct lane_config *config, struct lane **lane, char *warning,
              size_t warning_size) {
    if (warning && warning_size) warning[0] = 0;
    struct control *control = control_find(segment);
    if (!control || !config->name[0] || config->name[NAME_SIZE - 1]) return ERROR_ARGUMENT;
    struct lane_status *status = find_status(control, config->name);
    if (!status) return ERROR_NOT_FOUND;
    struct lane *opened = calloc(1, sizeof *opened);
    if (!opened) return ERROR_SYSTEM;
    opened->config = *config;
    opened->control = control;
    opened->status = status;
    clock_use(&control->clock);
    pin(config, warning, warning_size);
    lock_memory(config, warning, warning_size);
    raise_priority(config, warning, warning_size);
    status->core = config->core < 0 ? UINT32_MAX : (uint32_t)config->core;
    status->cycle_ns_max = 0;
    status->started_ns = clock_now_ns();
    control_store(&status->heartbeat_ns, status->started_ns);
    __atomic_store_n(&status->starts, status->starts + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&status->state, (uint32_t)LANE_STARTING, __ATOMIC_RELAXED);
    __atomic_store_n(&status->pid, (uint32_t)getpid(), __ATOMIC_RELEASE);
    *lane = opened;
    return ERROR_NONE;
}

int lane_add(struct lane *lane, struct stage *stage) {
    if (!stage) return ERROR_ARGUMENT;
    if (lane->stage_count == STAGE_COUNT_MAX) return ERROR_FULL;
    lane->stages[lane->stage_count++] = stage;
    return ERROR_NONE;
}

void lane_close(struct lane *lane) {
    if (!lane) return;
    for (int i = lane->stage_count - 1; i >= 0; i--) lane->stages[i]->close(lane->stages[i]);
    __atomic_store_n(&lane->status->state, (uint32_t)LANE_STOPPED, __ATOMIC_RELAXED);
    __atomic_store_n(&lane->status->pid, 0U, __ATOMIC_RELEASE);
    free(lane);
}

int stage_poll(struct stage *stage, uint64_t now_ns) {
    return stage->poll(stage, now_ns);
}

void stage_housekeep(struct stage *stage, uint64_t now_ns) {
    stage->housekeep(stage, now_ns);
}

void stage_close(struct stage *stage) {
    stage->close(stage);
}
