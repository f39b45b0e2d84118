/* drop_copy: every account's order events a second time, written from the event itself and not from the
 * account's log, so that what one of them got wrong the other shows. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

static bool about_an_order(const struct ouch_outbound *message) {
    return memchr("AUCDEBJMRTPI", message->type, 12) != NULL;
}

void drop_copy_append(struct venue *venue, uint32_t index, const struct ouch_outbound *original) {
    if (!about_an_order(original)) return;
    struct account *account = &venue->accounts[index];
    struct ouch_outbound message = *original;
    int64_t amount;
    if (message.type == OUCH_EXECUTED) {
        if (fault_strikes(account, VENUE_FAULT_DROP_COPY_SWALLOW_EXECUTION, &amount)) return;
        if (fault_strikes(account, VENUE_FAULT_DROP_COPY_WRONG_PRICE, &amount)) {
            message.executed.price += (uint64_t)amount;
        }
        if (fault_strikes(account, VENUE_FAULT_DROP_COPY_WRONG_QUANTITY, &amount)) {
            message.executed.quantity += (uint32_t)amount;
        }
    }
    record_append(&venue->drop_copy, account->firm, sizeof account->firm, &message);
    if (!fault_strikes(account, VENUE_FAULT_DROP_COPY_DUPLICATE_MESSAGE, &amount)) return;
    record_append(&venue->drop_copy, account->firm, sizeof account->firm, &message);
}

const uint8_t *venue_drop_copy(const struct venue *venue) {
    return venue->drop_copy.packets.data;
}

uint64_t venue_drop_copy_count(const struct venue *venue) {
    return record_count(&venue->drop_copy);
}

uint64_t venue_drop_copy_offset(const struct venue *venue, uint64_t sequence) {
    return record_offset(&venue->drop_copy, sequence);
}
