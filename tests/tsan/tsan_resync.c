/* tsan_resync: a stage starts again and again while execution answers every request for a replay with a
 * RESET; no start misses the RESET that answers it. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "report/report_follow.h"

#define STARTS    20000
#define LOOKS_MAX 100000000ULL

static struct control *control;
static struct ring *reports;
static int finished;

static void *answer_all(void *argument) {
    uint64_t *answers = argument, asked = 0;
    struct ring_producer producer;
    ring_producer_open(&producer, reports);
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        if (control_load(&control->resync_requests) == asked) continue;
        struct execution_report *report = ring_claim(&producer);
        if (!report) continue;
        asked = control_load(&control->resync_requests);
        *report = (struct execution_report){.kind = REPORT_RESET};
        ring_publish(&producer);
        ++*answers;
    }
    return NULL;
}

static void await_reset(struct ring_consumer *consumer) {
    for (uint64_t looks = 0; looks < LOOKS_MAX; looks++) {
        if (ring_peek(consumer)) return;
        if (looks % 64 == 63) sched_yield();
    }
    exit(fprintf(stderr, "a request was never answered\n") ? 1 : 1);
}

int main(void) {
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/tickwire-tsan-resync-%d", getpid());
    struct segment *segment = NULL;
    if (segment_create(path, 1 << 20, &segment)) return 2;
    unlink(path);
    if (control_add(segment, &control)) return 2;
    if (ring_add(segment, "report", 64, sizeof(struct execution_report), 1, &reports)) return 2;
    struct ring_consumer consumer;
    ring_consumer_open(&consumer, reports, 0);
    pthread_t execution;
    uint64_t answers = 0;
    pthread_create(&execution, NULL, answer_all, &answers);
    for (int start = 0; start < STARTS; start++) {
        report_follow_start(control, &consumer, 1);
        await_reset(&consumer);
    }
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    pthread_join(execution, NULL);
    printf("%d starts, %lu answers\n", STARTS, answers);
    segment_close(segment);
    return 0;
}
