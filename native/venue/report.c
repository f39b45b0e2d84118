/* report: what accounts are told.  A record is kept as the SoupBinTCP packets that carry it, so that sending
 * and replaying are the same thing: bytes from a place on. */
#include <string.h>

#include "codec/soup_inline.h"
#include "venue/engine.h"

void record_append(struct record *record, const char *prefix, size_t prefix_size,
                   const struct ouch_outbound *message) {
    size_t start = record->packets.size;
    uint8_t *at = vector_extend(&record->packets, SOUP_HEADER_SIZE + prefix_size + OUCH_MESSAGE_MAX);
    if (prefix_size > 0) memcpy(at + SOUP_HEADER_SIZE, prefix, prefix_size);
    int size = ouch_encode_outbound(message, at + SOUP_HEADER_SIZE + prefix_size, OUCH_MESSAGE_MAX);
    if (size <
        0) { /* only an appendage could be too long, and it came in with a message no longer than this */
        record->packets.size = start;
        return;
    }
    record->packets.size = start + soup_frame(at, SOUP_SEQUENCED, (uint32_t)(prefix_size + (size_t)size));
    uint64_t offset = start;
    memcpy(vector_extend(&record->offsets, sizeof offset), &offset, sizeof offset);
}

uint64_t record_count(const struct record *record) {
    return record->offsets.size / sizeof(uint64_t);
}

uint64_t record_offset(const struct record *record, uint64_t sequence) {
    if (sequence == 0) return 0;
    if (sequence > record_count(record)) return record->packets.size;
    uint64_t offset;
    memcpy(&offset, record->offsets.data + (sequence - 1) * sizeof offset, sizeof offset);
    return offset;
}

void record_close(struct record *record) {
    vector_close(&record->packets);
    vector_close(&record->offsets);
}

void report_append(struct venue *venue, uint32_t account, const struct ouch_outbound *message) {
    fault_session(venue, account, message);
    drop_copy_append(venue, account, message);
}

void report_event(struct venue *venue, uint32_t account, char event) {
    struct ouch_outbound message = {.type = OUCH_SYSTEM_EVENT};
    message.system_event = (struct ouch_system_event){.timestamp_ns = venue->now_ns, .event_code = event};
    report_append(venue, account, &message);
}

void report_executed(struct venue *venue, const struct order *order, uint32_t quantity, uint32_t price,
                     char liquidity, uint64_t match) {
    struct ouch_outbound message = {.type = OUCH_EXECUTED};
    message.executed = (struct ouch_executed){
        .timestamp_ns = venue->now_ns,
        .user_ref = order->user_ref,
        .quantity = quantity,
        .price = price,
        .liquidity = liquidity,
        .match_number = match,
    };
    report_append(venue, order->account, &message);
}

void report_canceled(struct venue *venue, const struct order *order, uint32_t quantity, char reason) {
    struct ouch_outbound message = {.type = OUCH_CANCELED};
    message.canceled = (struct ouch_canceled){
        .timestamp_ns = venue->now_ns, .user_ref = order->user_ref, .quantity = quantity, .reason = reason};
    report_append(venue, order->account, &message);
    venue->counters[VENUE_COUNT_CANCELS]++;
}

void report_rejected(struct venue *venue, uint32_t account, uint32_t user_ref, enum ouch_reject_reason reason,
                     const char *client_order_id) {
    struct ouch_outbound message = {.type = OUCH_REJECTED};
    message.rejected = (struct ouch_rejected){
        .timestamp_ns = venue->now_ns, .user_ref = user_ref, .reason = (uint16_t)reason};
    memset(message.rejected.client_order_id, ' ', sizeof message.rejected.client_order_id);
    if (client_order_id != NULL) {
        memcpy(message.rejected.client_order_id, client_order_id, sizeof message.rejected.client_order_id);
    }
    report_append(venue, account, &message);
    venue->counters[VENUE_COUNT_REJECTS]++;
}

void report_notice(struct venue *venue, const struct order *order, enum ouch_outbound_type type) {
    struct ouch_outbound message = {.type = (uint8_t)type}; /* both kinds of notice have the same fields */
    message.cancel_pending = (struct ouch_notice){.timestamp_ns = venue->now_ns, .user_ref = order->user_ref};
    report_append(venue, order->account, &message);
}

void report_refreshed(struct venue *venue, const struct order *order) {
    uint8_t options[16];
    uint16_t size = 0;
    (void)ouch_option_append_number(options, &size, sizeof options, OUCH_TAG_SECONDARY_REFERENCE,
                                    (int64_t)order->reference);
    (void)ouch_option_append_number(options, &size, sizeof options, OUCH_TAG_DISPLAY_QUANTITY, order->shown);
    struct ouch_outbound message = {
        .type = OUCH_RESTATED,
        .appendage = {.data = options, .size = size, .present = 1},
        .restated = {.timestamp_ns = venue->now_ns, .user_ref = order->user_ref, .reason = 'R'},
    };
    report_append(venue, order->account, &message);
}

void report_priority(struct venue *venue, const struct order *order) {
    struct ouch_outbound message = {.type = OUCH_PRIORITY_UPDATE};
    message.priority_update = (struct ouch_priority_update){
        .timestamp_ns = venue->now_ns,
        .user_ref = order->user_ref,
        .price = order->price,
        .display = order->display,
        .order_reference = order->reference,
    };
    report_append(venue, order->account, &message);
}

void report_broken(struct venue *venue, const struct fill *fill) {
    struct ouch_outbound message = {.type = OUCH_BROKEN_TRADE};
    message.broken_trade = (struct ouch_broken_trade){
        .timestamp_ns = venue->now_ns,
        .user_ref = fill->user_ref,
        .match_number = fill->match,
        .reason = 'E', /* erroneous */
    };
    memcpy(message.broken_trade.client_order_id, fill->client_order_id, sizeof fill->client_order_id);
    report_append(venue, fill->account, &message);
}
