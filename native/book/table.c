/* table: growing.  All sizes lie one after the other in memory reserved by book_create, so that growing
 * allocates nothing: a table of n slots is followed by the one of 2n. */
#include "book/table.h"
#include <string.h>

void table_use(struct book_set *set, uint64_t *slots, uint32_t bits) {
    uint64_t count = 1ull << bits;
    memset(slots, 0, count * sizeof *slots);
    set->table = slots;
    set->table_bits = bits;
    set->table_shift = 32 - (bits - 3);
    set->table_mask = (uint32_t)(count - 1);
    set->grow_at = bits == set->table_bits_max ? UINT32_MAX : (uint32_t)(count / 2);
}

void table_grow(struct book_set *set) {
    const uint64_t *old = set->table;
    const uint64_t *old_end = old + set->table_mask + 1;
    table_use(set, set->table + set->table_mask + 1, set->table_bits + 1);
    for (; old != old_end; old++) {
        if (*old == 0) continue;
        uint32_t slot = table_home(set, (uint32_t)(*old >> 32));
        while (set->table[slot] != 0) slot = (slot + 1) & set->table_mask;
        set->table[slot] = *old;
    }
}
