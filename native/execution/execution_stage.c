/* execution_stage: opening, the duty cycle, commands and figures. */
#include "execution/execution.h"
#include "execution/socket_io.h"
#include "ring/ring_wiring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_PAUSE_NS    1000000000 /* from the cancels of a sweep to those of the next */
#define SWEEP_RETRY_COUNT 8

static int connected(const struct execution *execution) {
    return execution->socket >= 0 && !execution->connecting;
}

static void drop_connection(struct execution *execution, uint64_t now_ns) {
    if (execution->socket >= 0) socket_close(execution->socket);
    execution->socket = -1;
    execution->connecting = execution->trading = execution->live_due = execution->blocked = 0;
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

static void sweep(struct execution *execution, uint64_t now_ns) {
    order_table_sweep_start(execution->table);
    execution->sweep_next_ns = now_ns + SWEEP_PAUSE_NS;
}

/* The kill switch going on, or the supervisor falling silent, cancels every open order; so does either when a
 * session comes up. */
static void watch_danger(struct execution *execution, uint64_t now_ns) {
    uint64_t kill = control_load(&execution->control->kill);
    uint64_t danger = kill ? kill : execution->abandoned;
    if (danger == execution->swept_for || (danger && !execution->trading)) return;
    execution->swept_for = danger;
    if (!danger) return;
    execution->sweeps_left = SWEEP_RETRY_COUNT;
    sweep(execution, now_ns);
}

/* A cancel may be refused, or an order may have been on its way: while the danger lasts, what is still open
 * is canceled again, after a pause and not for ever. */
static void retry_sweep(struct execution *execution, uint64_t now_ns) {
    struct order_table_counts counts;
    order_table_get_counts(execution->table, &counts);
    int due = execution->swept_for && execution->trading && counts.open > 0;
    if (!due || execution->sweeps_left == 0 || now_ns < execution->sweep_next_ns) return;
    if (order_table_sweep_peek(execution->table) != NULL) return;
    execution->sweeps_left--;
    execution_count(execution, EXECUTION_COUNT_SWEEP_RETRIES);
    sweep(execution, now_ns);
}

/* Nobody looks after orders that outlive their supervisor: it is silent, and this lane is about to leave. */
static void watch_supervisor(struct execution *execution, uint64_t now_ns) {
    uint64_t heartbeat_ns = control_load(&execution->control->supervisor_heartbeat_ns);
    uint64_t silence_ns_max = execution->config.supervisor_silence_ns_max;
    int silent =
        silence_ns_max && heartbeat_ns && now_ns > heartbeat_ns && now_ns - heartbeat_ns > silence_ns_max;
    if (silent && !execution->abandoned) execution_count(execution, EXECUTION_COUNT_ABANDONED);
    execution->abandoned = silent ? heartbeat_ns : 0;
}

static int execution_poll(struct stage *stage, uint64_t now_ns) {
    struct execution *execution = (struct execution *)stage;
    watch_danger(execution, now_ns);
    int work = execution_hot_orders(execution, now_ns) + execution_hot_sweep(execution, now_ns);
    if (now_ns >= execution->poll_next_ns) {
        execution->poll_next_ns = now_ns + execution->poll_ns;
        work += poll_venue(execution, now_ns);
    }
    return work;
}

static void obey(struct execution *execution, const struct command *command, uint64_t now_ns) {
    switch ((enum execution_command)command->kind) {
    case EXECUTION_LOGOUT: session_logout(execution->session, now_ns); return;
    case EXECUTION_LOGIN: session_login(execution->session, now_ns); return;
    case EXECUTION_CANCEL_ALL: order_table_sweep_start(execution->table); return;
    case EXECUTION_CANCEL:
    case EXECUTION_CANCEL_SCOPE:
    case EXECUTION_MASS_CANCEL: return;
    case EXECUTION_RESYNC: session_resync(execution->session); return;
    }
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
    add_since(execution, EXECUTION_COUNT_MALFORMED, session.malformed, was->malformed);
    add_since(execution, EXECUTION_COUNT_HEARTBEATS_SENT, session.heartbeats_sent, was->heartbeats_sent);
    add_since(execution, EXECUTION_COUNT_HEARTBEATS_RECEIVED, session.heartbeats_received,
              was->heartbeats_received);
    add_since(execution, EXECUTION_COUNT_ILLEGAL, table.illegal, execution->table_counted.illegal);
    add_since(execution, EXECUTION_COUNT_UNKNOWN_ORDER, table.unknown, execution->table_counted.unknown);
    counter_set(execution->counters, EXECUTION_COUNT_SESSION_STATE, session.state);
    counter_set(execution->counters, EXECUTION_COUNT_NEXT_SEQUENCE, session.next_sequence);
    counter_set(execution->counters, EXECUTION_COUNT_OPEN_ORDERS, table.open);
    execution->session_counted = session;
    execution->table_counted = table;
}

static void execution_housekeep(struct stage *stage, uint64_t now_ns) {
    struct execution *execution = (struct execution *)stage;
    const struct command *command;
    while ((command = ring_peek(&execution->commands)) != NULL) {
        obey(execution, command, now_ns);
        ring_release(&execution->commands);
    }
    watch_resync(execution);
    watch_supervisor(execution, now_ns);
    retry_sweep(execution, now_ns);
    publish_figures(execution);
}

static void execution_close(struct stage *stage) {
    struct execution *execution = (struct execution *)stage;
    if (execution->socket >= 0) socket_close(execution->socket);
    session_destroy(execution->session);
    order_table_destroy(execution->table);
    free(execution);
}

/* Blocks of the segment, each found or named in message. */
static int find_metrics(struct execution *execution, struct segment *segment, char *message,
                        size_t message_size) {
    struct execution_histograms *latency = &execution->latency;
    char name[NAME_SIZE];
    const struct {
        const char *name;
        struct histogram **histogram;
    } wanted[] = {
        {"latency.book", &latency->book},
        {"latency.signal", &latency->signal},
        {"latency.risk", &latency->risk},
        {"latency.execution", &latency->execution},
        {"latency.tick_to_order", &latency->tick_to_order},
        {"latency.transmit", &latency->transmit},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        block_name(name, wanted[i].name, execution->config.venue);
        *wanted[i].histogram = histogram_find(segment, name);
        if (*wanted[i].histogram != NULL) continue;
        snprintf(message, message_size, "execution needs histogram %s", name);
        return ERROR_NOT_FOUND;
    }
    execution->counters =
        counters_find(segment, block_name(name, "execution-engine", execution->config.venue));
    execution->control = control_find(segment);
    if (execution->counters != NULL && execution->control != NULL) return ERROR_NONE;
    snprintf(message, message_size, "execution needs counters %s and control", name);
    return ERROR_NOT_FOUND;
}

static int find_blocks(struct execution *execution, struct segment *segment, char *message,
                       size_t message_size) {
    uint32_t venue = execution->config.venue;
    char name[NAME_SIZE];
    int error = ring_wire_consumer(segment, block_name(name, "order", venue), sizeof(struct order), 0,
                                   &execution->orders, message, message_size);
    if (!error)
        error =
            ring_wire_producer(segment, block_name(name, "report", venue), sizeof(struct execution_report),
                               &execution->reports, message, message_size);
    if (!error)
        error = ring_wire_producer(segment, block_name(name, "sent", venue), sizeof(struct order),
                                   &execution->sent, message, message_size);
    if (!error)
        error = ring_wire_consumer(segment, block_name(name, "command.execution", venue),
                                   sizeof(struct command), 0, &execution->commands, message, message_size);
    return error ? error : find_metrics(execution, segment, message, message_size);
}

/* The Firm appendage of every new order, when a firm is configured: size, tag, four letters. */
static void prepare_firm(struct execution *execution) {
    char firm[5] = "    ";
    size_t size = strnlen(execution->config.firm, 4);
    memcpy(firm, execution->config.firm, size);
    if (memcmp(firm, "    ", 4) == 0) return;
    (void)ouch_option_append_text(execution->firm_option, &execution->firm.size,
                                  sizeof execution->firm_option, OUCH_TAG_FIRM, firm);
    execution->firm.data = execution->firm_option;
}

static int open_parts(struct execution *execution, struct segment *segment, char *message,
                      size_t message_size) {
    snprintf(message, message_size, "execution: the configuration is out of range");
    if (execution->config.port == 0 || execution->config.port > UINT16_MAX) return ERROR_ARGUMENT;
    if (execution->config.venue >= VENUE_COUNT_MAX) return ERROR_ARGUMENT;
    int found = find_blocks(execution, segment, message, message_size);
    if (found < 0) return found;
    int made = order_table_create(&execution->config, &execution->table);
    if (made == ERROR_NONE) made = session_create(&execution->config, &execution->session);
    if (made < 0) return made;
    prepare_firm(execution);
    execution->session->down_due = 1; /* whatever the life before this one said last no longer holds */
    execution->resync_asked = control_load(&execution->control->resync_requests);
    message[0] = '\0';
    return ERROR_NONE;
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
    int opened = open_parts(execution, segment, message, message_size);
    if (opened < 0) {
        execution_close(&execution->stage);
        return opened;
    }
    *stage = &execution->stage;
    return ERROR_NONE;
}
