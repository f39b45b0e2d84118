/* synthetic_book: the orders of one synthetic symbol, on a ladder of all the prices it can have. */
#include <string.h>

#include "venue/synthetic.h"

void synthetic_market_open(struct synthetic_market *market, uint32_t price, uint16_t locate) {
    uint32_t tick = price / TICK;
    market->base_tick = tick - LADDER_TICKS / 2;
    market->home = market->fair = (int64_t)(LADDER_TICKS / 2) << 16;
    market->locate = locate;
    market->best[SIDE_BUY] = -1;
    market->best[SIDE_SELL] = LADDER_TICKS;
    for (uint16_t slot = 0; slot < POOL_ORDERS; slot++) market->free[market->free_count++] = slot;
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        for (int at = 0; at < LADDER_TICKS; at++) {
            market->queues[side][at] = (struct synthetic_queue){.head = SLOT_NONE, .tail = SLOT_NONE};
        }
    }
}

struct synthetic_order *synthetic_add(struct synthetic_market *market, uint64_t reference, uint8_t side,
                                      uint16_t tick, uint32_t quantity) {
    if (market->free_count == 0) return NULL;
    uint16_t slot = market->free[--market->free_count];
    struct synthetic_queue *queue = &market->queues[side][tick];
    market->orders[slot] = (struct synthetic_order){.reference = reference,
                                                    .quantity = quantity,
                                                    .tick = tick,
                                                    .previous = queue->tail,
                                                    .next = SLOT_NONE,
                                                    .live = market->live_count[side],
                                                    .side = side};
    market->live[side][market->live_count[side]++] = slot;
    if (queue->tail == SLOT_NONE) {
        queue->head = slot;
    } else {
        market->orders[queue->tail].next = slot;
    }
    queue->tail = slot;
    queue->quantity += quantity;
    if (side == SIDE_BUY && tick > market->best[side]) market->best[side] = tick;
    if (side == SIDE_SELL && tick < market->best[side]) market->best[side] = tick;
    return &market->orders[slot];
}

/* best_again looks for the best tick after the one that was has emptied. */
static void best_again(struct synthetic_market *market, uint8_t side) {
    int step = side == SIDE_BUY ? -1 : 1;
    int32_t at = market->best[side];
    while (at >= 0 && at < LADDER_TICKS && market->queues[side][at].head == SLOT_NONE) at += step;
    market->best[side] = at;
}

void synthetic_take(struct synthetic_market *market, struct synthetic_order *order, uint32_t quantity) {
    struct synthetic_queue *queue = &market->queues[order->side][order->tick];
    queue->quantity -= quantity;
    order->quantity -= quantity;
    if (order->quantity > 0) return;
    uint16_t slot = (uint16_t)(order - market->orders);
    if (order->previous == SLOT_NONE) {
        queue->head = order->next;
    } else {
        market->orders[order->previous].next = order->next;
    }
    if (order->next == SLOT_NONE) {
        queue->tail = order->previous;
    } else {
        market->orders[order->next].previous = order->previous;
    }
    uint16_t last = market->live[order->side][--market->live_count[order->side]];
    market->live[order->side][order->live] = last;
    market->orders[last].live = order->live;
    market->free[market->free_count++] = slot;
    if (order->tick == market->best[order->side]) best_again(market, order->side);
}

struct synthetic_order *synthetic_front(struct synthetic_market *market, uint8_t side) {
    if (market->live_count[side] == 0) return NULL;
    return &market->orders[market->queues[side][market->best[side]].head];
}
