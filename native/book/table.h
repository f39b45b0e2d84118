/* table: order reference -> order node.  Open addressing with linear probing, at most half full, in slots of 8 bytes so
 * that eight share a cache line: hash << 32 | node, 0 when empty.  The hash's upper bits are the home slot, so an erase
 * can close the gap (no tombstones) without touching the orders it moves. */
#pragma once
#include "book/set.h"

static inline uint32_t table_hash(uint64_t reference) {
    /* Fibonacci hashing: the references of a day grow in a few regular sequences, which it spreads almost evenly. */
    return (uint32_t)((reference * 0x9E3779B97F4A7C15u) >> 32);
}

static inline uint32_t table_home(const struct book_set *set, uint32_t hash) { return hash >> set->table_shift; }

/* table_find returns the slot that holds reference, or the empty slot where it would go. */
static inline uint32_t table_find(const struct book_set *set, uint64_t reference, uint32_t *node) {
    uint32_t hash = table_hash(reference);
    uint32_t slot = table_home(set, hash);
    for (;; slot = (slot + 1) & set->table_mask) {
        uint64_t entry = set->table[slot];
        *node = (uint32_t)entry;
        if (entry == 0) return slot;
        if (entry >> 32 == hash && set->nodes[*node].order.reference == reference) return slot;
    }
}

static inline void table_put(struct book_set *set, uint32_t slot, uint64_t reference, uint32_t node) {
    set->table[slot] = (uint64_t)table_hash(reference) << 32 | node;
}

static inline void table_erase(struct book_set *set, uint32_t slot) {
    uint32_t mask = set->table_mask;
    for (uint32_t next = (slot + 1) & mask;; next = (next + 1) & mask) {
        uint64_t entry = set->table[next];
        if (entry == 0) break;
        uint32_t home = table_home(set, (uint32_t)(entry >> 32));
        /* An entry may move back only as far as its home. */
        if (((next - home) & mask) < ((next - slot) & mask)) continue;
        set->table[slot] = entry;
        slot = next;
    }
    set->table[slot] = 0;
}
