/* signal_stage_open: wiring and memory of the signal stage. */
#include "ring/ring_wiring.h"
#include "signal/signal_stage.h"

#include <stdlib.h>

static void signal_stage_close(struct stage *stage) {
    struct signal_stage *signal = (struct signal_stage *)stage;
    signal_rule_destroy(signal->rule);
    free(signal);
}

static int wire(struct segment *segment, struct signal_stage *signal, char *message, size_t size) {
    int error = ring_wire_consumer(segment, "market", sizeof(struct market_update), MARKET_CONSUMER_SIGNAL,
                                   &signal->market, message, size);
    if (!error)
        error = ring_wire_consumer(segment, "report", sizeof(struct execution_report), REPORT_CONSUMER_SIGNAL,
                                   &signal->report, message, size);
    if (!error)
        error = ring_wire_consumer(segment, "verdict", sizeof(struct risk_refusal), 0, &signal->verdict,
                                   message, size);
    if (!error)
        error = ring_wire_producer(segment, "intent", sizeof(struct order_intent), &signal->intent, message,
                                   size);
    if (error) return error;
    signal->parameters = parameters_find(segment, "signal");
    signal->counters = counters_find(segment, "signal-bridge");
    if (signal->parameters && signal->parameters->size == sizeof signal->read && signal->counters)
        return ERROR_NONE;
    snprintf(message, size, "the segment lacks parameters \"signal\" or counters \"signal-bridge\"");
    return ERROR_NOT_FOUND;
}

int signal_stage_open(struct segment *segment, struct stage **stage, char *message, size_t message_size) {
    struct control *control = control_find(segment);
    struct signal_stage *signal = calloc(1, sizeof *signal);
    if (!signal || !control) {
        free(signal);
        snprintf(message, message_size, control ? "no memory" : "the segment has no control block");
        return control ? ERROR_SYSTEM : ERROR_NOT_FOUND;
    }
    signal->stage =
        (struct stage){"signal-bridge", signal_stage_poll, signal_stage_housekeep, signal_stage_close};
    int error = wire(segment, signal, message, message_size);
    if (!error) error = signal_rule_create(&signal->rule);
    if (error) {
        signal_stage_close(&signal->stage);
        return error;
    }
    ring_skip(&signal->verdict);
    report_follow_start(control, &signal->report);
    *stage = &signal->stage;
    return ERROR_NONE;
}
