/* book: the orders, the price levels they queue in, and the trades between them. */
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
        .key = key, .level = NONE, .previous = NONE, .next = NONE, .elder = NONE, .younger = NONE};
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
        venue->level_free = venue->levels[index].head;
    }
    venue->levels[index] = (struct level){.price = price, .head = NONE, .tail = NONE};
    return index;
}

static void level_free(struct venue *venue, uint32_t index) {
    venue->levels[index].head = venue->level_free;
    venue->level_free = index;
}

static struct ladder *order_ladder(struct venue *venue, const struct order *order) {
    return &venue->instruments[order->locate].ladders[order->side];
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
    struct level *level = &venue->levels[order->level];
    uint32_t index = order_index(venue, order);
    order->previous = level->tail;
    order->next = NONE;
    if (level->tail == NONE) {
        level->head = index;
    } else {
        venue->orders[level->tail].next = index;
    }
    level->tail = index;
    level->orders++;
    level->quantity += order->quantity;
    if (order->account != STREET) {
        level->accounts++;
        ladder->accounts++;
    }
    return ERROR_NONE;
}

/* order_leave takes an order off its level, and the level off its ladder when it was the last there. */
static void order_leave(struct venue *venue, struct order *order) {
    struct ladder *ladder = order_ladder(venue, order);
    struct level *level = &venue->levels[order->level];
    if (order->previous == NONE) {
        level->head = order->next;
    } else {
        venue->orders[order->previous].next = order->next;
    }
    if (order->next == NONE) {
        level->tail = order->previous;
    } else {
        venue->orders[order->next].previous = order->previous;
    }
    if (order->account != STREET) {
        level->accounts--;
        ladder->accounts--;
    }
    if (--level->orders == 0) {
        ladder_remove(ladder, ladder_find(ladder, price_rank(order->side, order->price)));
        level_free(venue, order->level);
    }
    order->level = NONE;
}

void order_reduce(struct venue *venue, struct order *order, uint32_t quantity) {
    order->quantity -= quantity;
    if (order->level == NONE) return;
    venue->levels[order->level].quantity -= quantity;
    if (order->quantity == 0) order_leave(venue, order);
}

/* ---- trades ---- */

static void hold(struct holding *holding, uint32_t side, uint32_t quantity, uint32_t price) {
    uint64_t value = (uint64_t)quantity * price;
    holding->fills++;
    if (side == SIDE_BUY) {
        holding->quantity += quantity;
        holding->bought += quantity;
        holding->bought_value += value;
    } else {
        holding->quantity -= quantity;
        holding->sold += quantity;
        holding->sold_value += value;
    }
}

static struct holding *order_holding(struct venue *venue, const struct order *order, uint16_t locate) {
    if (order == NULL || order->account == STREET) return &venue->street;
    return &venue->accounts[order->account].holdings[locate];
}

/* trade executes quantity shares of a resting order, at its price, against taker (NULL: the street). */
static void trade(struct venue *venue, struct order *resting, struct order *taker, uint32_t quantity) {
    uint64_t match = ACCOUNT_REFERENCE + venue->match_next++;
    venue->counters[VENUE_COUNT_FILLS]++;
    venue->counters[VENUE_COUNT_FILLED_SHARES] += quantity;
    hold(order_holding(venue, resting, resting->locate), resting->side, quantity, resting->price);
    hold(order_holding(venue, taker, resting->locate), side_other(resting->side), quantity, resting->price);
    stream_executed(venue, resting, quantity, match);
    if (resting->account != STREET) {
        resting->executed += quantity;
        report_executed(venue, resting, quantity, resting->price, 'A', match);
    }
    if (taker != NULL) {
        taker->executed += quantity;
        taker->quantity -= quantity; /* it does not rest: no level to tell */
        report_executed(venue, taker, quantity, resting->price, 'R', match);
    }
    order_reduce(venue, resting, quantity);
    /* A street order stays known, empty, until history is done with it. */
    if (resting->account != STREET && resting->quantity == 0) account_forget(venue, resting);
}

/* sweep_level trades with the orders of one level; returns the shares traded. */
static uint32_t sweep_level(struct venue *venue, const struct sweep *sweep, uint32_t index, uint32_t wanted,
                            uint64_t priority_end) {
    uint32_t done = 0;
    uint32_t at = venue->levels[index].head;
    while (at != NONE && done < wanted) {
        struct order *resting = &venue->orders[at];
        at = resting->next; /* the trade may take both order and level away */
        if (resting->priority >= priority_end) break;
        if (sweep->accounts_only && resting->account == STREET) continue;
        uint32_t left = wanted - done;
        uint32_t quantity = resting->quantity < left ? resting->quantity : left;
        trade(venue, resting, sweep->taker, quantity);
        done += quantity;
    }
    return done;
}

uint32_t book_sweep(struct venue *venue, const struct sweep *sweep) {
    struct ladder *ladder = &sweep->instrument->ladders[sweep->side];
    uint32_t worst = price_rank(sweep->side, sweep->price);
    uint32_t done = 0;
    /* Downwards by place: a level that empties leaves from under us without moving those below. */
    for (uint32_t at = ladder->count; at-- > 0 && done < sweep->quantity;) {
        struct rung rung = ladder->rungs[at];
        if (rung.rank < worst) break;
        if (sweep->accounts_only && ladder->accounts == 0) break;
        if (sweep->accounts_only && venue->levels[rung.level].accounts == 0) continue;
        uint64_t priority_end = rung.rank == worst ? sweep->priority_end : UINT64_MAX;
        done += sweep_level(venue, sweep, rung.level, sweep->quantity - done, priority_end);
    }
    return done;
}
