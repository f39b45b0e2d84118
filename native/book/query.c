/* query: reading the books. */
#include "book/ladder.h"
#include "book/table.h"

static const struct ladder *ladder_of(const struct book_set *set, uint16_t locate, enum side side) {
    return &set->instruments[locate].ladders[side == SIDE_SELL];
}

static const struct level_node *level_at(const struct book_set *set, const struct ladder *ladder,
                                         uint32_t depth) {
    return &set->nodes[rung_level(ladder->rungs[ladder->count - 1 - depth])].level;
}

static uint32_t price_of(uint32_t rank, uint32_t side) {
    return rank == 0 ? 0 : rank_of(rank, side);
}

void book_best(const struct book_set *set, uint16_t locate, struct book_best *best) {
    const struct instrument *book = &set->instruments[locate];
    *best = (struct book_best){.bid_quantity = book->best_quantity[SIDE_BUY],
                               .ask_quantity = book->best_quantity[SIDE_SELL],
                               .bid_price = price_of(book->best_rank[SIDE_BUY], SIDE_BUY),
                               .ask_price = price_of(book->best_rank[SIDE_SELL], SIDE_SELL)};
}

uint32_t book_level_count(const struct book_set *set, uint16_t locate, enum side side) {
    return ladder_of(set, locate, side)->count;
}

uint32_t book_levels(const struct book_set *set, uint16_t locate, enum side side, struct book_level *levels,
                     uint32_t count) {
    const struct ladder *ladder = ladder_of(set, locate, side);
    if (count > ladder->count) count = ladder->count;
    for (uint32_t depth = 0; depth < count; depth++) {
        const struct level_node *level = level_at(set, ladder, depth);
        levels[depth] = (struct book_level){
            .quantity = level->quantity, .price = level->price, .order_count = level->order_count};
    }
    return count;
}

static struct book_order show_order(const struct book_set *set, const struct order_node *order) {
    return (struct book_order){.reference = order->reference,
                               .price = set->nodes[order->level].level.price,
                               .quantity = order->quantity,
                               .attribution = order->attribution,
                               .locate = order->locate,
                               .side = (uint8_t)order->side};
}

uint32_t book_orders(const struct book_set *set, uint16_t locate, enum side side, struct book_order *orders,
                     uint32_t count) {
    const struct ladder *ladder = ladder_of(set, locate, side);
    uint32_t found = 0;
    for (uint32_t depth = 0; depth < ladder->count && found < count; depth++) {
        const struct level_node *level = level_at(set, ladder, depth);
        uint32_t index = level->next;
        for (uint32_t i = 0; i < level->order_count && found < count; i++) {
            orders[found++] = show_order(set, &set->nodes[index].order);
            index = set->nodes[index].link.next;
        }
    }
    return found;
}

int book_find_order(const struct book_set *set, uint64_t reference, struct book_order *order) {
    uint32_t index;
    (void)table_find(set, reference, &index);
    if (index == 0) return ERROR_NOT_FOUND;
    *order = show_order(set, &set->nodes[index].order);
    return 0;
}

int book_find_queue(const struct book_set *set, uint64_t reference, struct book_queue *queue) {
    uint32_t index;
    (void)table_find(set, reference, &index);
    if (index == 0) return ERROR_NOT_FOUND;
    uint32_t sentinel = set->nodes[index].order.level;
    *queue = (struct book_queue){0};
    for (uint32_t ahead = set->nodes[index].link.previous; ahead != sentinel;
         ahead = set->nodes[ahead].link.previous) {
        queue->quantity_ahead += set->nodes[ahead].order.quantity;
        queue->orders_ahead++;
    }
    queue->orders_behind = set->nodes[sentinel].level.order_count - queue->orders_ahead - 1;
    return 0;
}

void book_get_instrument(const struct book_set *set, uint16_t locate, struct book_instrument *instrument) {
    *instrument = set->instruments[locate].shown;
}

void book_get_stats(const struct book_set *set, struct book_stats *stats) {
    *stats = set->stats;
    stats->messages = stats->faults[BOOK_FAULT_SIZE] + stats->faults[BOOK_FAULT_TYPE];
    for (int type = 0; type < 256; type++) stats->messages += stats->types[type];
    stats->orders = set->orders.alive;
    stats->orders_max = set->orders.alive_max;
    stats->levels = set->levels.alive;
    stats->levels_max = set->levels.alive_max;
}

int book_find_symbol(const struct book_set *set, const char *symbol) {
    for (int locate = 0; locate < BOOK_LOCATE_COUNT; locate++) {
        const char *known = set->instruments[locate].shown.symbol;
        if (memcmp(known, symbol, sizeof set->instruments[locate].shown.symbol) == 0) return locate;
    }
    return ERROR_NOT_FOUND;
}
