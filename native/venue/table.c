#include "venue/table.h"

#include <stdlib.h>

#include "tickwire/base.h"

static size_t home(const struct table *table, uint64_t key) {
    uint64_t mixed = key * 0x9E3779B97F4A7C15ULL; /* Fibonacci hashing: references are consecutive numbers */
    return (size_t)(mixed ^ (mixed >> 32)) & table->mask;
}

int table_open(struct table *table, size_t capacity) {
    table->slots = calloc(capacity, sizeof *table->slots);
    if (table->slots == NULL) return ERROR_SYSTEM;
    table->mask = capacity - 1;
    table->count = 0;
    return ERROR_NONE;
}

void table_close(struct table *table) {
    free(table->slots);
    table->slots = NULL;
}

/* seek returns the slot that holds key, or the free one where it belongs. */
static size_t seek(const struct table *table, uint64_t key) {
    size_t at = home(table, key);
    while (table->slots[at].key != 0 && table->slots[at].key != key) at = (at + 1) & table->mask;
    return at;
}

uint32_t table_find(const struct table *table, uint64_t key) {
    const struct table_slot *slot = &table->slots[seek(table, key)];
    return slot->key == key && key != 0 ? slot->value : TABLE_NONE;
}

static int grow(struct table *table) {
    struct table larger;
    int error = table_open(&larger, (table->mask + 1) * 2);
    if (error != ERROR_NONE) return error;
    for (size_t at = 0; at <= table->mask; at++) {
        if (table->slots[at].key != 0) larger.slots[seek(&larger, table->slots[at].key)] = table->slots[at];
    }
    larger.count = table->count;
    free(table->slots);
    *table = larger;
    return ERROR_NONE;
}

int table_put(struct table *table, uint64_t key, uint32_t value) {
    if (table->count * 2 > table->mask) {
        int error = grow(table);
        if (error != ERROR_NONE) return error;
    }
    struct table_slot *slot = &table->slots[seek(table, key)];
    if (slot->key == 0) table->count++;
    slot->key = key;
    slot->value = value;
    return ERROR_NONE;
}

void table_remove(struct table *table, uint64_t key) {
    size_t hole = seek(table, key);
    if (table->slots[hole].key != key) return;
    table->count--;
    /* Close the hole: whatever follows and is not at home may move back into it. */
    for (size_t at = (hole + 1) & table->mask; table->slots[at].key != 0; at = (at + 1) & table->mask) {
        size_t want = home(table, table->slots[at].key);
        if (((at - want) & table->mask) < ((at - hole) & table->mask)) continue;
        table->slots[hole] = table->slots[at];
        hole = at;
    }
    table->slots[hole].key = 0;
}
