/* prefetch: starts the reads a message will need, in three steps because each address is found in what the
 * step before brought.  Nothing here changes a book, and a wrong guess costs only time.  Always inlined: GCC
 * takes a function that only prefetches for one without effect and drops the call. */
#pragma once
#include "book/ladder.h"
#include "book/table.h"
#include "codec/itch_inline.h"

#define PREFETCH_STEP       static inline __attribute__((always_inline)) void
#define PREFETCH_PROBES_MAX 8

/* prefetch_pays tells whether the steps may be used on a message; those that name no order are too few to
 * sort out. */
static inline int prefetch_pays(const struct book_set *set, const uint8_t *message, size_t size) {
    return size >= ITCH_AT_REFERENCE + 8 && set_tracks(set, itch_locate(message));
}

/* prefetch_table: the reference's line of the table, and the instrument. */
PREFETCH_STEP prefetch_table(const struct book_set *set, const uint8_t *message) {
    __builtin_prefetch(&set->table[table_home(set, table_hash(itch_reference(message)))], 1);
    __builtin_prefetch(&set->instruments[itch_locate(message)], 1);
}

/* prefetch_guess returns the node the reference probably has, without looking at the node; 0 for probably
 * none. */
static inline uint32_t prefetch_guess(const struct book_set *set, const uint8_t *message) {
    uint32_t hash = table_hash(itch_reference(message));
    uint32_t slot = table_home(set, hash);
    for (int probes = 0; probes < PREFETCH_PROBES_MAX; probes++, slot = (slot + 1) & set->table_mask) {
        uint64_t entry = set->table[slot];
        if (entry >> 32 == hash || entry == 0) return (uint32_t)entry;
    }
    return 0;
}

/* prefetch_order: the order, and the best ends of both ladders. */
PREFETCH_STEP prefetch_order(const struct book_set *set, const uint8_t *message) {
    __builtin_prefetch(&set->nodes[prefetch_guess(set, message)], 1);
    const struct ladder *ladders = set->instruments[itch_locate(message)].ladders;
    __builtin_prefetch(ladders[SIDE_BUY].rungs + ladders[SIDE_BUY].count - 1, 1);
    __builtin_prefetch(ladders[SIDE_SELL].rungs + ladders[SIDE_SELL].count - 1, 1);
}

/* prefetch_queue: the order's level and its neighbours. */
PREFETCH_STEP prefetch_queue(const struct book_set *set, const uint8_t *message) {
    const struct order_node *order = &set->nodes[prefetch_guess(set, message)].order;
    __builtin_prefetch(&set->nodes[order->level], 1);
    __builtin_prefetch(&set->nodes[order->next], 1);
    __builtin_prefetch(&set->nodes[order->previous], 1);
}
