/* ladder: the sorted price levels of one side.  Nearly all that happens to a book happens near its best
 * price, which is the end of the array: searches start there and insertions move only what is better. */
#pragma once
#include "book/set.h"
#include <string.h>

static inline uint32_t rung_rank(rung step) {
    return (uint32_t)(step >> 32);
}
static inline uint32_t rung_level(rung step) {
    return (uint32_t)step;
}

/* ladder_best returns the best rung, 0 if there is none: the guard before the first rung answers. */
static inline rung ladder_best(const struct ladder *ladder) {
    return *(ladder->rungs + ladder->count - 1);
}

#define LADDER_BLOCKS_MAX 8 /* beyond, halving is faster than scanning */

/* ladder_in_top tells whether rank is, or would be, within the first BOOK_TOP_LEVELS. */
static inline int ladder_in_top(const struct ladder *ladder, uint32_t rank) {
    return rank >= rung_rank(*(ladder->rungs + ladder->count - BOOK_TOP_LEVELS));
}

/* ladder_find returns the index of the first rung of at least rank: the level itself, or where it would be
 * inserted. Eight rungs at a time without a branch between them: the compiler makes it one or two vector
 * comparisons. */
static inline uint32_t ladder_find(const struct ladder *ladder, uint32_t rank) {
    const int64_t bound = (int64_t)rank << 32;
    const rung *end = ladder->rungs + ladder->count; /* every rung from end on is at least bound */
    for (int blocks = 0; blocks < LADDER_BLOCKS_MAX; blocks++) {
        const rung *block = end - LADDER_GUARD;
        int64_t less = 0;
        for (int i = 0; i < LADDER_GUARD; i++) less += (int64_t)block[i] < bound;
        end = block + less;
        if (less != 0) return (uint32_t)(end - ladder->rungs);
    }
    const rung *low = ladder->rungs; /* deep in the book: halve */
    while (low < end) {
        const rung *middle = low + (end - low) / 2;
        if ((int64_t)*middle >= bound)
            end = middle;
        else
            low = middle + 1;
    }
    return (uint32_t)(end - ladder->rungs);
}

static inline rung *store_take(struct rung_store *store, uint32_t size_class) {
    rung *block = store->free[size_class];
    if (block != NULL) {
        store->free[size_class] = (rung *)(uintptr_t)block[0];
        return block;
    }
    uint64_t size = 16ull << size_class;
    if (store->capacity - store->used < size) return NULL;
    block = store->memory + store->used;
    store->used += size;
    return block;
}

/* ladder_grow doubles the ladder's room; 0 when there is no more. */
static inline int ladder_grow(struct rung_store *store, struct ladder *ladder) {
    uint32_t size_class = 0;
    uint32_t size = ladder->capacity == 0 ? 0 : ladder->capacity + LADDER_GUARD;
    while (16u << size_class <= size) size_class++;
    if (size_class == SIZE_CLASS_COUNT) return 0;
    rung *block = store_take(store, size_class);
    if (block == NULL) return 0;
    memcpy(block, ladder->rungs - LADDER_GUARD, (LADDER_GUARD + ladder->count) * sizeof(rung));
    if (size != 0) {
        rung *old = ladder->rungs - LADDER_GUARD;
        old[0] = (rung)(uintptr_t)store->free[size_class - 1];
        store->free[size_class - 1] = old;
    }
    ladder->rungs = block + LADDER_GUARD;
    ladder->capacity = (16u << size_class) - LADDER_GUARD;
    return 1;
}

static inline void ladder_insert(struct ladder *ladder, uint32_t index, rung step) {
    rung *place = ladder->rungs + index;
    uint32_t better = ladder->count - index;
    if (better != 0) memmove(place + 1, place, better * sizeof(rung));
    *place = step;
    ladder->count++;
}

static inline void ladder_remove(struct ladder *ladder, uint32_t index) {
    rung *place = ladder->rungs + index;
    uint32_t better = ladder->count - index - 1;
    if (better != 0) memmove(place, place + 1, better * sizeof(rung));
    ladder->count--;
}
