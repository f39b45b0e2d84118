/* execution_stage: the duty cycle, housekeeping and figures. */
#include "execution/execution.h"
#include "execution/socket_io.h"

#include <stdlib.h>

static int connected(const struct execution *execution) {
    return execution->socket >= 0 && !execution->connecting;
}

static void drop_connection(struct execution *execution, uint64_t now_ns) {
    if (execution->socket >= 0) socket_close(execution->socket);
    if (execution->live_due) session_resync(execution->session); /* a replay whose LIVE was never told */
    execution->socket = -1;
    execution->connecting = execution->trading = execution->live_due = execution->blocked = execution->torn =
        0;
    session_closed(execution->session, now_ns);
}

static void begin_connection(struct execution *execution, uint64_t now_ns) {
    execution->socket = socket_connect(&execution->config);
    execution->connecting = 1;
    if (execution->socket < 0) drop_connection(execution, now_ns);
}

static void follow_connect(struct execution *execution, uint64_t now_ns) {
    int answer = socket_connected(execution->socket);
    if (answer == 0) return;
    execution->connecting = 0;
    if (answer < 0)
        drop_connection(execution, now_ns);
    else
        session_connected(execution->session, now_ns);
}

/* One read, once everything read before has been handed on: what the venue says waits in the kernel, not
 * here, while the report ring is full. */
static int read_venue(struct execution *execution, uint64_t now_ns) {
    int size = socket_read(execution->socket, execution->read, sizeof execution->read);
    if (size < 0) {
        drop_connection(execution, now_ns);
        return 0;
    }
    session_receive(execution->session, execution->read, (size_t)size, now_ns);
    return size > 0;
}

static int follow_session(struct execution *execution, uint64_t now_ns) {
    int action = session_advance(execution->session, now_ns);
    if (action == SESSION_CONNECT) begin_connection(execution, now_ns);
    if (action == SESSION_CLOSE) {
        if (connected(execution)) (void)execution_hot_flush(execution, now_ns); /* a logout's last word */
        drop_connection(execution, now_ns);
    }
    if (execution->connecting) follow_connect(execution, now_ns);
    return action != SESSION_NOTHING;
}

/* The venue's side of the cycle: time, then what it has said, then what waits to be sent. */
static int poll_venue(struct execution *execution, uint64_t now_ns) {
    int work = follow_session(execution, now_ns), blocked = 0;
    work += execution_events(execution, now_ns, &blocked);
    int more = 1;
    for (int reads = 0; more && reads < EXECUTION_READ_BATCH && !blocked && connected(execution); reads++) {
        more = read_venue(execution, now_ns);
        work += execution_events(execution, now_ns, &blocked);
    }
    if (blocked) session_excuse(execution->session, now_ns);
    if (connected(execution)) (void)execution_hot_flush(execution, now_ns);
    return work;
}

static int execution_poll(struct stage *stage, uint64_t now_ns) {
    struct execution *execution = (struct execution *)stage;
    execution_watch_danger(execution, now_ns);
    int work = execution_hot_sweep(execution, now_ns); /* what takes risk away goes first */
    work += execution_hot_orders(execution, now_ns);
    if (now_ns >= execution->poll_next_ns) {
        execution->poll_next_ns = now_ns + execution->poll_ns;
        work += poll_venue(execution, now_ns);
    }
    return work;
}

/* A stage that has started and knows nothing needs the record from the start; before our first RESET it gets
 * it anyway. */
static void watch_resync(struct execution *execution) {
    uint64_t requests = control_load(&execution->control->resync_requests);
    if (requests == execution->resync_asked || !execution->reset_done) return;
    execution->resync_asked = requests;
    session_resync(execution->session);
}

static void add_since(struct execution *execution, enum execution_counter counter, uint64_t now,
                      uint64_t before) {
    counter_add(execution->counters, counter, now - before);
}

static void publish_figures(struct execution *execution) {
    struct session_counts session;
    struct order_table_counts table;
    session_get_counts(execution->session, &session);
    order_table_get_counts(execution->table, &table);
    const struct session_counts *was = &execution->session_counted;
    add_since(execution, EXECUTION_COUNT_CONNECTS, session.connects, was->connects);
    add_since(execution, EXECUTION_COUNT_DISCONNECTS, session.disconnects, was->disconnects);
    add_since(execution, EXECUTION_COUNT_LOSSES, session.losses, was->losses);
    add_since(execution, EXECUTION_COUNT_MALFORMED, session.malformed, was->malformed);
    add_since(execution, EXECUTION_COUNT_HEARTBEATS_SENT, session.heartbeats_sent, was->heartbeats_sent);
    add_since(execution, EXECUTION_COUNT_HEARTBEATS_RECEIVED, session.heartbeats_received,
              was->heartbeats_received);
    add_since(execution, EXECUTION_COUNT_ILLEGAL, table.illegal, execution->table_counted.illegal);
    add_since(execution, EXECUTION_COUNT_UNKNOWN_ORDER, table.unknown, execution->table_counted.unknown);
    add_since(execution, EXECUTION_COUNT_MASS_CANCEL_ANSWERS, table.mass_answers,
              execution->table_counted.mass_answers);
    add_since(execution, EXECUTION_COUNT_MASS_CANCEL_REFUSALS, table.mass_refusals,
              execution->table_counted.mass_refusals);
    counter_set(execution->counters, EXECUTION_COUNT_SESSION_STATE, session.state);
    counter_set(execution->counters, EXECUTION_COUNT_NEXT_SEQUENCE, session.next_sequence);
    counter_set(execution->counters, EXECUTION_COUNT_OPEN_ORDERS, table.open);
    execution->session_counted = session;
    execution->table_counted = table;
}

static void execution_housekeep(struct stage *stage, uint64_t now_ns) {
    struct execution *execution = (struct execution *)stage;
    execution_commands(execution, now_ns);
    watch_resync(execution);
    execution_watch(execution, now_ns);
    publish_figures(execution);
}

static void execution_close(struct stage *stage) {
    struct execution *execution = (struct execution *)stage;
    if (execution->socket >= 0) socket_close(execution->socket);
    session_destroy(execution->session);
    order_table_destroy(execution->table);
    free(execution);
}

int execution_stage_open(struct segment *segment, const struct execution_config *config, struct stage **stage,
                         char *message, size_t message_size) {
    if (message_size == 0) return ERROR_ARGUMENT;
    struct execution *execution = calloc(1, sizeof *execution);
    if (execution == NULL) return ERROR_SYSTEM;
    execution->stage = (struct stage){.name = "execution",
                                      .poll = execution_poll,
                                      .housekeep = execution_housekeep,
                                      .close = execution_close};
    execution->config = *config;
    execution->socket = -1;
    execution->poll_ns = config->poll_ns;
    int opened = execution_open_parts(execution, segment, message, message_size);
    if (opened < 0) {
        execution_close(&execution->stage);
        return opened;
    }
    *stage = &execution->stage;
    return ERROR_NONE;
}
