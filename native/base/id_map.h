/* id_map: from a 64-bit identifier to a 32-bit index, in memory somebody else allocated.  Open addressing
 * with linear probing, at most half full; taking an entry out moves its followers back, so there are no
 * tombstones and a probe stays short however long the map lives.  0 is no identifier.
 *
 * Identifiers are order ids, which count up: an identifier's home is its low bits, so that the next one lies
 * beside the last, in the same cache line and page.  A hash would send every order to memory not touched for
 * seconds, where the page-table entries are as cold as the data: three misses in a row. */
#pragma once
#include "tickwire/base.h"

#define ID_MAP_NONE UINT32_MAX

struct id_entry {
    uint64_t id; /* 0: free */
    uint32_t index;
    uint32_t reserved;
};

struct id_map {
    struct id_entry *entries; /* mask + 1 of them, zeroed */
    uint64_t mask;
    uint32_t count;
    uint32_t count_max; /* half of the entries */
};

/* id_map_entry_count is how many entries (a power of two) a map of count_max identifiers needs. */
static inline uint64_t id_map_entry_count(uint32_t count_max) {
    uint64_t entries = 4;
    while (entries < 2 * (uint64_t)count_max) entries *= 2;
    return entries;
}

static inline void id_map_open(struct id_map *map, struct id_entry *entries, uint64_t entry_count) {
    map->entries = entries;
    map->mask = entry_count - 1;
    map->count = 0;
    map->count_max = (uint32_t)(entry_count / 2);
}

static inline uint64_t id_map_home(const struct id_map *map, uint64_t id) {
    return id & map->mask;
}

static inline uint32_t id_map_find(const struct id_map *map, uint64_t id) {
    if (id == 0) return ID_MAP_NONE;
    for (uint64_t at = id_map_home(map, id);; at = (at + 1) & map->mask) {
        const struct id_entry *entry = &map->entries[at];
        if (entry->id == id) return entry->index;
        if (entry->id == 0) return ID_MAP_NONE;
    }
}

/* id_map_put adds an identifier that is not in the map; ERROR_FULL at count_max. */
static inline int id_map_put(struct id_map *map, uint64_t id, uint32_t index) {
    if (map->count == map->count_max) return ERROR_FULL;
    uint64_t at = id_map_home(map, id);
    while (map->entries[at].id != 0) at = (at + 1) & map->mask;
    map->entries[at].id = id;
    map->entries[at].index = index;
    map->count++;
    return ERROR_NONE;
}

/* id_map_take removes an identifier and returns its index, ID_MAP_NONE when it is not there. */
static inline uint32_t id_map_take(struct id_map *map, uint64_t id) {
    uint64_t at = id_map_home(map, id);
    while (map->entries[at].id != id) {
        if (map->entries[at].id == 0 || id == 0) return ID_MAP_NONE;
        at = (at + 1) & map->mask;
    }
    uint32_t index = map->entries[at].index;
    uint64_t hole = at;
    for (uint64_t next = (at + 1) & map->mask; map->entries[next].id != 0; next = (next + 1) & map->mask) {
        uint64_t home = id_map_home(map, map->entries[next].id);
        if (((next - home) & map->mask) < ((next - hole) & map->mask)) continue; /* it lies after the hole */
        map->entries[hole] = map->entries[next];
        hole = next;
    }
    map->entries[hole].id = 0;
    map->count--;
    return index;
}

static inline void id_map_clear(struct id_map *map) {
    __builtin_memset(map->entries, 0, (size_t)(map->mask + 1) * sizeof *map->entries);
    map->count = 0;
}
