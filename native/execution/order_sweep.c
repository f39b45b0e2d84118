/* order_sweep: which open orders wait for their cancel.  Marking visits the open orders once; sending goes on
 * over many duty cycles, and whatever ends in between needs no cancel any more. */
#include "execution/order_table.h"

static int matches(const struct order_filter *filter, const struct order_entry *entry) {
    const struct order_terms *terms = &entry->terms;
    if (filter->user_ref_end && entry->user_ref >= filter->user_ref_end) return 0;
    if (filter->all) return 1;
    if (filter->accounts >> terms->account & 1 || filter->strategies >> terms->strategy & 1) return 1;
    return terms->instrument < INSTRUMENT_COUNT_MAX &&
           filter->instruments[terms->instrument / 64] >> terms->instrument % 64 & 1;
}

static void mark(struct order_table *table, struct order_entry *entry) {
    if (entry->flags & ENTRY_MARKED) return;
    entry->flags |= ENTRY_MARKED;
    table->marked_count++;
    table->sweep = ENTRY_NONE;
}

uint32_t order_table_mark(struct order_table *table, const struct order_filter *filter) {
    uint32_t count = 0;
    for (uint32_t slot = table->open_first; slot != ENTRY_NONE; slot = table->entries[slot].open_next) {
        struct order_entry *entry = &table->entries[slot];
        if (!matches(filter, entry)) continue;
        mark(table, entry);
        count++;
    }
    return count;
}

int order_table_mark_one(struct order_table *table, uint64_t order_id) {
    const struct order_entry *found = order_table_open_entry(table, order_id);
    if (found == NULL) return 0;
    mark(table, &table->entries[found - table->entries]);
    return 1;
}

const struct order_entry *order_table_take_marked(struct order_table *table) {
    if (table->marked_count == 0) return NULL;
    uint32_t slot = table->sweep == ENTRY_NONE ? table->open_first : table->sweep;
    for (; slot != ENTRY_NONE; slot = table->entries[slot].open_next) {
        struct order_entry *entry = &table->entries[slot];
        if (!(entry->flags & ENTRY_MARKED)) continue;
        entry->flags &= (uint8_t)~ENTRY_MARKED;
        table->marked_count--;
        table->sweep = entry->open_next;
        return entry;
    }
    return NULL;
}

void order_table_mark_again(struct order_table *table, uint64_t order_id) {
    (void)order_table_mark_one(table, order_id);
}
