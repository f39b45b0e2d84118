/* fault: what a test has the venue do wrong. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

int fault_strikes(struct account *account, enum venue_fault_kind kind, int64_t *amount) {
    struct armed *armed = &account->armed[kind];
    if (__builtin_expect(armed->count == 0, 1)) return 0;
    armed->count--;
    account->faults++;
    *amount = armed->amount;
    return 1;
}

static struct ouch_outbound execution(struct venue *venue, uint32_t user_ref, uint32_t quantity,
                                      uint32_t price) {
    struct ouch_outbound message = {.type = OUCH_EXECUTED};
    message.executed = (struct ouch_executed){
        .timestamp_ns = venue->now_ns,
        .user_ref = user_ref,
        .quantity = quantity,
        .price = price,
        .liquidity = 'R',
        .match_number = ACCOUNT_REFERENCE + venue->match_next++,
    };
    return message;
}

/* A cancel is reported while the order is still there: it tells whether nothing is left of it. */
static void execute_after_cancel(struct venue *venue, uint32_t index, const struct ouch_canceled *canceled) {
    struct account *account = &venue->accounts[index];
    const struct order *order = order_find(venue, account_key(index, canceled->user_ref));
    int64_t amount;
    if (order == NULL || canceled->quantity < order->quantity) return;
    if (!fault_strikes(account, VENUE_FAULT_EXECUTE_AFTER_CANCEL, &amount)) return;
    struct ouch_outbound message = execution(venue, canceled->user_ref, canceled->quantity, order->price);
    record_append(&account->log, NULL, 0, &message);
}

void fault_session(struct venue *venue, uint32_t index, const struct ouch_outbound *message) {
    struct account *account = &venue->accounts[index];
    int64_t amount;
    if (message->type == OUCH_EXECUTED && fault_strikes(account, VENUE_FAULT_SWALLOW_EXECUTION, &amount))
        return;
    record_append(&account->log, NULL, 0, message);
    if (fault_strikes(account, VENUE_FAULT_DUPLICATE_MESSAGE, &amount)) {
        record_append(&account->log, NULL, 0, message);
    }
    if (message->type == OUCH_ACCEPTED && fault_strikes(account, VENUE_FAULT_ACCEPT_TWICE, &amount)) {
        record_append(&account->log, NULL, 0, message);
    }
    if (message->type == OUCH_CANCELED) execute_after_cancel(venue, index, &message->canceled);
}

/* phantom writes an execution nobody made into one of the two records. */
static int phantom(struct venue *venue, const struct venue_fault *fault) {
    struct account *account = &venue->accounts[fault->account];
    uint32_t user_ref = fault->user_ref != 0 ? fault->user_ref : account->accepted_last;
    const struct order *order = order_find(venue, account_key(fault->account, user_ref));
    uint32_t price = fault->price == 0 && order != NULL ? order->price : fault->price;
    if (user_ref == 0 || fault->quantity == 0 || price == 0) return ERROR_ARGUMENT;
    struct ouch_outbound message = execution(venue, user_ref, fault->quantity, price);
    if (fault->kind == VENUE_FAULT_PHANTOM_EXECUTION) {
        record_append(&account->log, NULL, 0, &message);
    } else {
        record_append(&venue->drop_copy, account->firm, sizeof account->firm, &message);
    }
    account->faults++;
    return ERROR_NONE;
}

static struct fill *fill_at(const struct venue *venue, size_t index) {
    return (struct fill *)(void *)venue->fills.data + index;
}

/* match_last is the match number of the account's last trade that stands; 0 when there is none. */
static uint64_t match_last(const struct venue *venue, uint32_t account) {
    for (size_t at = venue->fills.size / sizeof(struct fill); at-- > 0;) {
        const struct fill *fill = fill_at(venue, at);
        if (fill->account == account && !fill->broken) return fill->match;
    }
    return 0;
}

static void fill_break(struct venue *venue, struct fill *fill) {
    fill->broken = 1;
    holding_undo(&venue->accounts[fill->account].holdings[fill->locate], fill->side, fill->quantity,
                 fill->price, fill->fee);
    report_broken(venue, fill);
}

static int break_trade(struct venue *venue, const struct venue_fault *fault) {
    uint64_t match = fault->match != 0 ? fault->match : match_last(venue, fault->account);
    struct fill *sides[2] = {NULL, NULL};
    size_t count = 0;
    for (size_t at = venue->fills.size / sizeof(struct fill); match != 0 && at-- > 0 && count < 2;) {
        struct fill *fill = fill_at(venue, at);
        if (fill->match == match && !fill->broken) sides[count++] = fill;
    }
    if (count == 0) return ERROR_ARGUMENT;
    stream_broken(venue, sides[0]->locate, match);
    if (count == 1) {
        holding_undo(&venue->street, side_other(sides[0]->side), sides[0]->quantity, sides[0]->price, 0);
    }
    for (size_t side = 0; side < count; side++) fill_break(venue, sides[side]);
    venue->counters[VENUE_COUNT_BROKEN]++;
    return ERROR_NONE;
}

int venue_fault(struct venue *venue, const struct venue_fault *fault, uint64_t now_ns) {
    if (fault->account >= venue->config.account_count) return ERROR_ARGUMENT;
    hours_advance(venue, now_ns);
    if (fault->kind < VENUE_FAULT_ARMED_COUNT) {
        venue->accounts[fault->account].armed[fault->kind] =
            (struct armed){.count = fault->count, .amount = fault->amount};
        return ERROR_NONE;
    }
    switch (fault->kind) {
    case VENUE_FAULT_PHANTOM_EXECUTION:
    case VENUE_FAULT_DROP_COPY_PHANTOM_EXECUTION: return phantom(venue, fault);
    case VENUE_FAULT_BREAK_TRADE: return break_trade(venue, fault);
    default: return ERROR_ARGUMENT;
    }
}
