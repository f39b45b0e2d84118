/* risk_gate_create: all memory a gate will ever have. */
#include "risk/risk_gate.h"

#include <stdlib.h>
#include <string.h>

int risk_gate_create(uint32_t order_count_max, struct risk_gate **gate) {
    if (order_count_max == 0 || order_count_max > 1U << 24) return ERROR_ARGUMENT;
    struct risk_gate *created =
        aligned_alloc(CACHE_LINE, (sizeof *created + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (!created) return ERROR_SYSTEM;
    *created =
        (struct risk_gate){.order_count = 2 * order_count_max}; /* each may have a replacement in flight */
    uint64_t entry_count = id_map_entry_count(2 * order_count_max);
    struct id_entry *entries = calloc(entry_count, sizeof *entries);
    created->orders = calloc(created->order_count, sizeof *created->orders);
    created->free = calloc(created->order_count, sizeof *created->free);
    if (!entries || !created->orders || !created->free) {
        free(entries);
        free(created->orders);
        free(created->free);
        free(created);
        return ERROR_SYSTEM;
    }
    id_map_open(&created->map, entries, entry_count);
    gate_free_all(created);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) created->instruments[i].stale = 1;
    *gate = created;
    return ERROR_NONE;
}

void risk_gate_destroy(struct risk_gate *gate) {
    if (!gate) return;
    free(gate->map.entries);
    free(gate->orders);
    free(gate->free);
    free(gate);
}
