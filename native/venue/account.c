/* account: how the orders of accounts are kept, meet the book, and leave it. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

int account_claim(struct venue *venue, uint32_t account, uint32_t user_ref) {
    if (user_ref <= venue->accounts[account].user_ref_last) {
        venue->counters[VENUE_COUNT_IGNORED]++;
        return 0;
    }
    venue->accounts[account].user_ref_last = user_ref;
    return 1;
}

struct order *account_find(struct venue *venue, uint32_t account, uint32_t user_ref) {
    struct order *order = order_find(venue, account_key(account, user_ref));
    if (order == NULL) venue->counters[VENUE_COUNT_IGNORED]++;
    return order;
}

struct order *account_new(struct venue *venue, uint32_t index, uint32_t user_ref) {
    struct order *order = order_new(venue, account_key(index, user_ref));
    if (order == NULL) return NULL;
    struct account *account = &venue->accounts[index];
    order->account = (uint16_t)index;
    order->user_ref = user_ref;
    order->reference = ACCOUNT_REFERENCE + venue->reference_next++;
    order->priority = venue->priority_next++;
    order->elder = account->youngest;
    if (account->youngest == NONE) {
        account->oldest = order_index(venue, order);
    } else {
        venue->orders[account->youngest].younger = order_index(venue, order);
    }
    account->youngest = order_index(venue, order);
    account->accepted_last = user_ref;
    venue->counters[VENUE_COUNT_OPEN_ORDERS]++;
    return order;
}

void account_forget(struct venue *venue, struct order *order) {
    struct account *account = &venue->accounts[order->account];
    if (order->elder == NONE) {
        account->oldest = order->younger;
    } else {
        venue->orders[order->elder].younger = order->younger;
    }
    if (order->younger == NONE) {
        account->youngest = order->elder;
    } else {
        venue->orders[order->younger].elder = order->elder;
    }
    peg_unlink(venue, order);
    venue->counters[VENUE_COUNT_OPEN_ORDERS]--;
    order_forget(venue, order);
}

void account_take_off(struct venue *venue, struct order *order, uint32_t quantity) {
    bool over = quantity == order->quantity;
    if (over && order->shown > 0) stream_deleted(venue, order);
    uint32_t seen = order_reduce(venue, order, quantity);
    if (!over && seen > 0) stream_canceled(venue, order, seen);
    if (over) account_forget(venue, order);
}

void account_cancel(struct venue *venue, struct order *order, char reason) {
    report_canceled(venue, order, order->quantity, reason);
    account_take_off(venue, order, order->quantity);
}

int selection_has(const struct selection *selection, const struct order *order) {
    if (selection->locate != NONE && order->locate != selection->locate) return 0;
    if (selection->side != NONE && order->side != selection->side) return 0;
    return selection->time_in_force == 0 || order->time_in_force == selection->time_in_force;
}

void account_cancel_where(struct venue *venue, uint32_t account, const struct selection *selection,
                          char reason) {
    uint32_t at = venue->accounts[account].oldest;
    while (at != NONE) {
        struct order *order = &venue->orders[at];
        at = order->younger;
        if (selection_has(selection, order)) account_cancel(venue, order, reason);
    }
}

/* ---- meeting the book ---- */

static struct sweep account_sweep(struct venue *venue, struct order *order) {
    bool market = !order_pegged(order) && (order->limit == UINT32_MAX || order->limit == 0);
    return (struct sweep){
        .instrument = &venue->instruments[order->locate],
        .side = side_other(order->side),
        .price = market ? order->limit : order->price,
        .quantity = order->quantity,
        .priority_end = UINT64_MAX,
        .taker = order,
    };
}

static bool enough(const struct order *order, uint32_t available) {
    uint32_t minimum = order->minimum < order->quantity ? order->minimum : order->quantity;
    return available > 0 && available >= minimum;
}

/* stand_aside keeps an order whose minimum nobody met from standing through the displayed other side. */
static void stand_aside(struct venue *venue, struct order *order) {
    uint32_t side = side_other(order->side);
    uint32_t touch = book_touch(venue, &venue->instruments[order->locate], side, 1);
    if (touch != 0 && price_rank(order->side, order->price) > price_rank(order->side, touch)) {
        order->price = touch;
    }
}

/* rest puts what is left of an order in the book and in the public stream: false when it cannot. */
static bool rest(struct venue *venue, struct order *order, const struct order *replaced, bool traded) {
    if (order->minimum > 0) stand_aside(venue, order);
    if (order_rest(venue, order) != ERROR_NONE) return false;
    bool seen = replaced != NULL && replaced->shown > 0;
    if (seen && !traded && order->shown > 0) {
        stream_replaced(venue, replaced->reference, order);
        return true;
    }
    if (seen) stream_deleted(venue, replaced);
    if (order->shown > 0) stream_add(venue, order);
    return true;
}

static bool stays(const struct order *order) {
    return order->time_in_force != '3' &&
           (order_pegged(order) || (order->limit != UINT32_MAX && order->limit != 0));
}

void account_place(struct venue *venue, struct order *order, const struct order *replaced) {
    struct sweep sweep = account_sweep(venue, order);
    char reason = 'I';
    uint32_t traded = 0;
    if (order->post_only && book_available(venue, &sweep) > 0) {
        reason = 'G';
    } else {
        if (order->minimum == 0 || enough(order, book_available(venue, &sweep))) {
            traded = book_sweep(venue, &sweep);
        }
        if (order->quantity > 0 && stays(order) && rest(venue, order, replaced, traded > 0)) return;
    }
    if (replaced != NULL && replaced->shown > 0) stream_deleted(venue, replaced);
    if (order->quantity > 0) report_canceled(venue, order, order->quantity, reason);
    account_forget(venue, order);
}

void account_again(struct venue *venue, struct order *order, uint32_t price) {
    struct order before = *order;
    order_leave(venue, order);
    order->price = price;
    order->priority = venue->priority_next++;
    if (before.shown > 0) order->reference = ACCOUNT_REFERENCE + venue->reference_next++;
    uint64_t key = order->key;
    account_place(venue, order, &before);
    if (before.shown == 0) return;
    order = order_find(venue, key);
    if (order != NULL) report_priority(venue, order);
}
