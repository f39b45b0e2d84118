/* control_inline: what the hot path reads of the control block, and the seqlock around small tables. */
#pragma once
#include "tickwire/control.h"

static inline uint64_t control_load(const uint64_t *word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
static inline void control_store(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* seqlock_begin/seqlock_end bracket the single writer's change of an entry whose first word is its version;
 * the words in between are written with seqlock_copy so that a concurrent reader's loads are never torn
 * within a word. */
static inline void seqlock_begin(uint64_t *version) {
    __atomic_store_n(version, (*version + 1) | 1,
                     __ATOMIC_RELAXED); /* odd even after a writer died half-way */
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void seqlock_end(uint64_t *version) {
    __atomic_store_n(version, *version + 1, __ATOMIC_RELEASE);
}

/* seqlock_copy copies whole words (size a multiple of 8) with relaxed atomics, in either direction. */
static inline void seqlock_copy(void *to, const void *from, size_t size) {
    uint64_t *target = (uint64_t *)to;
    const uint64_t *source = (const uint64_t *)from;
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        __atomic_store_n(&target[i], __atomic_load_n(&source[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

/* seqlock_read_entry copies size bytes at data guarded by version; 1 when consistent, with the version that
 * the copy is of in *read, 0 after a bounded number of tries. */
static inline int seqlock_read_entry(const uint64_t *version, void *to, const void *data, size_t size,
                                     uint64_t *read) {
    for (int attempt = 0; attempt < 64; attempt++) {
        uint64_t before = __atomic_load_n(version, __ATOMIC_ACQUIRE);
        if (before & 1) continue;
        seqlock_copy(to, data, size);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(version, __ATOMIC_RELAXED) != before) continue;
        *read = before;
        return 1;
    }
    return 0;
}
