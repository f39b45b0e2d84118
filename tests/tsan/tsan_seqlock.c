/* tsan_seqlock: parameters are rewritten as fast as possible while two readers copy them; no copy is ever
 * mixed, and each comes with its own version. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ring/control_inline.h"

#define WORDS  64
#define WRITES 100000ULL

static struct parameters_header *header;
static int finished;

static void *read_all(void *argument) {
    uint64_t *copies = argument;
    uint64_t payload[WORDS], version = 0, last = 0;
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        if (parameters_read(header, payload, sizeof payload, &version) != 1) {
            sched_yield();
            continue;
        }
        for (int word = 0; word < WORDS; word++)
            if (payload[word] != payload[0]) exit(fprintf(stderr, "mixed copy\n") ? 1 : 1);
        if (version != 2 * payload[0]) exit(fprintf(stderr, "another version's copy\n") ? 1 : 1);
        if (payload[0] < last) exit(fprintf(stderr, "went back in time\n") ? 1 : 1);
        last = payload[0];
        ++*copies;
    }
    return NULL;
}

int main(void) {
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/tickwire-tsan-seqlock-%d", getpid());
    struct segment *segment = NULL;
    if (segment_create(path, 1 << 20, &segment)) return 2;
    unlink(path);
    if (parameters_add(segment, "p", WORDS * 8, &header)) return 2;
    pthread_t readers[2];
    uint64_t copies[2] = {0};
    for (int i = 0; i < 2; i++) pthread_create(&readers[i], NULL, read_all, &copies[i]);
    uint64_t payload[WORDS];
    for (uint64_t value = 1; value <= WRITES; value++) {
        for (int word = 0; word < WORDS; word++) payload[word] = value;
        parameters_write(header, payload, sizeof payload, value);
    }
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++) pthread_join(readers[i], NULL);
    printf("%llu writes, %lu + %lu whole copies\n", WRITES, copies[0], copies[1]);
    segment_close(segment);
    return 0;
}
