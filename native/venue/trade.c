/* trade: who trades with whom, and what both hold afterwards. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

static void hold(struct holding *holding, uint32_t side, uint32_t quantity, uint32_t price, int64_t fee) {
    uint64_t value = (uint64_t)quantity * price;
    holding->fills++;
    holding->fees += fee;
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

/* A broken fill stays counted as a fill: an account that only ever had broken ones still has a row. */
void holding_undo(struct holding *holding, uint32_t side, uint32_t quantity, uint32_t price, int64_t fee) {
    uint64_t value = (uint64_t)quantity * price;
    holding->fees -= fee;
    if (side == SIDE_BUY) {
        holding->quantity -= quantity;
        holding->bought -= quantity;
        holding->bought_value -= value;
    } else {
        holding->quantity += quantity;
        holding->sold -= quantity;
        holding->sold_value -= value;
    }
}

static void fill_keep(struct venue *venue, const struct order *order, uint64_t match, uint32_t quantity,
                      uint32_t price, int64_t fee) {
    struct fill fill = {
        .match = match,
        .fee = fee,
        .user_ref = order->user_ref,
        .quantity = quantity,
        .price = price,
        .locate = order->locate,
        .account = order->account,
        .side = order->side,
    };
    memcpy(fill.client_order_id, order->client_order_id, sizeof fill.client_order_id);
    memcpy(vector_extend(&venue->fills, sizeof fill), &fill, sizeof fill);
}

/* settle books one side of a trade; order is NULL for the street, which pays no fees. */
static void settle(struct venue *venue, const struct order *order, uint32_t side, const struct order *resting,
                   uint32_t quantity, uint64_t match) {
    if (order == NULL || order->account == STREET) {
        hold(&venue->street, side, quantity, resting->price, 0);
        return;
    }
    int64_t fee = (int64_t)(order == resting ? venue->config.maker_fee : venue->config.taker_fee) * quantity;
    hold(&venue->accounts[order->account].holdings[resting->locate], side, quantity, resting->price, fee);
    fill_keep(venue, order, match, quantity, resting->price, fee);
}

static char added_liquidity(const struct order *resting) {
    if (resting->queue == QUEUE_DISPLAYED) return 'A';
    return resting->price_type == 'M' ? 'k' : 'J';
}

/* refresh shows the next slice of a reserve order, as a new order to the public. */
static void refresh(struct venue *venue, struct order *order) {
    order->reference = ACCOUNT_REFERENCE + venue->reference_next++;
    order_requeue(venue, order);
    stream_add(venue, order);
    report_refreshed(venue, order);
}

/* trade executes quantity shares of a resting order, at its price, against taker (NULL: the street).  True
 * when the resting order showed new shares, at the end of its queue. */
static bool trade(struct venue *venue, struct order *resting, struct order *taker, uint32_t quantity) {
    uint64_t match = ACCOUNT_REFERENCE + venue->match_next++;
    venue->counters[VENUE_COUNT_FILLS]++;
    venue->counters[VENUE_COUNT_FILLED_SHARES] += quantity;
    settle(venue, resting, resting->side, resting, quantity, match);
    settle(venue, taker, side_other(resting->side), resting, quantity, match);
    if (resting->queue == QUEUE_HIDDEN) {
        stream_trade(venue, resting, quantity, match);
    } else {
        stream_executed(venue, resting, quantity, match);
    }
    if (resting->account != STREET) {
        resting->executed += quantity;
        report_executed(venue, resting, quantity, resting->price, added_liquidity(resting), match);
    }
    if (taker != NULL) {
        taker->executed += quantity;
        taker->quantity -= quantity; /* it does not rest: no level to tell */
        report_executed(venue, taker, quantity, resting->price, 'R', match);
    }
    order_fill(venue, resting, quantity);
    if (resting->account == STREET) return false; /* known, if empty, until history is done with it */
    if (resting->quantity == 0)
        account_forget(venue, resting);
    else if (resting->queue == QUEUE_DISPLAYED && resting->shown == 0) {
        refresh(venue, resting);
        return true;
    }
    return false;
}

/* ---- walking along a side ---- */

/* meets says whether an aggressor with so many shares left trades with a resting order at all. */
static bool meets(const struct sweep *sweep, const struct order *resting, uint32_t left) {
    if (sweep->accounts_only && resting->account == STREET) return false;
    uint32_t minimum = resting->minimum < resting->quantity ? resting->minimum : resting->quantity;
    return left >= minimum;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* sweep_queue trades with the orders of one queue; returns the shares traded. */
static uint32_t sweep_queue(struct venue *venue, const struct sweep *sweep, const struct queue *queue,
                            uint32_t wanted, uint64_t priority_end) {
    uint32_t done = 0;
    uint32_t at = queue->head;
    while (at != NONE && done < wanted) {
        struct order *resting = &venue->orders[at];
        uint32_t next = resting->next; /* the trade may take both order and level away */
        if (resting->priority >= priority_end) break;
        if (meets(sweep, resting, wanted - done)) {
            uint32_t open = resting->queue == QUEUE_HIDDEN ? resting->quantity : resting->shown;
            uint32_t quantity = least(open, wanted - done);
            bool again = trade(venue, resting, sweep->taker, quantity);
            done += quantity;
            if (again && next == NONE) continue; /* it is the last still, with new shares */
        }
        at = next;
    }
    return done;
}

/* reaches says how far a sweep goes: down to which place of the ladder, and at which arrivals it ends there.
 */
static bool reaches(const struct sweep *sweep, const struct rung *rung, uint64_t *priority_end) {
    uint32_t worst = price_rank(sweep->side, sweep->price);
    *priority_end = rung->rank == worst ? sweep->priority_end : UINT64_MAX;
    return rung->rank >= worst;
}

uint32_t book_sweep(struct venue *venue, const struct sweep *sweep) {
    struct ladder *ladder = &sweep->instrument->ladders[sweep->side];
    uint32_t done = 0;
    /* Downwards by place: a level that empties leaves from under us without moving those below. */
    for (uint32_t at = ladder->count; at-- > 0 && done < sweep->quantity;) {
        struct rung rung = ladder->rungs[at];
        uint64_t priority_end;
        if (!reaches(sweep, &rung, &priority_end)) break;
        if (sweep->accounts_only && ladder->accounts == 0) break;
        const struct level *level = &venue->levels[rung.level];
        bool hidden = level->queues[QUEUE_HIDDEN].orders > 0 && priority_end == UINT64_MAX;
        if (!sweep->accounts_only || level->queues[QUEUE_DISPLAYED].accounts > 0) {
            done += sweep_queue(venue, sweep, &level->queues[QUEUE_DISPLAYED], sweep->quantity - done,
                                priority_end);
        }
        if (!hidden || done == sweep->quantity) continue;
        done += sweep_queue(venue, sweep, &level->queues[QUEUE_HIDDEN], sweep->quantity - done, UINT64_MAX);
    }
    return done;
}

uint32_t book_available(const struct venue *venue, const struct sweep *sweep) {
    const struct ladder *ladder = &sweep->instrument->ladders[sweep->side];
    uint32_t left = sweep->quantity;
    for (uint32_t at = ladder->count; at-- > 0 && left > 0;) {
        uint64_t priority_end;
        if (!reaches(sweep, &ladder->rungs[at], &priority_end)) break;
        const struct level *level = &venue->levels[ladder->rungs[at].level];
        for (int kind = 0; kind < QUEUE_COUNT; kind++) {
            for (uint32_t index = level->queues[kind].head; index != NONE && left > 0;) {
                const struct order *resting = &venue->orders[index];
                if (meets(sweep, resting, left)) left -= least(resting->quantity, left);
                index = resting->next;
            }
        }
    }
    return sweep->quantity - left;
}

uint32_t book_touch(const struct venue *venue, const struct instrument *instrument, uint32_t side,
                    int pegged) {
    const struct ladder *ladder = &instrument->ladders[side];
    for (uint32_t at = ladder->count; at-- > 0;) {
        const struct level *level = &venue->levels[ladder->rungs[at].level];
        if (level->anchors > 0 || (pegged && level->queues[QUEUE_DISPLAYED].orders > 0)) return level->price;
    }
    return 0;
}
