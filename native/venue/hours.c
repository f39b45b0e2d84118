/* hours: what the clock and the phases of the day do to orders. */
#include <stdbool.h>

#include "venue/engine.h"

static void expire(struct venue *venue, uint32_t account) {
    uint32_t at = venue->accounts[account].oldest;
    while (at != NONE) {
        struct order *order = &venue->orders[at];
        at = order->younger;
        if (order->expires_ns <= venue->now_ns) {
            account_cancel(venue, order, 'T');
        } else if (order->expires_ns < venue->expires_next_ns) {
            venue->expires_next_ns = order->expires_ns;
        }
    }
}

void hours_advance(struct venue *venue, uint64_t now_ns) {
    if (now_ns > venue->now_ns) venue->now_ns = now_ns;
    if (venue->now_ns < venue->expires_next_ns) return;
    venue->expires_next_ns = UINT64_MAX;
    for (uint32_t account = 0; account < venue->config.account_count; account++) expire(venue, account);
    peg_settle(venue, NONE);
}

static void cancel_every(struct venue *venue, const struct selection *selection, char reason) {
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        account_cancel_where(venue, account, selection, reason);
    }
}

/* The end of market hours ends day orders, that of system hours closes the venue for accounts; a new start of
 * messages opens it again. */
void hours_event(struct venue *venue, char event) {
    struct selection all = {.locate = NONE, .side = NONE};
    struct selection day = {.locate = NONE, .side = NONE, .time_in_force = '0'};
    if (event == 'O' || event == 'Q') venue->after_market = 0;
    if (event == 'O') venue->closed = 0;
    if (event == 'M') {
        venue->after_market = 1;
        cancel_every(venue, &day, 'E');
    }
    if (event == 'E') {
        venue->closed = 1;
        cancel_every(venue, &all, 'E');
    }
    peg_settle(venue, NONE);
}

static void cancel_promised(struct venue *venue, uint32_t account, uint32_t locate) {
    uint32_t at = venue->accounts[account].oldest;
    while (at != NONE) {
        struct order *order = &venue->orders[at];
        at = order->younger;
        if (order->locate != locate || !order->cancel_pending) continue;
        order->cancel_pending = 0;
        change_cancel(venue, order, order->cancel_size);
    }
}

/* crossed_first is the earliest of the accounts' orders, from a priority on, that could trade as things
 * stand: NULL when there is none. */
static struct order *crossed_first(struct venue *venue, uint32_t locate, uint64_t from, uint64_t end) {
    struct order *first = NULL;
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        for (uint32_t at = venue->accounts[account].oldest; at != NONE; at = venue->orders[at].younger) {
            struct order *order = &venue->orders[at];
            if (order->locate != locate || order->priority < from || order->priority >= end) continue;
            if (first != NULL && order->priority > first->priority) continue;
            struct sweep sweep = {
                .instrument = &venue->instruments[locate],
                .side = side_other(order->side),
                .price = order->price,
                .quantity = order->quantity,
                .priority_end = UINT64_MAX,
            };
            if (book_available(venue, &sweep) > 0) first = order;
        }
    }
    return first;
}

/* resume carries out the cancels that were promised and lets orders trade that history has crossed since. */
static void resume(struct venue *venue, uint32_t locate) {
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        cancel_promised(venue, account, locate);
    }
    uint64_t end = venue->priority_next;
    uint64_t from = 0;
    struct order *order;
    while ((order = crossed_first(venue, locate, from, end)) != NULL) {
        from = order->priority + 1;
        account_again(venue, order, order->price);
    }
}

/* A halt or a pause takes the accounts' orders out, with the reason that says so; before a cross (quotation
 * only) they stay where they are. */
void hours_state(struct venue *venue, uint32_t locate, char state) {
    struct instrument *instrument = &venue->instruments[locate];
    char before = instrument->state;
    instrument->state = state;
    struct selection here = {.locate = locate, .side = NONE};
    if (state == 'T' && before == 'Q') resume(venue, locate);
    if (state != 'T' && state != 'Q') cancel_every(venue, &here, 'H');
    peg_settle(venue, locate);
}
