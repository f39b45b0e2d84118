/* id_map: from a 64-bit identifier to a 32-bit index, in memory somebody else allocated.  Open addressing
 * with linear probing, at most half full; taking an entry out moves its followers back, so there are no
 * tombstones and a probe stays short however long the map lives.  0 is no identifier.
 *
 * Identifiers are order ids, which count up: 64 that follow each other lie beside each other, so that the
 * next one is in memory just touched; a hash of each would cost three cold misses an order.  Where the 64 lie
 * is hashed, so that orders that live long are not in the way of all that come after them.  No walk goes
 * further than the farthest entry ever was from its home. */
#pragma once
#include "tickwire/base.h"

#define ID_MAP_NONE       UINT32_MAX
#define ID_MAP_GROUP_BITS 6

struct id_entry {
    uint64_t id; /* 0: free */
    uint32_t index;
    uint32_t reserved;
};

struct id_map {
    struct id_entry *entries; /* mask + 1 of them, zeroed */
    uint64_t mask;
    uint32_t count;
    uint32_t count_max;   /* half of the entries */
    uint32_t group_shift; /* of the hash of a group; 64: there is one group only */
    uint64_t reach;       /* the farthest any entry was put from its home since the map was empty */
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
    map->group_shift = 64;
    for (uint64_t groups = entry_count >> ID_MAP_GROUP_BITS; groups > 1; groups >>= 1) map->group_shift--;
    map->reach = 0;
}

static inline uint64_t id_map_home(const struct id_map *map, uint64_t id) {
    uint64_t hash = (id >> ID_MAP_GROUP_BITS) * 0x9E3779B97F4A7C15ULL; /* 2^64 / the golden ratio */
    uint64_t group = map->group_shift == 64 ? 0 : hash >> map->group_shift;
    return (group << ID_MAP_GROUP_BITS | (id & ((1U << ID_MAP_GROUP_BITS) - 1))) & map->mask;
}

/* id_map_slot is where id lies, ID_MAP_NONE when it is not there. */
static inline uint64_t id_map_slot(const struct id_map *map, uint64_t id) {
    if (id == 0) return ID_MAP_NONE;
    uint64_t home = id_map_home(map, id);
    for (uint64_t distance = 0; distance <= map->reach; distance++) {
        uint64_t at = (home + distance) & map->mask;
        if (map->entries[at].id == id) return at;
        if (map->entries[at].id == 0) break;
    }
    return ID_MAP_NONE;
}

static inline uint32_t id_map_find(const struct id_map *map, uint64_t id) {
    uint64_t at = id_map_slot(map, id);
    return at == ID_MAP_NONE ? ID_MAP_NONE : map->entries[at].index;
}

/* id_map_put adds an identifier that is not in the map; ERROR_FULL at count_max. */
static inline int id_map_put(struct id_map *map, uint64_t id, uint32_t index) {
    if (map->count == map->count_max) return ERROR_FULL;
    uint64_t distance = 0, home = id_map_home(map, id);
    while (map->entries[(home + distance) & map->mask].id != 0) distance++;
    struct id_entry *entry = &map->entries[(home + distance) & map->mask];
    entry->id = id;
    entry->index = index;
    if (distance > map->reach) map->reach = distance;
    map->count++;
    return ERROR_NONE;
}

/* id_map_take removes an identifier and returns its index, ID_MAP_NONE when it is not there. */
static inline uint32_t id_map_take(struct id_map *map, uint64_t id) {
    uint64_t hole = id_map_slot(map, id);
    if (hole == ID_MAP_NONE) return ID_MAP_NONE;
    uint32_t index = map->entries[hole].index;
    /* An entry beyond hole + reach is nearer to its home than the hole is: it need not be looked at. */
    for (uint64_t step = 1; step <= map->reach; step++) {
        uint64_t next = (hole + step) & map->mask;
        if (map->entries[next].id == 0) break;
        uint64_t home = id_map_home(map, map->entries[next].id);
        if (((next - home) & map->mask) < step) continue; /* its home lies after the hole */
        map->entries[hole] = map->entries[next];
        hole = next;
        step = 0;
    }
    map->entries[hole].id = 0;
    map->count--;
    return index;
}

static inline void id_map_clear(struct id_map *map) {
    __builtin_memset(map->entries, 0, (size_t)(map->mask + 1) * sizeof *map->entries);
    map->count = 0;
    map->reach = 0;
}
