/* ring_wiring: how a stage finds its rings when it opens; not for the hot path. */
#pragma once
#include "ring/ring_inline.h"

#include <stdio.h>

/* ring_wire checks that a ring of that name, record size and at least that many consumers exists; the message
 * says what is wrong with it. */
static inline int ring_wire(struct segment *segment, const char *name, uint64_t record_size,
                            uint64_t consumer_count, struct ring **ring, char *message, size_t message_size) {
    *ring = ring_find(segment, name);
    if (!*ring) {
        snprintf(message, message_size, "the segment has no ring \"%s\"", name);
        return ERROR_NOT_FOUND;
    }
    if ((*ring)->record_size != record_size || (*ring)->consumer_count < consumer_count) {
        snprintf(message, message_size, "ring \"%s\" has records of %llu bytes for %llu consumers", name,
                 (unsigned long long)(*ring)->record_size, (unsigned long long)(*ring)->consumer_count);
        return ERROR_LAYOUT;
    }
    return ERROR_NONE;
}

static inline int ring_wire_consumer(struct segment *segment, const char *name, uint64_t record_size,
                                     uint32_t index, struct ring_consumer *consumer, char *message,
                                     size_t message_size) {
    struct ring *ring;
    int error = ring_wire(segment, name, record_size, (uint64_t)index + 1, &ring, message, message_size);
    if (!error) ring_consumer_open(consumer, ring, index);
    return error;
}

static inline int ring_wire_producer(struct segment *segment, const char *name, uint64_t record_size,
                                     struct ring_producer *producer, char *message, size_t message_size) {
    struct ring *ring;
    int error = ring_wire(segment, name, record_size, 0, &ring, message, message_size);
    if (!error) ring_producer_open(producer, ring);
    return error;
}

/* block_name is the name of a block of which there is one a venue, for example "market.0". */
static inline const char *block_name(char name[NAME_SIZE], const char *base, uint32_t venue) {
    snprintf(name, NAME_SIZE, "%s.%u", base, (unsigned)venue);
    return name;
}

/* ring_wire_consumers opens the rings "BASE.0" .. of all venues. */
static inline int ring_wire_consumers(struct segment *segment, const char *base, uint32_t venue_count,
                                      uint64_t record_size, uint32_t index, struct ring_consumer *consumers,
                                      char *message, size_t message_size) {
    if (venue_count == 0 || venue_count > VENUE_COUNT_MAX) {
        snprintf(message, message_size, "%u venues: 1 to %d can be had", (unsigned)venue_count,
                 VENUE_COUNT_MAX);
        return ERROR_ARGUMENT;
    }
    int error = ERROR_NONE;
    char name[NAME_SIZE];
    for (uint32_t venue = 0; venue < venue_count && !error; venue++)
        error = ring_wire_consumer(segment, block_name(name, base, venue), record_size, index,
                                   &consumers[venue], message, message_size);
    return error;
}

/* ring_skip leaves unread everything that is published at this moment. */
static inline void ring_skip(struct ring_consumer *consumer) {
    consumer->next = consumer->limit = __atomic_load_n(&consumer->ring->published, __ATOMIC_ACQUIRE);
    __atomic_store_n(&consumer->ring->consumers[consumer->index].next, consumer->next, __ATOMIC_RELEASE);
}
