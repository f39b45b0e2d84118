/* bench_kill CORE_A CORE_B [KILLS]: from the command to the last order that could leave, under load.  The
 * execution stage runs on core A as in a lane; a gate that never stops offering orders and a venue that
 * answers over loopback share core B.  Every second kill is the firm's (control.kill), the others a
 * strategy's stop word.  Prints one JSON object of nanoseconds: "last_new", from the moment before the word
 * was written to the end of the last send of anything new (0 when that had ended before), and "last_cancel",
 * to the end of the send of the last open order's cancel. */
#include <pthread.h>
#include <sched.h>

#include "base/stage.h"
#include "clock/clock_inline.h"
#include "kill_venue.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"
#include "tickwire/execution.h"

#define STRATEGY      7
#define ORDER_MAX     (1U << 22)
#define LOAD_MIN      200 /* orders between two kills, and up to as many more */
#define AFTER         64  /* offered after the kill, in vain */
#define IN_FLIGHT_MAX 48  /* the gate's bound: orders whose report has not been read */

struct bench {
    struct segment *segment;
    struct control *control;
    struct stage *stage;
    struct ring_producer orders;
    struct ring_consumer reports;
    struct histogram *last_new, *last_cancel;
    struct kill_venue *venue;
    int cores[2];
    uint32_t stop;
    uint32_t live;
    uint32_t user_ref;
    uint32_t waiting; /* offered, and neither sent nor refused yet */
    uint32_t open;
    uint32_t refused;
    uint8_t generation;
    uint64_t chance;
    uint64_t new_ns; /* ends of the last sends */
    uint64_t cancel_ns;
};

static void pin(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (pthread_setaffinity_np(pthread_self(), sizeof cores, &cores))
        fprintf(stderr, "not pinned to core %d\n", core);
}

static void *lane(void *argument) {
    struct bench *bench = argument;
    pin(bench->cores[0]);
    for (uint64_t cycle = 0; !__atomic_load_n(&bench->stop, __ATOMIC_ACQUIRE); cycle++) {
        uint64_t now_ns = clock_now();
        bench->stage->poll(bench->stage, now_ns);
        if (cycle % 1024 == 0) bench->stage->housekeep(bench->stage, now_ns);
    }
    return NULL;
}

static void follow(struct bench *bench, const struct execution_report *report) {
    int cancel = report->order_id == report->target_order_id;
    switch (report->kind) {
    case REPORT_LIVE:
        bench->live = 1;
        bench->generation = report->generation;
        break;
    case REPORT_SENT:
        *(cancel ? &bench->cancel_ns : &bench->new_ns) = report->report_ns;
        if (!cancel) bench->waiting--, bench->open++;
        break;
    case REPORT_NOT_SENT: bench->waiting--, bench->refused++; break;
    case REPORT_EXECUTED:
    case REPORT_CANCELED: bench->open -= report->leaves == 0; break;
    default: break;
    }
}

static void listen_all(struct bench *bench) {
    const struct execution_report *report;
    while ((report = ring_peek(&bench->reports)) != NULL) {
        follow(bench, report);
        ring_release(&bench->reports);
    }
}

static void offer(struct bench *bench) {
    struct order *order;
    listen_all(bench);
    while (bench->waiting >= IN_FLIGHT_MAX || (order = ring_claim(&bench->orders)) == NULL) {
        sched_yield();
        listen_all(bench);
    }
    *order = (struct order){.order_id = 1ULL << ORDER_ID_EPOCH_SHIFT | ++bench->user_ref,
                            .rx_ns = clock_now(),
                            .price = 1000000,
                            .quantity = KILL_VENUE_SIZE,
                            .kind = INTENT_NEW,
                            .strategy = STRATEGY,
                            .account = 1,
                            .trader = 1,
                            .generation = bench->generation};
    ring_publish(&bench->orders);
    bench->waiting++;
}

static uint64_t set_kill(struct bench *bench, int firm) {
    uint64_t at_ns = clock_now();
    if (firm)
        control_store(&bench->control->kill, at_ns);
    else
        control_stop_set(bench->control, STOP_STRATEGY, STRATEGY, STOP_KILL);
    return at_ns;
}

static void one_kill(struct bench *bench, int firm) {
    control_store(&bench->control->kill, 0);
    control_stop_clear(bench->control, STOP_STRATEGY, STRATEGY, STOP_KILL);
    bench->chance ^= bench->chance << 13;
    bench->chance ^= bench->chance >> 7;
    bench->chance ^= bench->chance << 17;
    for (uint64_t count = LOAD_MIN + bench->chance % LOAD_MIN; count > 0; count--) offer(bench);
    uint64_t killed_ns = set_kill(bench, firm);
    for (int count = 0; count < AFTER; count++) offer(bench);
    while (bench->waiting > 0 || bench->open > 0) {
        sched_yield();
        listen_all(bench);
    }
    histogram_record(bench->last_new, bench->new_ns > killed_ns ? bench->new_ns - killed_ns : 0);
    histogram_record(bench->last_cancel, bench->cancel_ns > killed_ns ? bench->cancel_ns - killed_ns : 0);
}

static int add_blocks(struct bench *bench) {
    static const char *const latencies[] = {"book",      "signal",        "risk",
                                            "execution", "tick_to_order", "transmit"};
    struct ring *orders, *reports, *ring;
    struct histogram *histogram;
    struct counters *counters;
    char name[NAME_SIZE];
    int error = control_add(bench->segment, &bench->control) ||
                ring_add(bench->segment, "order.0", 64, sizeof(struct order), 1, &orders) ||
                ring_add(bench->segment, "report.0", 4096, sizeof(struct execution_report), 1, &reports) ||
                ring_add(bench->segment, "sent.0", 64, sizeof(struct order), 0, &ring) ||
                ring_add(bench->segment, "command.execution.0", 8, sizeof(struct command), 1, &ring) ||
                counters_add(bench->segment, "execution-engine.0", &counters) ||
                histogram_add(bench->segment, "last_new", &bench->last_new) ||
                histogram_add(bench->segment, "last_cancel", &bench->last_cancel);
    for (size_t i = 0; i < sizeof latencies / sizeof latencies[0] && !error; i++) {
        snprintf(name, sizeof name, "latency.%s.0", latencies[i]);
        error = histogram_add(bench->segment, name, &histogram);
    }
    if (error) return ERROR_FULL;
    ring_producer_open(&bench->orders, orders);
    ring_consumer_open(&bench->reports, reports, 0);
    return ERROR_NONE;
}

static int open_stage(struct bench *bench) {
    struct execution_config config = {.address = INADDR_LOOPBACK,
                                      .port = bench->venue->port,
                                      .username = "user",
                                      .password = "secret",
                                      .heartbeat_ns = 1000000000,
                                      .silence_ns_max = 60000000000,
                                      .reconnect_ns_min = 1000000,
                                      .reconnect_ns_max = 1000000000,
                                      .order_count_max = ORDER_MAX,
                                      .instrument_count = 1,
                                      .instruments = {{.symbol = "AAPL    "}}};
    char message[256];
    bench->control->epoch = bench->control->armed = 1;
    int opened = execution_stage_open(bench->segment, &config, &bench->stage, message, sizeof message);
    if (opened < 0) fprintf(stderr, "%s\n", message);
    return opened;
}

static void print(const char *name, const struct histogram *histogram) {
    printf(
        "\"%s\": {\"p50\": %lu, \"p95\": %lu, \"p99\": %lu, \"p99_9\": %lu, \"max\": %lu, \"count\": %lu}, ",
        name, histogram_quantile(histogram, 0.5), histogram_quantile(histogram, 0.95),
        histogram_quantile(histogram, 0.99), histogram_quantile(histogram, 0.999), histogram->max,
        histogram->count);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: bench_kill CORE_A CORE_B [KILLS]\n"), 2;
    static struct bench bench = {.chance = 88172645463325252ULL};
    bench.cores[0] = atoi(argv[1]);
    bench.cores[1] = atoi(argv[2]);
    uint64_t kills = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000;
    struct clock_scale scale;
    clock_calibrate(&scale, 50000000);
    clock_use(&scale);
    bench.venue = calloc(1, sizeof *bench.venue);
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/tickwire-bench-%d", getpid());
    if (segment_create(path, 1 << 23, &bench.segment)) return perror(path), 1;
    unlink(path);
    if (bench.venue == NULL || kill_venue_open(bench.venue) || add_blocks(&bench) || open_stage(&bench))
        return 1;
    pthread_t threads[2];
    pin(bench.cores[1]);
    pthread_create(&threads[0], NULL, kill_venue_run, bench.venue);
    pthread_create(&threads[1], NULL, lane, &bench);
    while (!bench.live) listen_all(&bench);
    for (uint64_t i = 0; i < kills; i++) one_kill(&bench, i % 2 == 0);
    __atomic_store_n(&bench.stop, 1, __ATOMIC_RELEASE);
    pthread_join(threads[1], NULL);
    printf("{");
    print("last_new", bench.last_new);
    print("last_cancel", bench.last_cancel);
    printf("\"orders\": %u, \"refused\": %u}\n", bench.user_ref, bench.refused);
    bench.stage->close(bench.stage);
    return 0; /* the venue's thread ends with the process */
}
