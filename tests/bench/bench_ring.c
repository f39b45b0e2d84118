/* bench_ring CORE_A CORE_B [HOPS]: one ring hop between two cores, beside its floor: a bare cache line
 * bounced between the same two cores.  Prints one JSON object of nanoseconds.
 *
 * One way: the producer stamps a record and waits until it came back on a second ring before it sends the
 * next, so that nothing queues; the consumer's stamp minus the producer's is the hop (both cores read one
 * invariant counter).  Stream: records pushed as fast as the ring takes them. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock/clock_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"

#define STREAM_RECORDS 20000000ULL

struct bench {
    int cores[2];
    uint64_t hops;
    struct ring *there, *back;
    struct histogram *hop, *floor;
    uint64_t stream_ns;
    uint64_t line[16]; /* the bounced line: word 0 */
} __attribute__((aligned(64)));

static void pin(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (pthread_setaffinity_np(pthread_self(), sizeof cores, &cores))
        fprintf(stderr, "not pinned to core %d\n", core);
}

static const void *wait_for(struct ring_consumer *consumer) {
    const void *record;
    while (!(record = ring_peek(consumer))) {
    }
    return record;
}

static void *wait_for_room(struct ring_producer *producer) {
    void *slot;
    while (!(slot = ring_claim(producer))) {
    }
    return slot;
}

static void *far_side(void *argument) {
    struct bench *bench = argument;
    struct ring_consumer in;
    struct ring_producer out;
    pin(bench->cores[1]);
    ring_consumer_open(&in, bench->there, 0);
    ring_producer_open(&out, bench->back);
    for (uint64_t i = 0; i < bench->hops; i++) {
        const uint64_t *record = wait_for(&in);
        uint64_t stamp = record[0], now = clock_now();
        ring_release(&in);
        uint64_t *slot = wait_for_room(&out);
        slot[0] = now > stamp ? now - stamp : 0;
        ring_publish(&out);
    }
    for (uint64_t expected = 1; expected <= 2 * bench->hops; expected += 2) {
        while (__atomic_load_n(&bench->line[0], __ATOMIC_ACQUIRE) != expected) {
        }
        __atomic_store_n(&bench->line[0], expected + 1, __ATOMIC_RELEASE);
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < STREAM_RECORDS; i++) {
        sum += *(const uint64_t *)wait_for(&in);
        ring_release(&in);
    }
    return (void *)(uintptr_t)(sum != STREAM_RECORDS * (STREAM_RECORDS - 1) / 2);
}

static void near_side(struct bench *bench) {
    struct ring_producer out;
    struct ring_consumer in;
    pin(bench->cores[0]);
    ring_producer_open(&out, bench->there);
    ring_consumer_open(&in, bench->back, 0);
    for (uint64_t i = 0; i < bench->hops; i++) {
        uint64_t *slot = wait_for_room(&out);
        slot[0] = clock_now();
        ring_publish(&out);
        uint64_t hop = *(const uint64_t *)wait_for(&in);
        ring_release(&in);
        if (i >= bench->hops / 10) histogram_record(bench->hop, hop);
    }
    for (uint64_t value = 1; value <= 2 * bench->hops; value += 2) {
        uint64_t start = clock_now();
        __atomic_store_n(&bench->line[0], value, __ATOMIC_RELEASE);
        while (__atomic_load_n(&bench->line[0], __ATOMIC_ACQUIRE) != value + 1) {
        }
        histogram_record(bench->floor, (clock_now() - start) / 2);
    }
    uint64_t start = clock_now();
    for (uint64_t i = 0; i < STREAM_RECORDS; i++) {
        uint64_t *slot = wait_for_room(&out);
        slot[0] = i;
        ring_publish(&out);
    }
    bench->stream_ns = clock_now() - start;
}

static void print(const char *name, const struct histogram *histogram) {
    printf(
        "\"%s\": {\"p50\": %lu, \"p95\": %lu, \"p99\": %lu, \"p99_9\": %lu, \"max\": %lu, \"count\": %lu}, ",
        name, histogram_quantile(histogram, 0.5), histogram_quantile(histogram, 0.95),
        histogram_quantile(histogram, 0.99), histogram_quantile(histogram, 0.999), histogram->max,
        histogram->count);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: bench_ring CORE_A CORE_B [HOPS]\n"), 2;
    static struct bench bench;
    bench.cores[0] = atoi(argv[1]);
    bench.cores[1] = atoi(argv[2]);
    bench.hops = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000000;
    struct clock_scale scale;
    clock_calibrate(&scale, 50000000);
    clock_use(&scale);
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/tickwire-bench-%d", getpid());
    struct segment *segment = NULL;
    if (segment_create(path, 1 << 20, &segment)) return perror(path), 1;
    unlink(path);
    if (ring_add(segment, "there", 1024, 64, 1, &bench.there) ||
        ring_add(segment, "back", 1024, 64, 1, &bench.back) || histogram_add(segment, "hop", &bench.hop) ||
        histogram_add(segment, "floor", &bench.floor))
        return 1;
    pthread_t thread;
    pthread_create(&thread, NULL, far_side, &bench);
    near_side(&bench);
    void *corrupt = NULL;
    pthread_join(thread, &corrupt);
    printf("{");
    print("hop", bench.hop);
    print("floor", bench.floor);
    printf("\"stream_ns_per_record\": %.2f}\n", (double)bench.stream_ns / (double)STREAM_RECORDS);
    segment_close(segment);
    return corrupt != NULL;
}
