/* execution_events: what the venue says, through the order table, onto the report ring. */
#include "execution/execution.h"

static void publish_state(struct execution *execution, enum report_kind kind, uint64_t now_ns) {
    struct execution_report report = {
        .report_ns = now_ns,
        .instrument = INSTRUMENT_NONE,
        .kind = (uint8_t)kind,
        .side = SIDE_NONE,
        .next_user_ref = kind == REPORT_LIVE ? execution->next_user_ref : 0,
        .venue = (uint8_t)execution->config.venue,
        .generation = kind == REPORT_LIVE ? execution_generation(execution) : 0,
    };
    execution_publish(execution, &report);
}

static enum execution_counter counter_of(uint8_t report_kind) {
    switch ((enum report_kind)report_kind) {
    case REPORT_ACCEPTED: return EXECUTION_COUNT_ACCEPTED;
    case REPORT_REPLACED: return EXECUTION_COUNT_REPLACED;
    case REPORT_CANCELED: return EXECUTION_COUNT_CANCELED;
    case REPORT_EXECUTED: return EXECUTION_COUNT_EXECUTED;
    case REPORT_REJECTED: return EXECUTION_COUNT_REJECTED;
    default: return EXECUTION_COUNT_OTHER;
    }
}

static void count_report(struct execution *execution, const struct execution_report *report) {
    execution_count(execution, counter_of(report->kind));
    if (report->kind == REPORT_EXECUTED)
        counter_add(execution->counters, EXECUTION_COUNT_EXECUTED_SHARES, report->quantity);
}

/* A message nobody can read, or an order nobody has room for: what we hold is unknown from here on, and only
 * the whole record could tell. */
static void apply_message(struct execution *execution, const struct session_event *event, uint64_t now_ns) {
    struct execution_report report;
    uint64_t full = execution->table->counts.full;
    int made =
        order_table_apply(execution->table, event->data, event->size, event->sequence, now_ns, &report);
    if (event->replayed)
        execution_count(execution, EXECUTION_COUNT_REPLAYED);
    else if (made == ERROR_UNSUPPORTED || made == 0)
        execution_count(execution, EXECUTION_COUNT_OTHER);
    if (made < 0 && made != ERROR_UNSUPPORTED) {
        execution_count(execution, EXECUTION_COUNT_MALFORMED);
        session_doubt(execution->session);
    }
    if (execution->table->counts.full != full) {
        session_doubt(execution->session);
        session_refuse(execution->session, now_ns);
    }
    if (made != 1) return;
    if (event->replayed)
        report.flags |= REPORT_REPLAYED;
    else
        count_report(execution, &report);
    execution_publish(execution, &report);
}

static void begin_replay(struct execution *execution, int another_session, uint64_t now_ns) {
    execution->table->epoch = control_load(&execution->control->epoch);
    order_table_reset(execution->table, another_session);
    if (another_session) execution->mass_cancel.due_ns = 0; /* numbers start over */
    execution->resync_asked =
        control_load(&execution->control->resync_requests); /* before RESET: all it answers */
    execution->reset_done = 1;
    publish_state(execution, REPORT_RESET, now_ns);
}

/* continue_user_refs: from what the venue has seen, or from what has left, whichever is later.  After the
 * last number there is comes 0, and nothing more. */
static void continue_user_refs(struct execution *execution, uint32_t venue_next) {
    uint32_t left = (uint32_t)execution->counters->value[EXECUTION_COUNT_USER_REF];
    uint32_t seen = venue_next - 1;
    execution->user_ref_last = left > seen ? left : seen;
    execution->next_user_ref = execution->user_ref_last + 1;
}

static void handle(struct execution *execution, const struct session_event *event, uint64_t now_ns) {
    switch ((enum session_event_kind)event->kind) {
    case SESSION_EVENT_RESET: begin_replay(execution, (int)event->another_session, now_ns); return;
    case SESSION_EVENT_MESSAGE: apply_message(execution, event, now_ns); return;
    case SESSION_EVENT_LIVE:
        order_table_settle_lost(execution->table);
        continue_user_refs(execution, event->next_user_ref);
        execution->live_due = 1;
        return;
    case SESSION_EVENT_DOWN:
        execution->trading = execution->live_due = 0;
        publish_state(execution, REPORT_DOWN, now_ns);
        return;
    case SESSION_EVENT_NONE: return;
    }
}

/* Orders known never to take effect go before anything newer, and before LIVE. */
static int settle_one(struct execution *execution, uint64_t now_ns) {
    struct execution_report report;
    if (!order_table_settle(execution->table, now_ns, &report)) return 0;
    execution_count(execution, EXECUTION_COUNT_NOT_SENT);
    execution_publish(execution, &report);
    return 1;
}

/* Orders of an earlier picture go before LIVE too: after it their numbers may be given to other orders. */
static int live_waits(struct execution *execution) {
    return execution->live_due && ring_peek(&execution->orders) != NULL;
}

static int announce_live(struct execution *execution, uint64_t now_ns) {
    if (!execution->live_due) return 0;
    execution->live_due = 0;
    execution->trading = 1;
    execution->sweep_due = 1; /* orders the replay has brought back are canceled too */
    execution_count(execution, EXECUTION_COUNT_LIVES);
    publish_state(execution, REPORT_LIVE, now_ns);
    return 1;
}

int execution_events(struct execution *execution, uint64_t now_ns, int *blocked) {
    *blocked = 1;
    for (int done = 0; done < EXECUTION_EVENT_BATCH; done++) {
        if (!ring_space(&execution->reports, 1)) {
            if (session_has_input(execution->session))
                execution_count(execution, EXECUTION_COUNT_BACKPRESSURE);
            return done;
        }
        if (settle_one(execution, now_ns)) continue;
        if (live_waits(execution)) return done;
        if (announce_live(execution, now_ns)) continue;
        struct session_event event;
        if (!session_next(execution->session, now_ns, &event)) {
            *blocked = 0;
            return done;
        }
        handle(execution, &event, now_ns);
    }
    return EXECUTION_EVENT_BATCH;
}
