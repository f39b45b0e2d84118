/* metric_inline: counting and recording from the one thread that owns a block. */
#pragma once
#include "tickwire/metric.h"

/* counter_add publishes with a relaxed store: a reader sees the old or the new value, never a torn one. */
static inline void counter_add(struct counters *counters, uint32_t index, uint64_t amount) {
    __atomic_store_n(&counters->value[index], counters->value[index] + amount, __ATOMIC_RELAXED);
}

static inline void counter_set(struct counters *counters, uint32_t index, uint64_t value) {
    __atomic_store_n(&counters->value[index], value, __ATOMIC_RELAXED);
}

/* histogram_index: values below 32 map to themselves, above 32 buckets an octave. */
static inline uint32_t histogram_index(uint64_t value) {
    if (value < (1U << HISTOGRAM_SUB_BITS)) return (uint32_t)value;
    uint32_t shift = 63U - (uint32_t)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return (shift << HISTOGRAM_SUB_BITS) + (uint32_t)(value >> shift);
}

static inline void histogram_record(struct histogram *histogram, uint64_t value) {
    uint64_t *bucket = &histogram->bucket[histogram_index(value)];
    __atomic_store_n(bucket, *bucket + 1, __ATOMIC_RELAXED);
    if (value > histogram->max) __atomic_store_n(&histogram->max, value, __ATOMIC_RELAXED);
    if (histogram->count == 0 || value < histogram->min)
        __atomic_store_n(&histogram->min, value, __ATOMIC_RELAXED);
    __atomic_store_n(&histogram->sum, histogram->sum + value, __ATOMIC_RELAXED);
    __atomic_store_n(&histogram->count, histogram->count + 1, __ATOMIC_RELAXED);
}
