/* lane: one process pinned to one core that polls a list of stages in order.  Hot thread: lane_run enters
 * once and returns when control.stop, SIGTERM or orphaning tells it to. */
#pragma once
#include "tickwire/control.h"

struct stage; /* an object with poll(); native/base/stage.h */
struct lane;

enum idle_strategy {
    IDLE_SPIN = 0,  /* never leave the core: a dedicated core only */
    IDLE_PAUSE = 1, /* spin with the CPU's pause hint */
    IDLE_YIELD = 2, /* sched_yield after a run of idle cycles */
    IDLE_SLEEP = 3  /* back off to sleeping sleep_ns: shared cores */
};

struct lane_config {
    char name[NAME_SIZE];
    int32_t core;           /* -1: do not pin */
    int32_t fifo_priority;  /* 0: leave the scheduler alone; else SCHED_FIFO at this priority */
    uint32_t idle;          /* enum idle_strategy */
    uint32_t lock_memory;   /* mlockall(MCL_CURRENT | MCL_FUTURE) */
    uint64_t sleep_ns;      /* for IDLE_SLEEP */
    uint64_t orphan_ns_max; /* supervisor silent for longer: leave the loop.  0: never */
    uint64_t housekeep_ns;  /* how often counters and heartbeats are published */
    uint64_t reserved[2];
};

/* lane_open takes the status block that control_declare_lane made for this name; ERROR_NOT_FOUND without one.
 * warning (may be NULL) receives a line for each wish that was not granted (pinning, locking, SCHED_FIFO),
 * which is not an error. */
int lane_open(struct segment *segment, const struct lane_config *config, struct lane **lane, char *warning,
              size_t warning_size);
int lane_add(struct lane *lane, struct stage *stage); /* takes ownership */
int lane_run(struct lane *lane);                      /* 0 when told to stop */
int lane_poll(struct lane *lane, uint64_t now_ns); /* one duty cycle at a given time: tests and simulation */
void lane_close(struct lane *lane);

/* One stage by itself, for tests and simulation. */
int stage_poll(struct stage *stage, uint64_t now_ns);
void stage_housekeep(struct stage *stage, uint64_t now_ns);
void stage_close(struct stage *stage);
