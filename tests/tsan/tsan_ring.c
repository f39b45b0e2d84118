/* tsan_ring: one producer and three consumers hammer a small ring; each must see every record, whole and in
 * order. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ring/ring_inline.h"

#define CONSUMERS 3
#define RECORDS   200000ULL

static struct ring *ring;

static void *produce(void *argument) {
    (void)argument;
    struct ring_producer producer;
    ring_producer_open(&producer, ring);
    for (uint64_t value = 0; value < RECORDS;) {
        uint64_t *slot = ring_claim(&producer);
        if (!slot) {
            sched_yield();
            continue;
        }
        for (int word = 0; word < 8; word++) slot[word] = value;
        ring_publish(&producer);
        value++;
    }
    return NULL;
}

static void *consume(void *argument) {
    struct ring_consumer consumer;
    ring_consumer_open(&consumer, ring, *(uint32_t *)argument);
    for (uint64_t expected = 0; expected < RECORDS;) {
        const uint64_t *record = ring_peek(&consumer);
        if (!record) {
            sched_yield();
            continue;
        }
        for (int word = 0; word < 8; word++) {
            if (record[word] == expected) continue;
            fprintf(stderr, "consumer %u: word %d is %lu, not %lu\n", consumer.index, word, record[word],
                    expected);
            exit(1);
        }
        ring_release(&consumer);
        expected++;
    }
    return NULL;
}

int main(void) {
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/tickwire-tsan-ring-%d", getpid());
    struct segment *segment = NULL;
    if (segment_create(path, 1 << 20, &segment) || ring_add(segment, "ring", 64, 64, CONSUMERS, &ring))
        return 2;
    unlink(path);
    pthread_t threads[CONSUMERS + 1];
    uint32_t index[CONSUMERS];
    for (uint32_t i = 0; i < CONSUMERS; i++) {
        index[i] = i;
        pthread_create(&threads[i], NULL, consume, &index[i]);
    }
    pthread_create(&threads[CONSUMERS], NULL, produce, NULL);
    for (int i = 0; i <= CONSUMERS; i++) pthread_join(threads[i], NULL);
    printf("%llu records, %d consumers, %lu stalls\n", RECORDS, CONSUMERS, ring->stalls);
    segment_close(segment);
    return 0;
}
