/* book_apply: one message into the books.  The hot path: allocates nothing and calls nothing but memory
 * copies. */
#include "book/prefetch.h"
#include "book/state.h"

/* Inlined at both calls: what one message shares then stays in registers. */
#define HOT static inline __attribute__((always_inline))

/* What the handlers of one message share. */
struct apply {
    struct book_set *set;
    struct instrument *book;
    const uint8_t *message;
    uint16_t locate;
    uint16_t changes;
    uint16_t fault;
};

static inline void refuse(struct apply *apply, enum book_fault fault) {
    apply->set->stats.faults[fault]++;
    apply->fault = (uint16_t)fault;
    apply->changes |= BOOK_FAULT;
}

/* touch notes that the level of this rank changes; called while the ladder has it. */
static inline void touch(struct apply *apply, uint32_t side, uint32_t rank) {
    int top = ladder_in_top(&apply->book->ladders[side], rank);
    apply->changes |= (uint16_t)(top ? BOOK_TOP_BID << side : BOOK_DEEP);
}

/* settle_best compares the side's best level with what it was, after the level of rank changed.  An empty
 * ladder's best rung is 0, which names node 0, whose quantity is 0: no case of its own. */
static inline void settle_best(struct apply *apply, uint32_t side, uint32_t rank) {
    struct instrument *book = apply->book;
    if (rank < book->best_rank[side]) return;
    rung best = ladder_best(&book->ladders[side]);
    uint64_t quantity = apply->set->nodes[rung_level(best)].level.quantity;
    if (rung_rank(best) != book->best_rank[side] || quantity != book->best_quantity[side])
        apply->changes |= (uint16_t)(BOOK_BEST_BID << side);
    book->best_rank[side] = rung_rank(best);
    book->best_quantity[side] = quantity;
}

static inline void drop_level(struct book_set *set, struct ladder *ladder, uint32_t index, uint32_t rank) {
    uint32_t place = ladder->count - 1;
    if (rung_level(ladder->rungs[place]) != index) place = ladder_find(ladder, rank);
    ladder_remove(ladder, place);
    set->nodes[index].level.quantity = 0;
    pool_give(set->nodes, &set->levels, index);
}

/* remove_order takes the order in table slot out of its queue, the table and, with the last of its level, the
 * ladder. */
static inline void remove_order(struct apply *apply, uint32_t slot, uint32_t index, uint32_t rank) {
    struct book_set *set = apply->set;
    union node *nodes = set->nodes;
    struct order_node *order = &nodes[index].order;
    struct level_node *level = &nodes[order->level].level;
    level->quantity -= order->quantity;
    nodes[order->previous].link.next = order->next;
    nodes[order->next].link.previous = order->previous;
    if (--level->order_count == 0) drop_level(set, &apply->book->ladders[order->side], order->level, rank);
    table_erase(set, slot);
    pool_give(nodes, &set->orders, index);
}

/* open_level returns the level of that rank, made if need be; 0 when there is no room for it. */
static inline uint32_t open_level(struct apply *apply, uint32_t side, uint32_t rank, uint32_t price) {
    struct book_set *set = apply->set;
    struct ladder *ladder = &apply->book->ladders[side];
    uint32_t place = ladder_find(ladder, rank);
    if (place < ladder->count && rung_rank(ladder->rungs[place]) == rank)
        return rung_level(ladder->rungs[place]);
    if (ladder->count == ladder->capacity && !ladder_grow(&set->store, ladder)) return 0;
    uint32_t index = pool_take(set->nodes, &set->levels);
    if (index == 0) return 0;
    set->nodes[index].level = (struct level_node){.next = index, .previous = index, .price = price};
    ladder_insert(ladder, place, (rung)rank << 32 | index);
    return index;
}

struct new_order {
    uint64_t reference;
    uint32_t side;
    uint32_t quantity;
    uint32_t price;
    uint32_t attribution;
};

static inline enum book_fault judge(const struct new_order *new) {
    if (new->side == SIDE_NONE) return BOOK_FAULT_SIDE;
    if (new->quantity == 0) return BOOK_FAULT_QUANTITY;
    if (new->price - 1 >= BOOK_PRICE_MAX) return BOOK_FAULT_PRICE;
    return BOOK_FAULT_NONE;
}

/* insert_order returns the rank of the level it joined, 0 after counting what is wrong. */
HOT uint32_t insert_order(struct apply *apply, const struct new_order *new) {
    struct book_set *set = apply->set;
    enum book_fault fault = judge(new);
    if (fault != BOOK_FAULT_NONE) {
        refuse(apply, fault);
        return 0;
    }
    if (set->orders.alive == set->grow_at) table_grow(set);
    uint32_t index;
    uint32_t slot = table_find(set, new->reference, &index);
    if (index != 0) {
        refuse(apply, BOOK_FAULT_DUPLICATE_ORDER);
        return 0;
    }
    index = pool_take(set->nodes, &set->orders);
    if (index == 0) {
        refuse(apply, BOOK_FAULT_ORDERS_FULL);
        return 0;
    }
    uint32_t rank = rank_of(new->price, new->side);
    uint32_t level = open_level(apply, new->side, rank, new->price);
    if (level == 0) {
        pool_give(set->nodes, &set->orders, index);
        refuse(apply, BOOK_FAULT_LEVELS_FULL);
        return 0;
    }
    touch(apply, new->side, rank);
    struct level_node *queue = &set->nodes[level].level;
    set->nodes[index].order = (struct order_node){.next = level,
                                                  .previous = queue->previous,
                                                  .reference = new->reference,
                                                  .quantity = new->quantity,
                                                  .level = level,
                                                  .attribution = new->attribution,
                                                  .locate = apply->locate,
                                                  .side = (uint16_t)new->side};
    set->nodes[queue->previous].link.next = index;
    queue->previous = index;
    queue->quantity += new->quantity;
    queue->order_count++;
    table_put(set, slot, new->reference, index);
    return rank;
}

static inline uint32_t side_of(uint8_t letter) {
    return letter == 'B' ? SIDE_BUY : letter == 'S' ? SIDE_SELL : SIDE_NONE;
}

static inline void apply_add(struct apply *apply) {
    const uint8_t *message = apply->message;
    uint32_t attribution = 0;
    if (message[0] == ITCH_ADD_ORDER_MPID)
        memcpy(&attribution, message + ITCH_AT_ATTRIBUTION, sizeof attribution);
    struct new_order new = {.reference = itch_reference(message),
                            .side = side_of(itch_add_side(message)),
                            .quantity = itch_add_quantity(message),
                            .price = itch_add_price(message),
                            .attribution = attribution};
    uint32_t rank = insert_order(apply, &new);
    if (rank != 0) settle_best(apply, new.side, rank);
}

/* find_order returns the node of the order the message names, with its table slot; 0 after counting what is
 * wrong. */
static inline uint32_t find_order(struct apply *apply, uint32_t *slot) {
    uint32_t index;
    *slot = table_find(apply->set, itch_reference(apply->message), &index);
    if (index == 0) {
        refuse(apply, BOOK_FAULT_UNKNOWN_ORDER);
        return 0;
    }
    if (apply->set->nodes[index].order.locate != apply->locate) {
        refuse(apply, BOOK_FAULT_LOCATE);
        return 0;
    }
    return index;
}

static inline void apply_delete(struct apply *apply) {
    uint32_t slot;
    uint32_t index = find_order(apply, &slot);
    if (index == 0) return;
    const struct order_node *order = &apply->set->nodes[index].order;
    uint32_t side = order->side;
    uint32_t rank = rank_of(apply->set->nodes[order->level].level.price, side);
    touch(apply, side, rank);
    remove_order(apply, slot, index, rank);
    settle_best(apply, side, rank);
}

/* apply_reduce takes quantity off the order the message names.  Returns the order's level price, 0 if nothing
 * was. */
static inline uint32_t apply_reduce(struct apply *apply, uint32_t quantity, uint32_t *order_side) {
    uint32_t slot;
    uint32_t index = find_order(apply, &slot);
    if (index == 0) return 0;
    if (quantity == 0) {
        refuse(apply, BOOK_FAULT_QUANTITY);
        return 0;
    }
    struct order_node *order = &apply->set->nodes[index].order;
    struct level_node *level = &apply->set->nodes[order->level].level;
    uint32_t side = order->side;
    uint32_t price = level->price;
    uint32_t rank = rank_of(price, side);
    touch(apply, side, rank);
    if (quantity < order->quantity) {
        order->quantity -= quantity;
        level->quantity -= quantity;
    } else {
        if (quantity > order->quantity) refuse(apply, BOOK_FAULT_EXCESS);
        remove_order(apply, slot, index, rank);
    }
    settle_best(apply, side, rank);
    *order_side = side;
    return price;
}

static inline void show_trade(struct apply *apply, uint32_t price, uint64_t quantity, uint32_t side,
                              uint64_t match) {
    if (price - 1 >= BOOK_PRICE_MAX) {
        refuse(apply, BOOK_FAULT_PRICE);
        return;
    }
    struct book_instrument *shown = &apply->book->shown;
    shown->trades++;
    shown->volume += quantity;
    shown->last_match = match;
    shown->last_price = price;
    shown->last_quantity = quantity > UINT32_MAX ? UINT32_MAX : (uint32_t)quantity;
    shown->last_side = (uint8_t)side;
    apply->changes |= BOOK_TRADE;
}

static inline void apply_executed(struct apply *apply) {
    uint32_t side;
    uint32_t quantity = itch_quantity(apply->message);
    uint32_t price = apply_reduce(apply, quantity, &side);
    if (price != 0) show_trade(apply, price, quantity, side, itch_match(apply->message));
}

static inline void apply_executed_at_price(struct apply *apply) {
    uint32_t side;
    uint32_t quantity = itch_quantity(apply->message);
    uint32_t price = apply_reduce(apply, quantity, &side);
    int printable =
        itch_printable(apply->message) == 'Y'; /* the rest is reported in bulk, by a cross trade */
    if (price != 0 && printable)
        show_trade(apply, itch_executed_price(apply->message), quantity, side, itch_match(apply->message));
}

/* apply_replace: the old order goes, whatever becomes of the new one; side and attribution carry over. */
static inline void apply_replace(struct apply *apply) {
    uint32_t slot;
    uint32_t index = find_order(apply, &slot);
    if (index == 0) return;
    const struct order_node *order = &apply->set->nodes[index].order;
    struct new_order new = {.reference = itch_new_reference(apply->message),
                            .side = order->side,
                            .quantity = itch_replace_quantity(apply->message),
                            .price = itch_replace_price(apply->message),
                            .attribution = order->attribution};
    uint32_t rank = rank_of(apply->set->nodes[order->level].level.price, new.side);
    touch(apply, new.side, rank);
    remove_order(apply, slot, index, rank);
    uint32_t new_rank = insert_order(apply, &new);
    settle_best(apply, new.side, new_rank > rank ? new_rank : rank);
}

static inline void apply_trade(struct apply *apply) {
    const uint8_t *message = apply->message;
    uint32_t quantity = itch_add_quantity(message);
    uint32_t side = side_of(itch_add_side(message));
    if (side == SIDE_NONE)
        refuse(apply, BOOK_FAULT_SIDE);
    else if (quantity == 0)
        refuse(apply, BOOK_FAULT_QUANTITY);
    else
        show_trade(apply, itch_add_price(message), quantity, side, itch_trade_match(message));
}

/* apply_cross: a cross that matched nothing is still announced, with no shares. */
static inline void apply_cross(struct apply *apply) {
    uint64_t quantity = itch_cross_quantity(apply->message);
    if (quantity != 0)
        show_trade(apply, itch_cross_price(apply->message), quantity, SIDE_NONE,
                   itch_cross_match(apply->message));
}

static inline void dispatch(struct apply *apply) {
    uint32_t side;
    switch (apply->message[0]) {
    case ITCH_ADD_ORDER:
    case ITCH_ADD_ORDER_MPID: apply_add(apply); break;
    case ITCH_ORDER_DELETE: apply_delete(apply); break;
    case ITCH_ORDER_EXECUTED: apply_executed(apply); break;
    case ITCH_ORDER_EXECUTED_PRICE: apply_executed_at_price(apply); break;
    case ITCH_ORDER_CANCEL: apply_reduce(apply, itch_quantity(apply->message), &side); break;
    case ITCH_ORDER_REPLACE: apply_replace(apply); break;
    case ITCH_TRADE: apply_trade(apply); break;
    case ITCH_CROSS_TRADE: apply_cross(apply); break;
    default: apply->changes = state_apply(apply->set, apply->message, apply->locate); break;
    }
}

/* is_for_all tells the messages that are read whatever is tracked: they name no instrument, or introduce one.
 */
static inline int is_for_all(uint8_t type) {
    return type == ITCH_SYSTEM_EVENT || type == ITCH_STOCK_DIRECTORY || type == ITCH_MWCB_LEVELS ||
           type == ITCH_MWCB_STATUS;
}

static struct book_event refuse_message(struct book_set *set, int error) {
    enum book_fault fault = error == ERROR_UNSUPPORTED ? BOOK_FAULT_TYPE : BOOK_FAULT_SIZE;
    set->stats.faults[fault]++;
    return (struct book_event){
        .instrument = INSTRUMENT_NONE, .changes = BOOK_FAULT, .fault = (uint16_t)fault};
}

struct book_event book_apply(struct book_set *set, const uint8_t *message, size_t size) {
    int error = itch_check(message, size);
    if (error != 0) return refuse_message(set, error);
    struct apply apply = {.set = set, .message = message, .locate = itch_locate(message)};
    apply.book = &set->instruments[apply.locate];
    set->stats.types[message[0]]++;
    set->stats.venue_ns = itch_timestamp_ns(message);
    set_use(set, apply.locate);
    if (!set_tracks(set, apply.locate) && !is_for_all(message[0])) {
        set->stats.ignored++;
        return (struct book_event){
            .locate = apply.locate, .instrument = INSTRUMENT_NONE, .changes = BOOK_IGNORED};
    }
    dispatch(&apply);
    return (struct book_event){.locate = apply.locate,
                               .instrument = apply.book->number,
                               .changes = apply.changes,
                               .fault = apply.fault};
}

void book_prefetch(const struct book_set *set, const uint8_t *message, size_t size) {
    if (prefetch_pays(set, message, size)) prefetch_table(set, message);
}
