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

static uint8_t short_sale_of(char side) {
    return side == 'T' ? SALE_SHORT : side == 'E' ? SALE_SHORT_EXEMPT : SALE_LONG;
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
        if (!(entry->flags & ENTRY_SPENT)) table->counts.unknown++;
        if (entry->order_id == 0) entry->order_id = order_table_adopted_id(table, user_ref);
    }
    return slot;
}

/* Shares that left an open order, or one nobody has described.  part is the event of taking some; those of
 * taking the last, and more than were left, follow it.  1 when it was applied. */
static int take(struct order_table *table, uint32_t slot, uint32_t quantity, enum order_event part) {
    struct order_entry *entry = &table->entries[slot];
    uint32_t leaves = entry->leaves;
    uint32_t beyond = quantity < leaves ? 0 : quantity == leaves ? 1 : 2;
    if (order_table_step(table, slot, (enum order_event)(part + beyond)) == ORDER_STEP_REFUSED) return 0;
    entry->gone = add_saturating(entry->gone, quantity);
    entry->leaves = order_is_open(entry->state) ? leaves - quantity : 0;
    return 1;
}

/* The order that message's one takes the place of; legal while it was open. */
static void retire_target(struct order_table *table, uint32_t user_ref, struct execution_report *report) {
    uint32_t slot = order_table_find(table, user_ref);
    report->target_order_id = order_table_adopted_id(table, user_ref);
    if (slot == ENTRY_NONE || table->entries[slot].order_id == 0) {
        table->counts.illegal++;
        return;
    }
    report->target_order_id = table->entries[slot].order_id;
    (void)order_table_step(table, slot, ORDER_EVENT_RETIRE);
}

static uint8_t order_type_of(char price_type, uint64_t price) {
    switch (price_type) {
    case 'R': return ORDER_TYPE_PEG_PRIMARY;
    case 'P': return ORDER_TYPE_PEG_MARKET;
    case 'M': return ORDER_TYPE_PEG_MIDPOINT;
    default: return price == OUCH_PRICE_MARKET ? ORDER_TYPE_MARKET : ORDER_TYPE_LIMIT;
    }
}

static uint32_t number_of(const struct ouch_appendage *appendage, uint8_t tag) {
    struct ouch_option option;
    return ouch_option_find(appendage, tag, &option) ? (uint32_t)ouch_option_number(&option) : 0;
}

static char letter_of(const struct ouch_appendage *appendage, uint8_t tag) {
    struct ouch_option option;
    return ouch_option_find(appendage, tag, &option) ? (char)option.value[0] : '\0';
}

static void adopt_owner(struct order_terms *terms, const char client_order_id[14]) {
    struct order_owner owner;
    if (client_order_id_read(client_order_id, &owner) < 0) return;
    terms->tick = owner.tick;
    terms->strategy = (uint8_t)owner.strategy;
    terms->account = owner.account;
    terms->trader = owner.trader;
}

/* Ours is positive towards the other side; OUCH adds its own to the price, whatever the side. */
static int32_t peg_offset_of(uint8_t side, int32_t wire) {
    return side == SIDE_SELL && wire != INT32_MIN ? -wire : wire;
}

/* adopt takes the venue's word for what an order asks for that this life did not send. */
static void adopt(const struct order_table *table, struct order_terms *terms,
                  const struct ouch_accepted *accepted, const struct ouch_appendage *appendage) {
    terms->instrument = instrument_of(table, accepted->symbol);
    terms->side = side_of(accepted->side);
    terms->short_sale = short_sale_of(accepted->side);
    terms->time_in_force = accepted->time_in_force == '3'   ? TIF_IOC
                           : accepted->time_in_force == '5' ? TIF_EXTENDED
                                                            : TIF_DAY;
    terms->display = accepted->display == 'N' ? DISPLAY_HIDDEN : DISPLAY_VISIBLE;
    terms->order_type = order_type_of(letter_of(appendage, OUCH_TAG_PRICE_TYPE), accepted->price);
    terms->display_quantity = number_of(appendage, OUCH_TAG_MAX_FLOOR);
    terms->minimum_quantity = number_of(appendage, OUCH_TAG_MIN_QUANTITY);
    terms->peg_offset = peg_offset_of(terms->side, (int32_t)number_of(appendage, OUCH_TAG_PEG_OFFSET));
    if (letter_of(appendage, OUCH_TAG_POST_ONLY) == 'P') terms->order_flags |= ORDER_POST_ONLY;
    if (accepted->intermarket_sweep == 'Y') terms->order_flags |= ORDER_SWEEP;
    adopt_owner(terms, accepted->client_order_id);
}

/* What becomes of an order that the venue describes, early executions and cancels counted. */
static enum order_event description_of(const struct ouch_accepted *accepted, uint32_t leaves) {
    if (leaves == 0) return ORDER_EVENT_ACCEPT_DONE;
    return accepted->order_state == 'D' ? ORDER_EVENT_ACCEPT_DEAD : ORDER_EVENT_ACCEPT_LIVE;
}

static int apply_accepted(struct order_table *table, const struct ouch_outbound *message, int replaced,
                          uint64_t now_ns, struct execution_report *report) {
    const struct ouch_accepted *accepted = &message->accepted;
    uint32_t slot = slot_of(table, accepted->user_ref);
    if (slot == ENTRY_NONE) return 0;
    struct order_entry *entry = &table->entries[slot];
    uint8_t before = entry->state;
    if (replaced && accepted->original_user_ref == accepted->user_ref) { /* nothing replaces itself */
        table->counts.illegal++;
        return 0;
    }
    uint32_t leaves = accepted->quantity > entry->gone ? accepted->quantity - entry->gone : 0;
    if (replaced) order_table_detach(table, slot);
    if (order_table_step(table, slot, description_of(accepted, leaves)) == ORDER_STEP_REFUSED) return 0;
    if (before == ORDER_NONE) adopt(table, &entry->terms, accepted, &message->appendage);
    entry->flags |= ENTRY_ANSWERED;
    entry->quantity = accepted->quantity;
    entry->price = accepted->price == OUCH_PRICE_MARKET ? entry->terms.price : (int64_t)accepted->price;
    entry->order_reference = accepted->order_reference;
    entry->leaves = order_is_open(entry->state) ? leaves : 0;
    uint64_t target_order_id = 0;
    if (replaced) {
        retire_target(table, accepted->original_user_ref, report);
        target_order_id = report->target_order_id;
    }
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
    (void)take(table, slot, executed->quantity, ORDER_EVENT_FILL_PART); /* a fact in every state */
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
    if (canceled->quantity == 0) {
        table->counts.illegal++;
        return 0;
    }
    if (!take(table, slot, canceled->quantity, ORDER_EVENT_CANCEL_PART)) return 0; /* nothing was left */
    order_table_describe(&table->entries[slot], now_ns, report);
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
    if (entry->flags & ENTRY_SPENT && entry->state == ORDER_NONE) { /* no order: our Mass Cancel */
        table->counts.mass_refusals++;
        return 0;
    }
    uint8_t before = entry->state;
    enum order_event event = entry->gone > 0 ? ORDER_EVENT_REJECT_TRADED : ORDER_EVENT_REJECT;
    if (order_table_step(table, slot, event) == ORDER_STEP_REFUSED)
        return 0; /* accepted: go on counting it */
    if (before == ORDER_NONE) adopt_owner(&entry->terms, rejected->client_order_id);
    entry->flags |= ENTRY_ANSWERED;
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
    /* a trade of an order that had none: its holder must look */
    (void)order_table_step(table, slot, entry->gone ? ORDER_EVENT_BREAK : ORDER_EVENT_BREAK_UNTRADED);
    order_table_describe(entry, now_ns, report);
    report->kind = REPORT_BROKEN;
    report->match_number = broken->match_number;
    report->reason = (uint8_t)broken->reason;
    report->venue_ns = broken->timestamp_ns;
    return 1;
}

/* Messages that only an open order can receive: the slot, or ENTRY_NONE when it is not. */
static uint32_t noticed_slot_of(struct order_table *table, uint32_t user_ref, enum order_event event) {
    uint32_t slot = slot_of(table, user_ref);
    if (slot == ENTRY_NONE) return ENTRY_NONE;
    return order_table_step(table, slot, event) == ORDER_STEP_REFUSED ? ENTRY_NONE : slot;
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
    uint32_t slot = noticed_slot_of(table, notice->user_ref, ORDER_EVENT_NOTICE);
    return slot == ENTRY_NONE ? 0 : report_change(table, slot, kind, notice->timestamp_ns, now_ns, report);
}

static int apply_priority(struct order_table *table, const struct ouch_priority_update *update,
                          uint64_t now_ns, struct execution_report *report) {
    uint32_t slot = noticed_slot_of(table, update->user_ref, ORDER_EVENT_NOTICE);
    if (slot == ENTRY_NONE) return 0;
    table->entries[slot].price = (int64_t)update->price;
    table->entries[slot].order_reference = update->order_reference;
    return report_change(table, slot, REPORT_RESTATED, update->timestamp_ns, now_ns, report);
}

/* quantity is what is left open.  More than was left is not believed: nobody asked for it. */
static int apply_modified(struct order_table *table, const struct ouch_modified *modified, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = slot_of(table, modified->user_ref);
    if (slot == ENTRY_NONE) return 0;
    struct order_entry *entry = &table->entries[slot];
    uint32_t leaves = entry->leaves;
    int wrong = modified->quantity > leaves || side_of(modified->side) != entry->terms.side;
    enum order_event event = wrong                     ? ORDER_EVENT_REDUCE_WRONG
                             : modified->quantity == 0 ? ORDER_EVENT_REDUCE_ALL
                                                       : ORDER_EVENT_REDUCE_PART;
    if (order_table_step(table, slot, event) == ORDER_STEP_REFUSED) return 0;
    entry->gone = add_saturating(entry->gone, leaves - modified->quantity);
    entry->leaves = modified->quantity;
    entry->terms.short_sale = short_sale_of(modified->side);
    return report_change(table, slot, REPORT_RESTATED, modified->timestamp_ns, now_ns, report);
}

static int apply_restated(struct order_table *table, const struct ouch_restated *restated, uint64_t now_ns,
                          struct execution_report *report) {
    uint32_t slot = noticed_slot_of(table, restated->user_ref, ORDER_EVENT_NOTICE);
    if (slot == ENTRY_NONE) return 0;
    report_change(table, slot, REPORT_RESTATED, restated->timestamp_ns, now_ns, report);
    report->reason = (uint8_t)restated->reason;
    return 1;
}

/* Each order that a Mass Cancel cancels is reported canceled as well. */
static int note_answer(struct order_table *table, uint32_t user_ref) {
    uint32_t slot = order_table_find(table, user_ref);
    if (slot != ENTRY_NONE && table->entries[slot].flags & ENTRY_SPENT) table->counts.mass_answers++;
    return 0;
}

static int apply_message(struct order_table *table, const struct ouch_outbound *message, uint64_t now_ns,
                         struct execution_report *report) {
    switch ((enum ouch_outbound_type)message->type) {
    case OUCH_ACCEPTED: return apply_accepted(table, message, 0, now_ns, report);
    case OUCH_REPLACED: return apply_accepted(table, message, 1, now_ns, report);
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
    case OUCH_MASS_CANCEL_RESPONSE: return note_answer(table, message->mass_cancel_response.user_ref);
    case OUCH_SYSTEM_EVENT:
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
