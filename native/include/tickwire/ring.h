/* ring: a lossless queue of fixed-size records, one producer, one or many consumers, each of which sees every
 * record; with no consumer at all it is for observers only and the oldest records are overwritten. The
 * producer waits for the slowest consumer (back-pressure, counted in `stalls`).  Observers read without
 * holding the producer back and count what they missed.  Records are one or two cache lines.  The hot path
 * uses the inline functions of native/ring/ring_inline.h; the functions below are for Python, tests and
 * set-up. */
#pragma once
#include "tickwire/segment.h"

#define RING_CONSUMER_COUNT_MAX 8

struct ring_cursor {
    uint64_t next; /* the next record this consumer will read */
    uint64_t reserved[7];
};

struct ring {
    uint64_t capacity; /* records, a power of two */
    uint64_t record_size;
    uint64_t consumer_count;
    uint64_t reserved0[5];
    uint64_t published; /* records the consumers may read: written by the producer only */
    uint64_t stalls;    /* times the producer found it full */
    uint64_t reserved1[6];
    struct ring_cursor consumers[RING_CONSUMER_COUNT_MAX];
    /* records follow */
};

/* ring_add creates a ring in the segment (capacity a power of two, record_size 64 or 128, 0 to 8 consumers).
 */
int ring_add(struct segment *segment, const char *name, uint64_t capacity, uint64_t record_size,
             uint64_t consumer_count, struct ring **ring);
struct ring *ring_find(struct segment *segment, const char *name);
/* ring_write copies count records in; returns how many fitted.  ring_read copies out at most count. */
int ring_write(struct ring *ring, const void *records, int count);
int ring_read(struct ring *ring, uint32_t consumer, void *records, int count);
/* ring_observe copies records from *position on without being a consumer; *missed grows by what was
 * overwritten. */
int ring_observe(struct ring *ring, uint64_t *position, uint64_t *missed, void *records, int count);
