/* change: what Cancel and Modify Order do to an order that rests. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

/* excess is how many shares an order has open beyond a size intended for its whole life. */
static uint32_t excess(const struct order *order, uint32_t size) {
    uint32_t open = size > order->executed ? size - order->executed : 0;
    return open < order->quantity ? order->quantity - open : 0;
}

/* Before a cross an order cannot leave: the first cancel is promised for its end, another one refused. */
void change_cancel(struct venue *venue, struct order *order, uint32_t size) {
    uint32_t quantity = excess(order, size);
    if (quantity == 0) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return;
    }
    if (instrument_trades(&venue->instruments[order->locate])) {
        report_canceled(venue, order, quantity, 'U');
        account_take_off(venue, order, quantity);
        return;
    }
    if (order->cancel_pending) {
        report_notice(venue, order, OUCH_CANCEL_REJECTED);
        return;
    }
    order->cancel_pending = 1;
    order->cancel_size = size;
    report_notice(venue, order, OUCH_CANCEL_PENDING);
}

void change_cancel_where(struct venue *venue, uint32_t account, const struct selection *selection) {
    uint32_t at = venue->accounts[account].oldest;
    while (at != NONE) {
        struct order *order = &venue->orders[at];
        at = order->younger;
        if (selection_has(selection, order)) change_cancel(venue, order, 0);
    }
}

void account_reduce(struct venue *venue, uint32_t account, const struct ouch_cancel *cancel) {
    struct order *order = account_find(venue, account, cancel->user_ref);
    if (order == NULL) return;
    uint32_t locate = order->locate;
    change_cancel(venue, order, cancel->quantity);
    peg_settle(venue, locate);
}

void account_modify(struct venue *venue, uint32_t account, const struct ouch_modify *modify) {
    struct order *order = account_find(venue, account, modify->user_ref);
    if (order == NULL) return;
    uint32_t locate = order->locate;
    bool remarked = modify->side != order->marking;
    bool buys =
        modify->side == 'B' || order->marking == 'B'; /* only kinds of selling may change into one another */
    uint32_t quantity = excess(order, modify->quantity);
    bool wrong = remarked && (buys || memchr("STE", modify->side, 3) == NULL);
    if (wrong || (!remarked && quantity == 0) || !instrument_trades(&venue->instruments[locate])) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return;
    }
    order->marking = modify->side;
    struct ouch_outbound message = {.type = OUCH_MODIFIED};
    message.modified = (struct ouch_modified){.timestamp_ns = venue->now_ns,
                                              .user_ref = order->user_ref,
                                              .side = order->marking,
                                              .quantity = order->quantity - quantity};
    report_append(venue, account, &message);
    if (quantity > 0) account_take_off(venue, order, quantity);
    peg_settle(venue, locate);
}
