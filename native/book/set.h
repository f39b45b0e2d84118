/* set: what the books are made of.  Private to native/book.
 *
 * Orders and price levels are 32-byte nodes of one array and name each other by index.  A level is the
 * sentinel of the circular queue of its orders, so an order leaves its queue without a branch.  Node 0 is
 * never used: index 0 is "none". The reference table (table.h) finds an order's node; the ladders (ladder.h)
 * keep each side's levels sorted. */
#pragma once
#include "tickwire/book.h"

struct order_node {
    uint32_t next;     /* towards the back of the queue; free list link while unused */
    uint32_t previous; /* towards the front */
    uint64_t reference;
    uint32_t quantity;
    uint32_t level;
    uint32_t attribution;
    uint16_t locate;
    uint16_t side;
};

struct level_node {
    uint32_t next;     /* first order of the queue; free list link while unused */
    uint32_t previous; /* last order */
    uint64_t quantity;
    uint32_t price;
    uint32_t order_count;
    uint64_t reserved;
};

union node {
    struct {
        uint32_t next;
        uint32_t previous;
    } link;
    struct order_node order;
    struct level_node level;
};

/* A rung is a price level as a ladder sorts it: rank << 32 | level node.  Rank grows from worst to best on
 * both sides. */
typedef uint64_t rung;

#define LADDER_GUARD                                                                                         \
    8 /* rungs of value 0 before the first: a search from the best end stops there without counting */
#define LADDER_SLACK 8 /* rungs behind the last possible one that ladder_shift may touch */

struct ladder { /* one side of one book, worst price first: what moves most moves least memory */
    rung *rungs;
    uint32_t count;
    uint32_t capacity; /* 0: rungs is the shared empty ladder */
};

/* Two cache lines: the first for every order message, the second for trades and states. */
struct instrument {
    struct ladder ladders[2];
    uint64_t best_quantity[2]; /* best price and quantity as they were after the last message */
    uint32_t best_rank[2];     /* 0: the side is empty */
    uint16_t number;           /* what book_track called it */
    uint8_t padding0[6];
    struct book_instrument shown;
    uint8_t padding1[16];
};

struct watch {
    uint64_t symbol;
    uint16_t instrument;
};

#define BLOCK_RUNGS_MIN  32 /* guard and slack included */
#define SIZE_CLASS_COUNT 12 /* BLOCK_RUNGS_MIN << 0 .. << 11: 65536 rungs */

struct rung_store { /* memory for ladders, in blocks of power-of-two sizes */
    rung *memory;
    uint64_t capacity;
    uint64_t used;
    rung *free[SIZE_CLASS_COUNT]; /* the first word of a free block holds the address of the next */
};

struct node_pool { /* nodes first .. first + capacity - 1, the last freed used first: its memory is warm */
    uint32_t first;
    uint32_t capacity;
    uint32_t fresh; /* nodes from first + fresh on were never used */
    uint32_t free;
    uint32_t alive;
    uint32_t alive_max;
};

struct book_set {
    union node *nodes;
    uint64_t *table; /* see table.h */
    uint32_t table_shift;
    uint32_t table_mask;
    uint32_t grow_at; /* orders alive at which the table doubles */
    uint32_t table_bits;
    struct instrument *instruments; /* by locate */
    uint64_t used; /* a bit a group of 1024 locates: named by a message since the last reset */
    uint64_t tracked[BOOK_LOCATE_COUNT / 64]; /* a bit a locate */
    struct node_pool orders;
    struct node_pool levels;
    struct rung_store store;
    struct book_stats stats;
    uint64_t *table_first; /* the smallest table */
    uint32_t table_bits_first;
    uint32_t table_bits_max;
    uint32_t tracked_only;
    uint32_t watch_count;
    struct watch watches[BOOK_WATCH_COUNT_MAX];
    uint64_t pinned[BOOK_LOCATE_COUNT / 64]; /* tracked by book_track: stays over book_reset */
    void *mapping;
    size_t mapping_size;
    rung empty_ladder[LADDER_GUARD];
};

#define LOCATES_PER_GROUP 1024

static inline void set_use(struct book_set *set, uint16_t locate) {
    set->used |= 1ull << (locate / LOCATES_PER_GROUP);
}

static inline int set_used(const struct book_set *set, uint32_t locate) {
    return (int)(set->used >> (locate / LOCATES_PER_GROUP) & 1);
}

static inline int set_tracks(const struct book_set *set, uint16_t locate) {
    return (int)(set->tracked[locate >> 6] >> (locate & 63) & 1);
}

static inline uint32_t pool_take(union node *nodes, struct node_pool *pool) {
    uint32_t index = pool->free;
    if (index != 0) {
        pool->free = nodes[index].link.next;
    } else {
        if (pool->fresh == pool->capacity) return 0;
        index = pool->first + pool->fresh++;
    }
    if (++pool->alive > pool->alive_max) pool->alive_max = pool->alive;
    return index;
}

static inline void pool_give(union node *nodes, struct node_pool *pool, uint32_t index) {
    nodes[index].link.next = pool->free;
    pool->free = index;
    pool->alive--;
}

static inline uint32_t rank_of(uint32_t price, uint32_t side) {
    return side == SIDE_BUY ? price : (uint32_t)BOOK_PRICE_MAX + 1 - price;
}
