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
    int error = ring_wire_consumers(segment, "market", signal->venue_count, sizeof(struct market_update),
                                    MARKET_CONSUMER_SIGNAL, signal->market, message, size);
    if (!error)
        error = ring_wire_consumers(segment, "report", signal->venue_count, sizeof(struct execution_report),
                                    REPORT_CONSUMER_SIGNAL, signal->report, message, size);
    if (!error)
        error = ring_wire_consumer(segment, "verdict", sizeof(struct risk_refusal), VERDICT_CONSUMER_SIGNAL,
                                   &signal->verdict, message, size);
    if (!error)
        error = ring_wire_producer(segment, "intent.signal", sizeof(struct order_intent), &signal->intent,
                                   message, size);
    if (!error)
        error = ring_wire_producer(segment, "parent", sizeof(struct parent_order), &signal->parent, message,
                                   size);
    if (!error)
        error = ring_wire_consumer(segment, "parent.report", sizeof(struct parent_report), 0,
                                   &signal->parent_report, message, size);
    if (error) return error;
    signal->parameters = parameters_find(segment, "signal");
    signal->counters = counters_find(segment, "signal-bridge");
    if (signal->parameters && signal->parameters->size == sizeof signal->read && signal->counters)
        return ERROR_NONE;
    snprintf(message, size, "the segment lacks parameters \"signal\" or counters \"signal-bridge\"");
    return ERROR_NOT_FOUND;
}

int signal_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                      size_t message_size) {
    struct control *control = control_find(segment);
    struct signal_stage *signal = calloc(1, sizeof *signal);
    if (!signal || !control) {
        free(signal);
        snprintf(message, message_size, control ? "no memory" : "the segment has no control block");
        return control ? ERROR_SYSTEM : ERROR_NOT_FOUND;
    }
    signal->stage =
        (struct stage){"signal-bridge", signal_stage_poll, signal_stage_housekeep, signal_stage_close};
    signal->venue_count = venue_count;
    signal->control = control;
    int error = wire(segment, signal, message, message_size);
    if (!error) error = signal_rule_create(venue_count, &signal->rule);
    if (error) {
        signal_stage_close(&signal->stage);
        return error;
    }
    signal->rule->parent_count = signal->parent.next;
    ring_skip(&signal->verdict);
    ring_skip(&signal->parent_report);
    report_follow_start(control, signal->report, venue_count);
    *stage = &signal->stage;
    return ERROR_NONE;
}
