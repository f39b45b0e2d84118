/* router_create: all memory a router will ever have. */
#include "route/router.h"

#include <stdlib.h>

int router_create(uint32_t venue_count, struct router **router) {
    if (venue_count == 0 || venue_count > VENUE_COUNT_MAX) return ERROR_ARGUMENT;
    struct router *created = calloc(1, sizeof *created);
    uint64_t entry_count = id_map_entry_count(ROUTER_ID_COUNT_MAX);
    struct id_entry *entries = calloc(entry_count, sizeof *entries);
    if (!created || !entries) {
        free(created);
        free(entries);
        return ERROR_SYSTEM;
    }
    id_map_open(&created->ids, entries, entry_count);
    created->venue_count = venue_count;
    created->wake_ns = ROUTER_NEVER;
    *router = created;
    return ERROR_NONE;
}

void router_destroy(struct router *router) {
    if (!router) return;
    free(router->ids.entries);
    free(router);
}
