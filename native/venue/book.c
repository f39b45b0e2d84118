/* book: the orders and the price levels they queue in. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "venue/engine.h"

struct order *order_new(struct venue *venue, uint64_t key) {
    uint32_t index = venue->order_free;
    if (index == NONE && venue->order_fresh == venue->order_count_max) return NULL;
    if (index == NONE) index = venue->order_fresh;
    if (table_put(&venue->table, key, index) != ERROR_NONE) return NULL;
    struct order *order = &venue->orders[index];
    if (index == venue->order_free) {
        venue->order_free = order->next;
    } else {
        venue->order_fresh++;
    }
    *order = (struct order){
        .key = key,
        .expires_ns = UINT64_MAX,
        .level = NONE,
        .previous = NONE,
        .next = NONE,
        .elder = NONE,
        .younger = NONE,
        .peg_elder = NONE,
        .peg_younger = NONE,
    };
    return order;
}

struct order *order_find(struct venue *venue, uint64_t key) {
    uint32_t index = table_find(&venue->table, key);
    return index == TABLE_NONE ? NULL : &venue->orders[index];
}

void order_forget(struct venue *venue, struct order *order) {
    table_remove(&venue->table, order->key);
    order->next = venue->order_free;
    venue->order_free = order_index(venue, order);
}

/* ---- ladders ---- */

/* ladder_find returns the place of rank: of its rung, or where one would go. */
static uint32_t ladder_find(const struct ladder *ladder, uint32_t rank) {
    uint32_t low = 0, high = ladder->count;
    for (uint32_t near = 0; near < 8 && high > 0; near++) { /* most of what happens, happens near the best */
        if (ladder->rungs[high - 1].rank < rank) return high;
        if (ladder->rungs[high - 1].rank == rank) return high - 1;
        high--;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ladder->rungs[middle].rank < rank) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int ladder_insert(struct ladder *ladder, uint32_t at, struct rung rung) {
    if (ladder->count == ladder->capacity) {
        uint32_t capacity = ladder->capacity == 0 ? 16 : ladder->capacity * 2;
        struct rung *rungs = realloc(ladder->rungs, capacity * sizeof *rungs);
        if (rungs == NULL) return ERROR_SYSTEM;
        ladder->rungs = rungs;
        ladder->capacity = capacity;
    }
    memmove(&ladder->rungs[at + 1], &ladder->rungs[at], (ladder->count - at) * sizeof rung);
    ladder->rungs[at] = rung;
    ladder->count++;
    return ERROR_NONE;
}

static void ladder_remove(struct ladder *ladder, uint32_t at) {
    ladder->count--;
    memmove(&ladder->rungs[at], &ladder->rungs[at + 1], (ladder->count - at) * sizeof ladder->rungs[at]);
}

/* ---- levels: there are never more of them than orders, so the pool cannot run out ---- */

static uint32_t level_new(struct venue *venue, uint32_t price) {
    uint32_t index = venue->level_free;
    if (index == NONE) {
        index = venue->level_fresh++;
    } else {
        venue->level_free = venue->levels[index].queues[QUEUE_DISPLAYED].head;
    }
    struct level *level = &venue->levels[index];
    *level = (struct level){.price = price};
    for (int kind = 0; kind < QUEUE_COUNT; kind++) level->queues[kind].head = level->queues[kind].tail = NONE;
    return index;
}

static void level_free(struct venue *venue, uint32_t index) {
    venue->levels[index].queues[QUEUE_DISPLAYED].head = venue->level_free;
    venue->level_free = index;
}

static struct ladder *order_ladder(struct venue *venue, const struct order *order) {
    return &venue->instruments[order->locate].ladders[order->side];
}

/* ---- an order in its queue ---- */

static uint32_t order_weight(const struct order *order) {
    return order->queue == QUEUE_HIDDEN ? order->quantity : order->shown;
}

static void queue_join(struct venue *venue, struct order *order) {
    struct queue *queue = &venue->levels[order->level].queues[order->queue];
    uint32_t index = order_index(venue, order);
    order->previous = queue->tail;
    order->next = NONE;
    if (queue->tail == NONE) {
        queue->head = index;
    } else {
        venue->orders[queue->tail].next = index;
    }
    queue->tail = index;
    queue->orders++;
    queue->quantity += order_weight(order);
    if (order->account != STREET) queue->accounts++;
}

static void queue_part(struct venue *venue, struct order *order) {
    struct queue *queue = &venue->levels[order->level].queues[order->queue];
    if (order->previous == NONE) {
        queue->head = order->next;
    } else {
        venue->orders[order->previous].next = order->next;
    }
    if (order->next == NONE) {
        queue->tail = order->previous;
    } else {
        venue->orders[order->next].previous = order->previous;
    }
    queue->orders--;
    queue->quantity -= order_weight(order);
    if (order->account != STREET) queue->accounts--;
}

static uint32_t slice(const struct order *order) {
    if (order->queue == QUEUE_HIDDEN) return 0;
    bool whole = order->display_quantity == 0 || order->display_quantity > order->quantity;
    return whole ? order->quantity : order->display_quantity;
}

/* An order that pegs may follow: displayed, and no follower itself. */
static bool anchors(const struct order *order) {
    return order->queue == QUEUE_DISPLAYED && !order_pegged(order);
}

int order_rest(struct venue *venue, struct order *order) {
    struct ladder *ladder = order_ladder(venue, order);
    uint32_t rank = price_rank(order->side, order->price);
    uint32_t at = ladder_find(ladder, rank);
    if (at == ladder->count || ladder->rungs[at].rank != rank) {
        uint32_t fresh = level_new(venue, order->price);
        if (ladder_insert(ladder, at, (struct rung){.rank = rank, .level = fresh}) != ERROR_NONE) {
            level_free(venue, fresh);
            return ERROR_SYSTEM;
        }
    }
    order->level = ladder->rungs[at].level;
    order->shown = slice(order);
    queue_join(venue, order);
    if (anchors(order)) venue->levels[order->level].anchors++;
    if (order->account != STREET) ladder->accounts++;
    return ERROR_NONE;
}

void order_leave(struct venue *venue, struct order *order) {
    struct ladder *ladder = order_ladder(venue, order);
    struct level *level = &venue->levels[order->level];
    queue_part(venue, order);
    if (anchors(order)) level->anchors--;
    if (order->account != STREET) ladder->accounts--;
    if (level->queues[QUEUE_DISPLAYED].orders + level->queues[QUEUE_HIDDEN].orders == 0) {
        ladder_remove(ladder, ladder_find(ladder, price_rank(order->side, order->price)));
        level_free(venue, order->level);
    }
    order->level = NONE;
    order->shown = 0;
}

static void order_take(struct venue *venue, struct order *order, uint32_t quantity, uint32_t shown) {
    uint32_t before = order_weight(order);
    order->quantity -= quantity;
    order->shown -= shown;
    if (order->level == NONE) return;
    venue->levels[order->level].queues[order->queue].quantity -= before - order_weight(order);
    if (order->quantity == 0) order_leave(venue, order);
}

void order_fill(struct venue *venue, struct order *order, uint32_t quantity) {
    order_take(venue, order, quantity, order->queue == QUEUE_HIDDEN ? 0 : quantity);
}

uint32_t order_reduce(struct venue *venue, struct order *order, uint32_t quantity) {
    uint32_t unseen = order->quantity - order->shown;
    uint32_t seen = quantity > unseen ? quantity - unseen : 0;
    order_take(venue, order, quantity, seen);
    return seen;
}

void order_requeue(struct venue *venue, struct order *order) {
    queue_part(venue, order);
    order->shown = slice(order);
    order->priority = venue->priority_next++;
    queue_join(venue, order);
}
