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
 * inserted.  It skips eight rungs at a time from the best end, then counts within eight without a branch: a
 * wrong guess of where to stop would cost more than the comparisons. */
static inline uint32_t ladder_find(const struct ladder *ladder, uint32_t rank) {
    const rung bound = (rung)rank << 32;
    const rung *end = ladder->rungs + ladder->count; /* every rung from end on is at least bound */
    for (int blocks = 0; blocks < LADDER_BLOCKS_MAX; blocks++) {
        if (*(end - LADDER_GUARD) < bound) {
            uint32_t at_least = 0;
            for (int i = 1; i < LADDER_GUARD; i++) at_least += *(end - i) >= bound;
            return (uint32_t)(end - ladder->rungs) - at_least;
        }
        end -= LADDER_GUARD;
    }
    const rung *low = ladder->rungs; /* deep in the book: halve */
    while (low < end) {
        const rung *middle = low + (end - low) / 2;
        if (*middle >= bound)
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
    uint64_t size = (uint64_t)BLOCK_RUNGS_MIN << size_class;
    if (store->capacity - store->used < size) return NULL;
    block = store->memory + store->used;
    store->used += size;
    return block;
}

/* ladder_grow doubles the ladder's room; 0 when there is no more. */
static inline int ladder_grow(struct rung_store *store, struct ladder *ladder) {
    uint32_t size_class = 0;
    uint32_t size = ladder->capacity == 0 ? 0 : ladder->capacity + LADDER_GUARD + LADDER_SLACK;
    while ((uint32_t)BLOCK_RUNGS_MIN << size_class <= size) size_class++;
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
    ladder->capacity = ((uint32_t)BLOCK_RUNGS_MIN << size_class) - LADDER_GUARD - LADDER_SLACK;
    return 1;
}

/* ladder_shift moves the count rungs at from to to, one rung away.  Few, which is nearly always, move as a
 * fixed block without a branch on how many; what it takes along lies in the slack behind the last rung. */
static inline void ladder_shift(rung *to, const rung *from, uint32_t count) {
    if (count > LADDER_SLACK) {
        memmove(to, from, count * sizeof(rung));
        return;
    }
    rung block[LADDER_SLACK];
    memcpy(block, from, sizeof block);
    memcpy(to, block, sizeof block);
}

static inline void ladder_insert(struct ladder *ladder, uint32_t index, rung step) {
    rung *place = ladder->rungs + index;
    ladder_shift(place + 1, place, ladder->count - index);
    *place = step;
    ladder->count++;
}

static inline void ladder_remove(struct ladder *ladder, uint32_t index) {
    rung *place = ladder->rungs + index;
    ladder_shift(place, place + 1, ladder->count - index - 1);
    ladder->count--;
}
