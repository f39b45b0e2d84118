/* ring_inline: the hot half of ring.h.  A handle is private to one thread: it caches its own index and the
 * last seen index of the other side, so that an uncontended claim or peek touches one shared line at most.
 *
 *   producer: slot = ring_claim(&p); if (slot) { fill it; ring_publish(&p); }     NULL: full, counted in
 * ring->stalls consumer: record = ring_peek(&c); if (record) { use it; ring_release(&c); }   NULL: empty
 *
 * A handle opened on a ring that has been used continues where the last owner published or released. */
#pragma once
#include "tickwire/ring.h"

struct ring_producer {
    struct ring *ring;
    uint8_t *records;
    uint64_t next;  /* index of the record being written */
    uint64_t limit; /* first index that may not be written yet */
    uint64_t mask;
    uint64_t record_size;
};

struct ring_consumer {
    struct ring *ring;
    const uint8_t *records;
    uint64_t next;
    uint64_t limit; /* first index that is not known to be published */
    uint64_t mask;
    uint64_t record_size;
    uint32_t index;
};

static inline uint8_t *ring_records(struct ring *ring) {
    return (uint8_t *)ring + sizeof(struct ring);
}

static inline void ring_producer_open(struct ring_producer *producer, struct ring *ring) {
    producer->ring = ring;
    producer->records = ring_records(ring);
    producer->next = __atomic_load_n(&ring->published, __ATOMIC_ACQUIRE);
    producer->limit = producer->next; /* the first claim asks the consumers */
    producer->mask = ring->capacity - 1;
    producer->record_size = ring->record_size;
}

static inline void ring_consumer_open(struct ring_consumer *consumer, struct ring *ring, uint32_t index) {
    consumer->ring = ring;
    consumer->records = ring_records(ring);
    consumer->next = __atomic_load_n(&ring->consumers[index].next, __ATOMIC_ACQUIRE);
    consumer->limit = consumer->next;
    consumer->mask = ring->capacity - 1;
    consumer->record_size = ring->record_size;
    consumer->index = index;
}

/* ring_slowest is the smallest cursor of all consumers; without any, nothing holds the producer back. */
static inline uint64_t ring_slowest(const struct ring *ring) {
    if (ring->consumer_count == 0) return ring->published;
    uint64_t slowest = UINT64_MAX;
    for (uint64_t i = 0; i < ring->consumer_count; i++) {
        uint64_t next = __atomic_load_n(&ring->consumers[i].next, __ATOMIC_ACQUIRE);
        if (next < slowest) slowest = next;
    }
    return slowest;
}

/* ring_space says whether count more records fit, asking the consumers only when the cached answer is no. */
static inline int ring_space(struct ring_producer *producer, uint64_t count) {
    if (__builtin_expect(producer->limit - producer->next >= count, 1)) return 1;
    producer->limit = ring_slowest(producer->ring) + producer->ring->capacity;
    return producer->limit - producer->next >= count;
}

static inline void *ring_claim(struct ring_producer *producer) {
    if (__builtin_expect(!ring_space(producer, 1), 0)) {
        struct ring *ring = producer->ring;
        __atomic_store_n(&ring->stalls, ring->stalls + 1, __ATOMIC_RELAXED);
        return NULL;
    }
    return producer->records + (producer->next & producer->mask) * producer->record_size;
}

static inline void ring_publish(struct ring_producer *producer) {
    producer->next++;
    __atomic_store_n(&producer->ring->published, producer->next, __ATOMIC_RELEASE);
}

static inline const void *ring_peek(struct ring_consumer *consumer) {
    if (consumer->next == consumer->limit) {
        consumer->limit = __atomic_load_n(&consumer->ring->published, __ATOMIC_ACQUIRE);
        if (consumer->next == consumer->limit) return NULL;
    }
    return consumer->records + (consumer->next & consumer->mask) * consumer->record_size;
}

/* ring_waiting is how many records are published and not yet taken. */
static inline uint64_t ring_waiting(struct ring_consumer *consumer) {
    consumer->limit = __atomic_load_n(&consumer->ring->published, __ATOMIC_ACQUIRE);
    return consumer->limit - consumer->next;
}

/* ring_advance moves on to the next record and keeps this one from being overwritten; ring_rewind goes back
 * over count of those, ring_release_all lets go of all of them. */
static inline void ring_advance(struct ring_consumer *consumer) {
    consumer->next++;
}

static inline void ring_rewind(struct ring_consumer *consumer, uint64_t count) {
    consumer->next -= count;
}

static inline void ring_release_all(struct ring_consumer *consumer) {
    __atomic_store_n(&consumer->ring->consumers[consumer->index].next, consumer->next, __ATOMIC_RELEASE);
}

static inline void ring_release(struct ring_consumer *consumer) {
    ring_advance(consumer);
    ring_release_all(consumer);
}
