/* peg: orders whose price follows the best displayed prices of this venue.  Pegged orders themselves are not
 * followed, so that they cannot chase one another. */
#include <stdbool.h>

#include "venue/engine.h"

#define DOLLAR 10000
#define CENT   100

void peg_link(struct venue *venue, struct order *order) {
    if (!order_pegged(order)) return;
    struct instrument *instrument = &venue->instruments[order->locate];
    if (!instrument->pegged || instrument->peg_oldest == NONE) {
        instrument->pegged = 1;
        instrument->peg_oldest = instrument->peg_youngest = NONE;
        peg_touches(venue, instrument, instrument->touches);
    }
    uint32_t index = order_index(venue, order);
    order->peg_elder = instrument->peg_youngest;
    order->peg_younger = NONE;
    if (instrument->peg_youngest == NONE) {
        instrument->peg_oldest = index;
    } else {
        venue->orders[instrument->peg_youngest].peg_younger = index;
    }
    instrument->peg_youngest = index;
}

void peg_unlink(struct venue *venue, struct order *order) {
    if (!order_pegged(order)) return;
    struct instrument *instrument = &venue->instruments[order->locate];
    if (order->peg_elder == NONE) {
        instrument->peg_oldest = order->peg_younger;
    } else {
        venue->orders[order->peg_elder].peg_younger = order->peg_younger;
    }
    if (order->peg_younger == NONE) {
        instrument->peg_youngest = order->peg_elder;
    } else {
        venue->orders[order->peg_younger].peg_elder = order->peg_elder;
    }
}

void peg_touches(const struct venue *venue, const struct instrument *instrument, uint32_t *touches) {
    touches[SIDE_BUY] = book_touch(venue, instrument, SIDE_BUY, 0);
    touches[SIDE_SELL] = book_touch(venue, instrument, SIDE_SELL, 0);
}

/* passive rounds a price away from the other side, to a multiple of step. */
static int64_t passive(int64_t price, uint32_t side, int64_t step) {
    int64_t over = price % step;
    if (over == 0) return price;
    return side == SIDE_BUY ? price - over : price - over + step;
}

uint32_t peg_price(const struct instrument *instrument, const struct order *order, const uint32_t *touches) {
    int64_t bid = touches[SIDE_BUY], ask = touches[SIDE_SELL];
    int64_t own = touches[order->side], other = touches[side_other(order->side)];
    if (bid != 0 && ask != 0 && bid >= ask) return 0; /* a locked market has no inside to follow */
    int64_t price = 0;
    if (order->price_type == 'M' && bid != 0 && ask != 0) {
        price = passive(bid + ask, order->side, 2) / 2 + order->peg_offset;
    } else if (order->price_type == 'R' && own != 0) {
        price = own + order->peg_offset;
    } else if (order->price_type == 'P' && other != 0) {
        price = other + order->peg_offset;
    }
    if (price <= 0 || price > OUCH_PRICE_MAX) return 0;
    if (order->price_type != 'M' && price >= DOLLAR) price = passive(price, order->side, CENT);
    if (instrument->restricted && order->marking == 'T' && price <= bid) price = bid + CENT;
    if (price_rank(order->side, (uint32_t)price) > price_rank(order->side, order->limit)) return order->limit;
    return (uint32_t)price;
}

/* peg_round moves every pegged order that is not where the touches put it.  A move may trade, and a trade may
 * take any other order of the list away: then the walk begins again, skipping what it has seen. */
static void peg_round(struct venue *venue, struct instrument *instrument) {
    uint32_t round = ++venue->peg_round;
    uint32_t at = instrument->peg_oldest;
    while (at != NONE) {
        struct order *order = &venue->orders[at];
        bool seen = order->peg_round == round;
        uint32_t price = seen ? 0 : peg_price(instrument, order, instrument->touches);
        order->peg_round = round;
        if (price == 0 || price == order->price || order->level == NONE) {
            at = order->peg_younger;
            continue;
        }
        account_again(venue, order, price);
        at = instrument->peg_oldest;
    }
}

static void settle_one(struct venue *venue, struct instrument *instrument) {
    /* Every further turn needs displayed orders to have traded away: it comes to an end. */
    while (instrument->pegged && instrument->peg_oldest != NONE && instrument_trades(instrument)) {
        uint32_t touches[2];
        peg_touches(venue, instrument, touches);
        if (touches[0] == instrument->touches[0] && touches[1] == instrument->touches[1]) return;
        instrument->touches[0] = touches[0];
        instrument->touches[1] = touches[1];
        peg_round(venue, instrument);
    }
}

void peg_settle(struct venue *venue, uint32_t locate) {
    if (locate != NONE) {
        settle_one(venue, &venue->instruments[locate]);
        return;
    }
    for (uint32_t each = 0; each < venue->locate_end; each++) settle_one(venue, &venue->instruments[each]);
}
