/* check: every invariant of every book, for tests and fuzzing. */
#include "book/ladder.h"
#include "book/table.h"

#define REQUIRE(condition)                                                                                   \
    if (!(condition)) return __LINE__

struct census {
    uint32_t orders;
    uint32_t levels;
};

static int check_queue(const struct book_set *set, uint32_t level_index, uint16_t locate, uint32_t side,
                       struct census *census) {
    const struct level_node *level = &set->nodes[level_index].level;
    uint64_t quantity = 0;
    uint32_t previous = level_index;
    uint32_t index = level->next;
    for (uint32_t i = 0; i < level->order_count; i++) {
        REQUIRE(index >= set->orders.first && index - set->orders.first < set->orders.fresh);
        const struct order_node *order = &set->nodes[index].order;
        uint32_t found;
        (void)table_find(set, order->reference, &found);
        REQUIRE(found == index);
        REQUIRE(order->previous == previous && order->level == level_index);
        REQUIRE(order->quantity != 0 && order->locate == locate && order->side == side);
        quantity += order->quantity;
        previous = index;
        index = order->next;
    }
    REQUIRE(index == level_index && level->previous == previous);
    REQUIRE(level->quantity == quantity && level->order_count != 0);
    census->orders += level->order_count;
    census->levels++;
    return 0;
}

static int check_ladder(const struct book_set *set, const struct instrument *book, uint16_t locate,
                        uint32_t side, struct census *census) {
    const struct ladder *ladder = &book->ladders[side];
    uint32_t worse = 0;
    if (ladder->capacity == 0) {
        REQUIRE(ladder->rungs == set->empty_ladder + LADDER_GUARD && ladder->count == 0);
        REQUIRE(book->best_rank[side] == 0 && book->best_quantity[side] == 0);
        return 0;
    }
    for (int i = 1; i <= LADDER_GUARD; i++) REQUIRE(*(ladder->rungs - i) == 0);
    REQUIRE(ladder->count <= ladder->capacity);
    for (uint32_t i = 0; i < ladder->count; i++) {
        uint32_t rank = rung_rank(ladder->rungs[i]);
        uint32_t level = rung_level(ladder->rungs[i]);
        REQUIRE(rank > worse);
        REQUIRE(level >= set->levels.first && level - set->levels.first < set->levels.fresh);
        REQUIRE(rank == rank_of(set->nodes[level].level.price, side));
        int failed = check_queue(set, level, locate, side, census);
        if (failed != 0) return failed;
        worse = rank;
    }
    REQUIRE(book->best_rank[side] == worse);
    REQUIRE(book->best_quantity[side] == set->nodes[rung_level(ladder_best(ladder))].level.quantity);
    return 0;
}

static int check_group(const struct book_set *set, uint32_t first, struct census *census) {
    for (uint32_t locate = first; locate < first + LOCATES_PER_GROUP; locate++) {
        for (uint32_t side = 0; side < 2; side++) {
            int failed = check_ladder(set, &set->instruments[locate], (uint16_t)locate, side, census);
            if (failed != 0) return failed;
        }
    }
    return 0;
}

int book_check(const struct book_set *set) {
    struct census census = {0};
    for (uint32_t first = 0; first < BOOK_LOCATE_COUNT; first += LOCATES_PER_GROUP) {
        int failed = set_used(set, first) ? check_group(set, first, &census) : 0;
        if (failed != 0) return failed;
    }
    uint32_t taken = 0;
    for (uint64_t slot = 0; slot <= set->table_mask; slot++) taken += set->table[slot] != 0;
    REQUIRE(census.orders == set->orders.alive && census.levels == set->levels.alive &&
            taken == set->orders.alive);
    REQUIRE(set->nodes[0].level.quantity == 0);
    return 0;
}
