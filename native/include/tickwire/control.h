/* control: how people and stewards tell stages what to do, and how stages say that they live.
 * - words: the kill switch and the like, read by the hot path with one relaxed load;
 * - parameters: a struct under a seqlock, written by one steward, copied by stages when its version moved;
 * - commands: a ring of 64-byte records for a stage that takes any, drained between packets. */
#pragma once
#include "tickwire/clock.h"
#include "tickwire/ring.h"

struct lane_status { /* written by the lane (its pid, heartbeat) or its stages; one per lane */
    char name[NAME_SIZE];
    uint64_t heartbeat_ns;
    uint64_t cycles;
    uint64_t cycles_busy;
    uint64_t cycle_ns_max; /* the longest duty cycle since start */
    uint32_t pid;          /* 0: not running */
    uint32_t state;        /* enum lane_state */
    uint32_t core;
    uint32_t starts; /* how often a process has attached as this lane */
    uint64_t started_ns;
    uint64_t reserved[5];
};

enum lane_state { LANE_ABSENT = 0, LANE_STARTING = 1, LANE_RUNNING = 2, LANE_STOPPED = 3 };

/* Stop words: why a scope may send nothing new.  0 is free; bits are set and cleared by whoever has the
 * right to, with atomic or and and.  Cancels always pass; orders that only reduce pass all but KILL and
 * BREAK. */
enum stop_bit {
    STOP_KILL = 1,     /* and every open order of the scope is canceled; until a person re-arms */
    STOP_PAUSE = 2,    /* a person; open orders stay */
    STOP_BREAK = 4,    /* reconciliation found a difference */
    STOP_BREAKER = 8,  /* circuit breaker open */
    STOP_PROBE = 16,   /* circuit breaker half-open: risk_limits says how many orders may leave */
    STOP_THROTTLE = 32 /* too many repeated executions: until a person re-enables */
};

enum stop_scope {
    STOP_FIRM = 0, /* index 0 */
    STOP_VENUE = 1,
    STOP_ACCOUNT = 2,
    STOP_STRATEGY = 3,
    STOP_INSTRUMENT = 4
};

struct control_stops {
    uint64_t kills; /* grows with every STOP_KILL that is set: execution then cancels what they name */
    uint64_t firm;
    uint64_t venue[VENUE_COUNT_MAX];
    uint64_t account[ACCOUNT_COUNT_MAX];
    uint64_t strategy[STRATEGY_COUNT_MAX];
    uint64_t instrument[INSTRUMENT_COUNT_MAX];
    uint64_t reserved[2];
};

/* One writer a line.  Zero-initialised, which is the safe state: nothing armed. */
struct control {
    uint64_t kill; /* not 0: nothing new may reach a venue; holds the time it was set, ns */
    uint64_t reserved0[7];
    uint64_t armed;                   /* not 0: the operator or supervisor lets the gate open */
    uint64_t epoch;                   /* trading epoch: grows with every taking of ownership */
    uint64_t supervisor_heartbeat_ns; /* stale: the gate shuts; staler: lanes end by themselves */
    uint64_t stop;                    /* not 0: lanes leave their loop */
    uint64_t reserved1[4];
    uint64_t
        resync_requests; /* grows when a stage that follows orders has started and knows nothing: execution
                            then replays the venue's record from its first message (any stage: atomic add) */
    uint64_t reserved2[7];
    struct clock_scale clock;
    uint64_t reserved3[4];
    struct control_stops stops;
    struct lane_status lanes[STAGE_COUNT_MAX];
};

int control_add(struct segment *segment, struct control **control);
struct control *control_find(struct segment *segment);
/* control_stop_set and control_stop_clear change bits of one stop word and return what it was; ERROR_ARGUMENT
 * for a scope or index that does not exist.  control_stop_bits reads it. */
int64_t control_stop_set(struct control *control, enum stop_scope scope, uint32_t index, uint64_t bits);
int64_t control_stop_clear(struct control *control, enum stop_scope scope, uint32_t index, uint64_t bits);
int64_t control_stop_bits(const struct control *control, enum stop_scope scope, uint32_t index);
/* control_declare_lane names a status block, before any lane starts; ERROR_DUPLICATE, ERROR_FULL. */
int control_declare_lane(struct control *control, const char *name);

struct parameters_header { /* the payload follows on the next cache line */
    uint64_t version;      /* odd while being written */
    uint64_t size;
    uint64_t published_ns;
    uint64_t reserved[5];
};

int parameters_add(struct segment *segment, const char *name, uint64_t size,
                   struct parameters_header **header);
struct parameters_header *parameters_find(struct segment *segment, const char *name);
/* parameters_write publishes payload (size bytes, a multiple of 8) as one consistent version.  Single writer.
 * parameters_read copies a consistent payload and sets *version (may be NULL) to its own; returns 1, or 0
 * when nothing was ever written, or ERROR_BUSY after a bounded number of torn reads (try again on the next
 * duty cycle). */
int parameters_write(struct parameters_header *header, const void *payload, uint64_t size, uint64_t now_ns);
int parameters_read(struct parameters_header *header, void *payload, uint64_t size, uint64_t *version);

/* table_read copies one entry of a table (its first word is the version); 1 when consistent, 0 when a writer
 * would not let it (it died inside the entry). */
int table_read(const void *entry, void *to, uint64_t size);

struct command {   /* 64 bytes, the record of every "command.<stage>" ring */
    uint32_t kind; /* the owning stage's enum <stage>_command */
    uint32_t reserved;
    uint64_t issued_ns;
    uint64_t argument[6];
};
