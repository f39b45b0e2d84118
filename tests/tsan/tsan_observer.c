/* tsan_observer: an observer follows a producer that never waits for it; what it reads is whole, in order, or
 * counted as missed. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "ring/ring_inline.h"

#define RECORDS 300000ULL

static struct ring *ring;

/* The producer's plain stores race by design with an observer's word copies, which are then discarded; here
 * the producer stores words atomically so that the sanitizer judges the rest of the protocol. */
static void *produce(void *argument) {
    (void)argument;
    struct ring_producer producer;
    struct ring_consumer consumer;
    ring_producer_open(&producer, ring);
    ring_consumer_open(&consumer, ring, 0);
    for (uint64_t value = 0; value < RECORDS; value++) {
        uint64_t *slot = ring_claim(&producer);
        if (!slot) return argument;
        for (int word = 0; word < 8; word++) __atomic_store_n(&slot[word], value, __ATOMIC_RELAXED);
        ring_publish(&producer);
        if (ring_peek(&consumer)) ring_release(&consumer);
    }
    return NULL;
}

int main(void) {
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/tickwire-tsan-observer-%d", getpid());
    struct segment *segment = NULL;
    if (segment_create(path, 1 << 20, &segment) || ring_add(segment, "ring", 16, 64, 1, &ring)) return 2;
    unlink(path);
    pthread_t thread;
    pthread_create(&thread, NULL, produce, NULL);
    uint64_t position = 0, missed = 0, seen = 0, records[4][8];
    while (position < RECORDS) {
        uint64_t first = position;
        int count = ring_observe(ring, &position, &missed, records, 4);
        for (int i = 0; i < count; i++) {
            for (int word = 1; word < 8; word++)
                if (records[i][word] != records[i][0]) return fprintf(stderr, "torn record\n"), 1;
            if (records[i][0] < first) return fprintf(stderr, "record out of order\n"), 1;
            first = records[i][0] + 1;
        }
        seen += (uint64_t)count;
    }
    pthread_join(thread, NULL);
    if (seen + missed != RECORDS) return fprintf(stderr, "%lu seen + %lu missed\n", seen, missed), 1;
    printf("%lu seen, %lu missed\n", seen, missed);
    segment_close(segment);
    return 0;
}
