/* order_table_apply: what the venue says, applied to the orders.  The venue's word is a fact, so nothing it
 * says is lost: an execution counts whatever state the order is in.  What no order state allows is counted as
 * illegal, and applied only in the direction that cannot understate what may still trade or has traded. */
#include "execution/order_table.h"
#include "tickwire/codec_ouch.h"

#include <string.h>

static uint16_t instrument_of(const struct order_table *table, const char symbol[8]) {
    for (uint32_t i = 0; i < table->instrument_count; i++)
        if (memcmp(table->instruments[i].symbol, symbol, 8) == 0) return (uint16_t)i;
    return INSTRUMENT_NONE;
}

static uint8_t side_of(char side) {
    switch (side) {
    case 'B': return SIDE_BUY;
    case 'S':
    case 'T':
    case 'E': return SIDE_SELL;
    default: return SIDE_NONE;
    }
}

static uint32_t add_saturating(uint32_t a, uint32_t b) {
    uint32_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT32_MAX : sum;
}

/* The slot of the order a message is about.  One nobody has described yet is claimed, so that what happens to
 * it is not forgotten when its description comes; ENTRY_NONE when there is no room or the reference is none.
 */
static uint32_t slot_of(struct order_table *table, uint32_t user_ref) {
    if (user_ref == 0) {
        table->counts.illegal++;
        return ENTRY_NONE;
    }
    uint32_t slot = order_table_claim(table, user_ref);
    if (slot == ENTRY_NONE) {
        table->counts.full++;
        return ENTRY_NONE;
    }
    struct order_entry *entry = &table->entries[slot];
    entry->flags &= (uint8_t)~ENTRY_SETTLING; /* whatever we had concluded, the venue knows it */
    if (entry->state == ORDER_NONE) {
        table->counts.unknown++;
        if (entry->order_id == 0) entry->order_id = table->epoch << 32 | user_ref;
    }
    return slot;
}

/* Shares that left an open order, or one nobody has described. */
static void take(struct order_table *table, uint32_t slot, uint32_t quantity, enum order_state final) {
    struct order_entry *entry = &table->entries[slot];
    int answered = (entry->flags & ENTRY_ANSWERED) != 0;
    if (!order_is_open(entry->state) || !answered || quantity > entry->leaves) table->counts.illegal++;
    entry->gone = add_saturating(entry->gone, quantity);
    entry->leaves -= quantity < entry->leaves ? quantity : entry->leaves;
    if (order_is_open(entry->state) && entry->leaves == 0) order_table_finish(table, slot, final);
}

/* An order's state once the venue has described it, early executions and cancels counted. */
static void settle_state(struct order_table *table, uint32_t slot, uint8_t before, char venue_state) {
    struct order_entry *entry = &table->entries[slot];
    uint32_t leaves = entry->quantity > entry->gone ? entry->quantity - entry->gone : 0;
    if (before == ORDER_REPLACED) return; /* its successor was reported first */
    if (leaves > 0 && venue_state != 'D') {
        order_table_open(table, slot, ORDER_LIVE);
        entry->leaves = leaves;
    } else {
        int final = before == ORDER_FILLED || before == ORDER_CANCELED;
        order_table_finish(table, slot,
                           final         ? (enum order_state)before
                           : leaves == 0 ? ORDER_FILLED
                                         : ORDER_CANCELED);
    }
}

/* The order that message's one takes the place of; legal while it was open. */
static void retire_target(struct order_table *table, uint32_t user_ref, struct execution_report *report) {
    uint32_t slot = order_table_find(table, user_ref);
    report->target_order_id = table->epoch << 32 | user_ref;
    if (slot == ENTRY_NONE || table->entries[slot].state == ORDER_NONE) {
        table->counts.illegal++;
        return;
    }
    report->target_order_id = table->entries[slot].order_id;
    if (order_is_open(table->entries[slot].state))
        order_table_finish(table, slot, ORDER_REPLACED);
    else
        table->counts.illegal++; /* it had been filled or canceled: the new order lives all the same */
}

static int apply_accepted(struct order_table *table, const struct ouch_accepted *accepted, int replaced,
                          uint64_t now_ns, struct execution_report *report) {
    uint32_t slot = slot_of(table, accepted->user_ref);
    if (slot == ENTRY_NONE) return 0;
    struct order_entry *entry = &table->entries[slot];
    uint8_t before = entry->state;
    int again = (entry->flags & ENTRY_ANSWERED) != 0;
    int itself = replaced && accepted->original_user_ref == accepted->user_ref;
    if (again || itself) {
        table->counts.illegal++;
        if (itself || before != ORDER_REJECTED)
            return 0; /* rejected, now alive: safer to believe that it lives */
    }
    if (before == ORDER_NONE) {
        entry->instrument = instrument_of(table, accepted->symbol);
        entry->side = side_of(accepted->side);
        entry->time_in_force = accepted->time_in_force == '3' ? TIF_IOC : TIF_DAY;
    }
    entry->quantity = accepted->quantity;
    entry->price = (int64_t)accepted->price;
    entry->order_reference = accepted->order_reference;
    entry->flags |= ENTRY_ANSWERED;
    uint64_t target_order_id = 0;
    if (replaced) {
        order_table_detach(table, slot);
        retire_target(table, accepted->original_user_ref, report);
        target_order_id = report->target_order_id;
    }
    settle_state(table, slot, before, accepted->order_state);
    order_table_describe(entry, now_ns, report);
    report->kind = replaced ? REPORT_REPLACED : REPORT_ACCEPTED;
    report->target_order_id = target_order_id;
    report->venue_ns = accepted->timestamp_ns;
    return 1;
}

static int apply_executed(struct order_table *table, const struct ouch_executed *executed, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = slot_of(table, executed->user_ref);
    if (slot == ENTRY_NONE) return 0;
    if (executed->quantity == 0) {
        table->counts.illegal++;
        return 0;
    }
    take(table, slot, executed->quantity, ORDER_FILLED);
    order_table_describe(&table->entries[slot], now_ns, report);
    report->kind = REPORT_EXECUTED;
    report->quantity = executed->quantity;
    report->price = (int64_t)executed->price;
    report->match_number = executed->match_number;
    report->liquidity = (uint8_t)executed->liquidity;
    report->venue_ns = executed->timestamp_ns;
    return 1;
}

static int apply_canceled(struct order_table *table, const struct ouch_canceled *canceled, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = slot_of(table, canceled->user_ref);
    if (slot == ENTRY_NONE) return 0;
    struct order_entry *entry = &table->entries[slot];
    int final = !order_is_open(entry->state) && entry->state != ORDER_NONE;
    if (final || canceled->quantity == 0) { /* nothing is left that could be taken off */
        table->counts.illegal++;
        return 0;
    }
    take(table, slot, canceled->quantity, ORDER_CANCELED);
    order_table_describe(entry, now_ns, report);
    report->kind = REPORT_CANCELED;
    report->quantity = canceled->quantity;
    report->reason = (uint8_t)canceled->reason;
    report->venue_ns = canceled->timestamp_ns;
    return 1;
}

static int apply_rejected(struct order_table *table, const struct ouch_rejected *rejected, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = slot_of(table, rejected->user_ref);
    if (slot == ENTRY_NONE) return 0;
    struct order_entry *entry = &table->entries[slot];
    if (entry->flags & ENTRY_ANSWERED || (entry->state != ORDER_SENT && entry->state != ORDER_NONE)) {
        table->counts.illegal++; /* it was accepted: go on counting it */
        return 0;
    }
    if (entry->gone > 0) table->counts.illegal++;
    entry->flags |= ENTRY_ANSWERED;
    order_table_finish(table, slot, ORDER_REJECTED);
    order_table_describe(entry, now_ns, report);
    report->kind = REPORT_REJECTED;
    report->reason = (uint8_t)(rejected->reason > UINT8_MAX ? UINT8_MAX : rejected->reason);
    report->venue_ns = rejected->timestamp_ns;
    return 1;
}

static int apply_broken(struct order_table *table, const struct ouch_broken_trade *broken, uint64_t now_ns,
                        struct execution_report *report) {
    uint32_t slot = slot_of(table, broken->user_ref);
    if (slot == ENTRY_NONE) return 0;
    const struct order_entry *entry = &table->entries[slot];
    if (entry->gone == 0)
        table->counts.illegal++; /* a trade of an order that had none: its holder must look */
    order_table_describe(entry, now_ns, report);
    report->kind = REPORT_BROKEN;
    report->match_number = broken->match_number;
    report->reason = (uint8_t)broken->reason;
    report->venue_ns = broken->timestamp_ns;
    return 1;
}

/* Messages that only an open order can receive: the slot, or ENTRY_NONE when it is not. */
static uint32_t open_slot_of(struct order_table *table, uint32_t user_ref) {
    uint32_t slot = slot_of(table, user_ref);
    if (slot == ENTRY_NONE) return ENTRY_NONE;
    if (order_is_open(table->entries[slot].state)) return slot;
    table->counts.illegal++;
    return ENTRY_NONE;
}

static int report_change(struct order_table *table, uint32_t slot, enum report_kind kind, uint64_t venue_ns,
                         uint64_t now_ns, struct execution_report *report) {
    order_table_describe(&table->entries[slot], now_ns, report);
    report->kind = (uint8_t)kind;
    report->venue_ns = venue_ns;
    return 1;
}

static int apply_notice(struct order_table *table, const struct ouch_notice *notice, enum report_kind kind,
                        uint64_t now_ns, struct execution_report *report) {
    uint32_t slot = open_slot_of(table, notice->user_ref);
    return slot == ENTRY_NONE ? 0 : report_change(table, slot, kind, notice->timestamp_ns, now_ns, report);
}

static int apply_priority(struct order_table *table, const struct ouch_priority_update *update,
                          uint64_t now_ns, struct execution_report *report) {
    uint32_t slot = open_slot_of(table, update->user_ref);
    if (slot == ENTRY_NONE) return 0;
    table->entries[slot].price = (int64_t)update->price;
    table->entries[slot].order_reference = update->order_reference;
    return report_change(table, slot, REPORT_RESTATED, update->timestamp_ns, now_ns, report);
}

/* quantity is what is left open.  More than was left is not believed: nobody asked for it. */
static int apply_modified(struct order_table *table, const struct ouch_modified *modified, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = open_slot_of(table, modified->user_ref);
    if (slot == ENTRY_NONE) return 0;
    struct order_entry *entry = &table->entries[slot];
    if (modified->quantity > entry->leaves || side_of(modified->side) != entry->side) {
        table->counts.illegal++;
        return 0;
    }
    entry->gone = add_saturating(entry->gone, entry->leaves - modified->quantity);
    entry->leaves = modified->quantity;
    if (entry->leaves == 0) order_table_finish(table, slot, ORDER_CANCELED);
    return report_change(table, slot, REPORT_RESTATED, modified->timestamp_ns, now_ns, report);
}

static int apply_restated(struct order_table *table, const struct ouch_restated *restated, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = open_slot_of(table, restated->user_ref);
    if (slot == ENTRY_NONE) return 0;
    report_change(table, slot, REPORT_RESTATED, restated->timestamp_ns, now_ns, report);
    report->reason = (uint8_t)restated->reason;
    return 1;
}

static int apply_message(struct order_table *table, const struct ouch_outbound *message, uint64_t now_ns,
                         struct execution_report *report) {
    switch ((enum ouch_outbound_type)message->type) {
    case OUCH_ACCEPTED: return apply_accepted(table, &message->accepted, 0, now_ns, report);
    case OUCH_REPLACED: return apply_accepted(table, &message->replaced, 1, now_ns, report);
    case OUCH_EXECUTED: return apply_executed(table, &message->executed, now_ns, report);
    case OUCH_CANCELED: return apply_canceled(table, &message->canceled, now_ns, report);
    case OUCH_AIQ_CANCELED: {
        const struct ouch_aiq_canceled *aiq = &message->aiq_canceled;
        const struct ouch_canceled canceled = {.timestamp_ns = aiq->timestamp_ns,
                                               .user_ref = aiq->user_ref,
                                               .quantity = aiq->quantity,
                                               .reason = aiq->reason};
        return apply_canceled(table, &canceled, now_ns, report);
    }
    case OUCH_REJECTED: return apply_rejected(table, &message->rejected, now_ns, report);
    case OUCH_BROKEN_TRADE: return apply_broken(table, &message->broken_trade, now_ns, report);
    case OUCH_CANCEL_PENDING:
        return apply_notice(table, &message->cancel_pending, REPORT_CANCEL_PENDING, now_ns, report);
    case OUCH_CANCEL_REJECTED:
        return apply_notice(table, &message->cancel_rejected, REPORT_CANCEL_REJECTED, now_ns, report);
    case OUCH_PRIORITY_UPDATE: return apply_priority(table, &message->priority_update, now_ns, report);
    case OUCH_MODIFIED: return apply_modified(table, &message->modified, now_ns, report);
    case OUCH_RESTATED: return apply_restated(table, &message->restated, now_ns, report);
    case OUCH_SYSTEM_EVENT:
    case OUCH_MASS_CANCEL_RESPONSE: /* each order it cancels is reported canceled as well */
    case OUCH_DISABLE_RESPONSE:
    case OUCH_ENABLE_RESPONSE:
    case OUCH_ACCOUNT_QUERY_RESPONSE: return 0;
    }
    return 0;
}

int order_table_apply(struct order_table *table, const uint8_t *data, size_t size, uint64_t sequence,
                      uint64_t now_ns, struct execution_report *report) {
    if (sequence <= table->sequence) {
        table->counts.duplicates++;
        return 0;
    }
    struct ouch_outbound message;
    int decoded = ouch_decode_outbound(data, size, &message);
    if (decoded < 0) return decoded;
    table->sequence = sequence;
    int made = apply_message(table, &message, now_ns, report);
    if (made) report->sequence = sequence;
    return made;
}
