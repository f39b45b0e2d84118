/* execution_command: what people and stewards ask for.  Every command is safe at any moment, twice, and when
 * what it names is long gone: then it is counted and nothing else. */
#include "execution/execution.h"

#include "codec/soup_inline.h"

#include <string.h>

#define MASS_CANCEL_PATIENCE_NS 1000000000 /* then what is still open is canceled order by order */

static int filter_scope(const struct execution *execution, uint64_t scope, uint64_t index,
                        struct order_filter *filter) {
    *filter = (struct order_filter){0};
    switch (scope) {
    case STOP_FIRM: filter->all = 1; return index == 0;
    case STOP_VENUE: filter->all = 1; return index == execution->config.venue;
    case STOP_ACCOUNT: filter->accounts = index < ACCOUNT_COUNT_MAX ? 1U << index : 0; break;
    case STOP_STRATEGY: filter->strategies = index < STRATEGY_COUNT_MAX ? 1U << index : 0; break;
    case STOP_INSTRUMENT:
        if (index >= execution->config.instrument_count) return 0;
        filter->instruments[index / 64] = 1ULL << index % 64;
        return 1;
    default: return 0;
    }
    return filter->accounts != 0 || filter->strategies != 0;
}

/* send_mass_cancel queues the message for the next flush; 0, or an error when it cannot be sent. */
static int send_mass_cancel(struct execution *execution, uint64_t instrument, uint64_t now_ns) {
    struct ouch_inbound message = {.type = OUCH_MASS_CANCEL};
    struct ouch_mass_cancel *cancel = &message.mass_cancel;
    uint8_t packet[SOUP_HEADER_SIZE + OUCH_MESSAGE_MAX];
    int offered = (execution->config.order_types & OFFER_MASS_CANCEL) != 0;
    if (!offered || !execution_is_usable(execution)) return ERROR_UNSUPPORTED;
    if (execution->user_ref_last == UINT32_MAX) return ERROR_FULL;
    cancel->user_ref = execution->user_ref_last + 1;
    memcpy(cancel->firm, execution->firm_name, sizeof cancel->firm);
    memset(cancel->symbol, ' ', sizeof cancel->symbol);
    if (instrument < execution->config.instrument_count)
        memcpy(cancel->symbol, execution->config.instruments[instrument].symbol, sizeof cancel->symbol);
    int size = ouch_encode_inbound(&message, packet + SOUP_HEADER_SIZE, OUCH_MESSAGE_MAX);
    if (size < 0) return size;
    int spent = order_table_spend(execution->table, cancel->user_ref);
    if (spent < 0) return spent;
    int queued =
        session_append(execution->session, packet, soup_frame(packet, SOUP_UNSEQUENCED, (uint32_t)size));
    if (queued < 0) return queued; /* the number stays spent: it is not missed */
    execution_note_user_ref(execution, cancel->user_ref);
    execution_count(execution, EXECUTION_COUNT_MASS_CANCELS);
    (void)execution_hot_flush(execution, now_ns);
    execution->poll_next_ns = 0; /* an answer is near */
    return ERROR_NONE;
}

/* A venue without Mass Cancel, or a moment at which none can be sent, gets one cancel an order. */
static int mass_cancel(struct execution *execution, uint64_t instrument, uint64_t now_ns) {
    struct order_filter filter = {.all = instrument == UINT64_MAX};
    if (!filter.all && !filter_scope(execution, STOP_INSTRUMENT, instrument, &filter)) return 0;
    uint64_t refusals = execution->table->counts.mass_refusals;
    if (send_mass_cancel(execution, instrument, now_ns) < 0) {
        (void)order_table_mark(execution->table, &filter);
        return 1;
    }
    filter.user_ref_end = execution->user_ref_last; /* not those that leave after it */
    if (execution->mass_cancel.due_ns)
        (void)order_table_mark(execution->table, &execution->mass_cancel.filter);
    execution->mass_cancel = (struct execution_mass_cancel){
        .filter = filter, .refusals = refusals, .due_ns = now_ns + MASS_CANCEL_PATIENCE_NS};
    return 1;
}

static int obey(struct execution *execution, const struct command *command, uint64_t now_ns) {
    struct order_filter filter = {.all = 1};
    switch ((enum execution_command)command->kind) {
    case EXECUTION_LOGOUT: session_logout(execution->session, now_ns); return 1;
    case EXECUTION_LOGIN: session_login(execution->session, now_ns); return 1;
    case EXECUTION_RESYNC: session_resync(execution->session); return 1;
    case EXECUTION_CANCEL: return order_table_mark_one(execution->table, command->argument[0]);
    case EXECUTION_CANCEL_SCOPE:
        if (!filter_scope(execution, command->argument[0], command->argument[1], &filter)) return 0;
        (void)order_table_mark(execution->table, &filter);
        return 1;
    case EXECUTION_MASS_CANCEL: return mass_cancel(execution, command->argument[0], now_ns);
    case EXECUTION_CANCEL_ALL: (void)order_table_mark(execution->table, &filter); return 1;
    }
    return 0;
}

void execution_commands(struct execution *execution, uint64_t now_ns) {
    const struct command *command;
    while ((command = ring_peek(&execution->commands)) != NULL) {
        if (!obey(execution, command, now_ns)) execution_count(execution, EXECUTION_COUNT_COMMANDS_STALE);
        ring_release(&execution->commands);
    }
}
