#include "ring/metric_inline.h"

int counters_add(struct segment *segment, const char *name, struct counters **counters) {
    void *block = NULL;
    int error = segment_add(segment, name, BLOCK_COUNTERS, sizeof(struct counters), &block);
    if (!error) *counters = block;
    return error;
}

struct counters *counters_find(struct segment *segment, const char *name) {
    return segment_find(segment, name, BLOCK_COUNTERS, NULL);
}

int histogram_add(struct segment *segment, const char *name, struct histogram **histogram) {
    void *block = NULL;
    int error = segment_add(segment, name, BLOCK_HISTOGRAM, sizeof(struct histogram), &block);
    if (!error) *histogram = block;
    return error;
}

struct histogram *histogram_find(struct segment *segment, const char *name) {
    return segment_find(segment, name, BLOCK_HISTOGRAM, NULL);
}

void histogram_record_value(struct histogram *histogram, uint64_t value) {
    histogram_record(histogram, value);
}

uint64_t histogram_bucket_floor(uint32_t index) {
    uint32_t octave = index >> HISTOGRAM_SUB_BITS;
    if (octave == 0) return index;
    uint64_t mantissa = (index & ((1U << HISTOGRAM_SUB_BITS) - 1)) | (1U << HISTOGRAM_SUB_BITS);
    return mantissa << (octave - 1);
}

uint64_t histogram_quantile(const struct histogram *histogram, double q) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
        count += __atomic_load_n(&histogram->bucket[i], __ATOMIC_RELAXED);
    if (count == 0) return 0;
    uint64_t max = __atomic_load_n(&histogram->max, __ATOMIC_RELAXED);
    double wanted = q * (double)count;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT - 1; i++) {
        seen += __atomic_load_n(&histogram->bucket[i], __ATOMIC_RELAXED);
        if ((double)seen < wanted || seen == 0) continue;
        uint64_t ceiling = histogram_bucket_floor(i + 1) - 1;
        return ceiling < max ? ceiling : max;
    }
    return max;
}
