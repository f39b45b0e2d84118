/* report: what accounts are told.  A log is kept as the SoupBinTCP packets that carry it, so that sending and
 * replaying are the same thing: bytes from a place on. */
#include <string.h>

#include "codec/soup_inline.h"
#include "venue/engine.h"

void report_append(struct venue *venue, uint32_t index, const struct ouch_outbound *message) {
    struct account *account = &venue->accounts[index];
    size_t start = account->log.size;
    uint8_t *at = vector_extend(&account->log, SOUP_HEADER_SIZE + OUCH_MESSAGE_MAX);
    int size = ouch_encode_outbound(message, at + SOUP_HEADER_SIZE, OUCH_MESSAGE_MAX);
    if (size <
        0) { /* only an appendage could be too long, and it came in with a message no longer than this */
        account->log.size = start;
        return;
    }
    account->log.size = start + soup_frame(at, SOUP_SEQUENCED, (uint32_t)size);
    uint64_t offset = start;
    memcpy(vector_extend(&account->log_offsets, sizeof offset), &offset, sizeof offset);
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
