/* metric: counters and latency histograms.  Each block has one writer, which publishes with plain (relaxed)
 * stores; any process may read and never disturbs the writer. */
#pragma once
#include "tickwire/segment.h"

#define COUNTER_COUNT_MAX      128
#define HISTOGRAM_SUB_BITS     5 /* 32 buckets an octave: within 3.2 % of the value */
#define HISTOGRAM_BUCKET_COUNT 1920

struct counters {
    uint64_t value[COUNTER_COUNT_MAX]; /* meaning: the owning stage's enum <stage>_counter */
};

/* Log-linear, HDR style.  Values below 32 have a bucket each; above, 32 buckets an octave. */
struct histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t min; /* 0 while count is 0 */
    uint64_t max;
    uint64_t reserved[4];
    uint64_t bucket[HISTOGRAM_BUCKET_COUNT];
};

int counters_add(struct segment *segment, const char *name, struct counters **counters);
struct counters *counters_find(struct segment *segment, const char *name);
int histogram_add(struct segment *segment, const char *name, struct histogram **histogram);
struct histogram *histogram_find(struct segment *segment, const char *name);
void histogram_record_value(struct histogram *histogram, uint64_t value); /* for Python and tests */
/* histogram_bucket_floor is the smallest value counted in bucket index; histogram_quantile the upper bound of
 * the bucket that holds the given rank (0 < q <= 1), clamped to max; 0 when empty. */
uint64_t histogram_bucket_floor(uint32_t index);
uint64_t histogram_quantile(const struct histogram *histogram, double q);
