/* execution_open: what the stage needs before its first duty cycle. */
#include "execution/execution.h"
#include "ring/ring_wiring.h"

#include <stdio.h>
#include <string.h>

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
    struct ring *sent = NULL; /* for observers: nobody need consume it */
    if (!error)
        error = ring_wire(segment, block_name(name, "sent", venue), sizeof(struct order), 0, &sent, message,
                          message_size);
    if (!error) ring_producer_open(&execution->sent, sent);
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
    memcpy(execution->firm_name, firm, sizeof execution->firm_name);
    if (memcmp(firm, "    ", 4) == 0) return;
    (void)ouch_option_append_text(execution->firm_option, &execution->firm.size,
                                  sizeof execution->firm_option, OUCH_TAG_FIRM, firm);
    execution->firm.data = execution->firm_option;
}

int execution_open_parts(struct execution *execution, struct segment *segment, char *message,
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
