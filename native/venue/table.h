/* table: 64-bit keys to 32-bit indexes, open addressing.  Grows by doubling.  Key 0 cannot be put and
 * is never found. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

struct table_slot {
    uint64_t key; /* 0: free */
    uint32_t value;
    uint32_t reserved;
};

struct table {
    struct table_slot *slots;
    size_t mask;
    size_t count;
};

int table_open(struct table *table, size_t capacity); /* a power of two */
void table_close(struct table *table);
uint32_t table_find(const struct table *table, uint64_t key); /* TABLE_NONE when absent */
int table_put(struct table *table, uint64_t key, uint32_t value);
void table_remove(struct table *table, uint64_t key);
