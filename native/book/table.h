/* table: order reference -> order node.  Open addressing with linear probing, at most half full, in slots of
 * 8 bytes so that eight share a cache line: hash << 32 | node, 0 when empty.  The home slot follows from the
 * hash, so an erase can close the gap (no tombstones) without touching the orders it moves. */
#pragma once
#include "book/set.h"

/* table_hash keeps neighbours together: references are handed out in rising sequences, of step 1 or 4 on the
 * feeds we know, and eight in a row of either share the cache line that the first of them brought in.  Which
 * line is scattered by Fibonacci hashing. */
static inline uint32_t table_hash(uint64_t reference) {
    uint64_t line = reference >> 5 << 2 | (reference & 3);
    return ((uint32_t)(line * 0x9E3779B97F4A7C15u >> 32) & ~7u) | (uint32_t)(reference >> 2 & 7);
}

static inline uint32_t table_home(const struct book_set *set, uint32_t hash) {
    return hash >> set->table_shift << 3 | (hash & 7);
}

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

/* table_grow moves the table to twice its size: called when it is half full. */
void table_grow(struct book_set *set);
/* table_use empties the table and gives it 2^bits slots. */
void table_use(struct book_set *set, uint64_t *slots, uint32_t bits);
