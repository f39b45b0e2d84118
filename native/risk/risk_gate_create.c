/* risk_gate_create: all memory a gate will ever have. */
#include "risk/risk_settle.h"

#include <stdlib.h>
#include <string.h>

static void start_empty(struct risk_gate *gate) {
    for (uint32_t instrument = 0; instrument < INSTRUMENT_COUNT_MAX; instrument++) {
        for (uint32_t venue = 0; venue < VENUE_COUNT_MAX; venue++) {
            gate->books[instrument][venue].stale = 1;
            gate->own[instrument][venue] =
                (struct gate_own){.best = {GATE_NO_BUY, GATE_NO_SELL}, .head = {ID_MAP_NONE, ID_MAP_NONE}};
        }
    }
    for (uint32_t scope = 0; scope < RISK_SCOPE_COUNT; scope++) gate_touch(gate, scope);
    gate_free_all(gate);
}

int risk_gate_create(uint32_t order_count_max, struct risk_gate **gate) {
    if (order_count_max == 0 || order_count_max > GATE_ORDER_COUNT_MAX) return ERROR_ARGUMENT;
    struct risk_gate *created = aligned_alloc(CACHE_LINE, sizeof *created);
    if (!created) return ERROR_SYSTEM;
    memset(created, 0, sizeof *created);
    created->order_count = 2 * order_count_max; /* each may have a replacement in flight */
    uint64_t entry_count = id_map_entry_count(created->order_count);
    struct id_entry *entries = calloc(entry_count, sizeof *entries);
    created->orders = aligned_alloc(CACHE_LINE, created->order_count * sizeof *created->orders);
    created->free = calloc(created->order_count, sizeof *created->free);
    if (!entries || !created->orders || !created->free) {
        free(entries);
        free(created->orders);
        free(created->free);
        free(created);
        return ERROR_SYSTEM;
    }
    memset(created->orders, 0, created->order_count * sizeof *created->orders);
    id_map_open(&created->map, entries, entry_count);
    start_empty(created);
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
