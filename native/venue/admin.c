/* admin: OUCH messages about no order of their own. */
#include <stdbool.h>
#include <string.h>

#include "venue/engine.h"

static const char BLANK[8] = "        ";

/* firm_matches takes a blank firm for the account's own. */
static bool firm_matches(const struct venue *venue, uint32_t account, const char *firm) {
    return memcmp(firm, BLANK, 4) == 0 || memcmp(firm, venue->accounts[account].firm, 4) == 0;
}

void admin_mass_cancel(struct venue *venue, uint32_t account, const struct ouch_inbound *message) {
    const struct ouch_mass_cancel *request = &message->mass_cancel;
    if (!account_claim(venue, account, request->user_ref)) return;
    uint32_t locate = NONE;
    if (memcmp(request->symbol, BLANK, sizeof BLANK) != 0) {
        uint64_t symbol;
        memcpy(&symbol, request->symbol, sizeof symbol);
        locate = table_find(&venue->symbols, symbol);
        if (locate == TABLE_NONE) {
            report_rejected(venue, account, request->user_ref, OUCH_REJECT_INVALID_SYMBOL, NULL);
            return;
        }
    }
    if (!firm_matches(venue, account, request->firm)) {
        report_rejected(venue, account, request->user_ref, OUCH_REJECT_FIRM_NOT_AUTHORIZED, NULL);
        return;
    }
    struct selection selection = {.locate = locate, .side = NONE};
    struct ouch_option option;
    if (ouch_option_find(&message->appendage, OUCH_TAG_SIDE, &option)) {
        selection.side = option.value[0] == 'B' ? SIDE_BUY : SIDE_SELL;
    }
    struct ouch_outbound answer = {.type = OUCH_MASS_CANCEL_RESPONSE, .appendage = message->appendage};
    answer.mass_cancel_response.timestamp_ns = venue->now_ns;
    answer.mass_cancel_response.user_ref = request->user_ref;
    memcpy(answer.mass_cancel_response.firm, request->firm, sizeof request->firm);
    memcpy(answer.mass_cancel_response.symbol, request->symbol, sizeof request->symbol);
    report_append(venue, account, &answer);
    change_cancel_where(venue, account, &selection);
    peg_settle(venue, locate);
}

void admin_order_entry(struct venue *venue, uint32_t account, const struct ouch_inbound *message) {
    bool disable = message->type == OUCH_DISABLE;
    const struct ouch_order_entry *request = disable ? &message->disable : &message->enable;
    if (!account_claim(venue, account, request->user_ref)) return;
    if (!firm_matches(venue, account, request->firm)) {
        report_rejected(venue, account, request->user_ref, OUCH_REJECT_FIRM_NOT_AUTHORIZED, NULL);
        return;
    }
    venue->accounts[account].disabled = disable;
    struct ouch_outbound answer = {.appendage = message->appendage};
    struct ouch_order_entry_response response = {.timestamp_ns = venue->now_ns,
                                                 .user_ref = request->user_ref};
    memcpy(response.firm, request->firm, sizeof request->firm);
    if (disable) {
        answer.type = OUCH_DISABLE_RESPONSE;
        answer.disable_response = response;
    } else {
        answer.type = OUCH_ENABLE_RESPONSE;
        answer.enable_response = response;
    }
    report_append(venue, account, &answer);
}

void admin_query(struct venue *venue, uint32_t account) {
    struct ouch_outbound answer = {.type = OUCH_ACCOUNT_QUERY_RESPONSE};
    answer.account_query_response.timestamp_ns = venue->now_ns;
    answer.account_query_response.next_user_ref = venue->accounts[account].user_ref_last + 1;
    report_append(venue, account, &answer);
}
