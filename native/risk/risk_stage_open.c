/* risk_stage_open: wiring and memory of the risk stage. */
#include "ring/ring_wiring.h"
#include "risk/risk_stage.h"

#include <stdlib.h>

#define OPEN_ORDER_COUNT_MAX 8192

static void risk_stage_close(struct stage *stage) {
    struct risk_stage *risk = (struct risk_stage *)stage;
    risk_gate_destroy(risk->gate);
    free(risk);
}

static const char *const INTENT_RINGS[SOURCE_COUNT] = {"intent.signal", "intent.router", "intent.operator"};

static int wire_outputs(struct segment *segment, struct risk_stage *risk, char *message, size_t size) {
    int error = ERROR_NONE;
    char name[NAME_SIZE];
    for (uint32_t venue = 0; venue < risk->venue_count && !error; venue++)
        error = ring_wire_producer(segment, block_name(name, "order", venue), sizeof(struct order),
                                   &risk->order[venue], message, size);
    if (!error)
        error = ring_wire_producer(segment, "verdict", sizeof(struct risk_refusal), &risk->verdict, message,
                                   size);
    return error;
}

static int wire_rings(struct segment *segment, struct risk_stage *risk, char *message, size_t size) {
    int error = ring_wire_consumers(segment, "market", risk->venue_count, sizeof(struct market_update),
                                    MARKET_CONSUMER_RISK, risk->market, message, size);
    if (!error)
        error = ring_wire_consumers(segment, "report", risk->venue_count, sizeof(struct execution_report),
                                    REPORT_CONSUMER_RISK, risk->report, message, size);
    for (uint32_t source = 0; source < SOURCE_COUNT && !error; source++)
        error = ring_wire_consumer(segment, INTENT_RINGS[source], sizeof(struct order_intent), 0,
                                   &risk->intent[source], message, size);
    return error ? error : wire_outputs(segment, risk, message, size);
}

static int wire_blocks(struct segment *segment, struct risk_stage *risk, char *message, size_t size) {
    risk->parameters = parameters_find(segment, "risk");
    risk->counters = counters_find(segment, "risk-manager");
    risk->latency = histogram_find(segment, "gate");
    risk->control = control_find(segment);
    uint64_t table_size = 0;
    risk->exposure = segment_find(segment, "exposure", BLOCK_TABLE, &table_size);
    if (risk->parameters && risk->parameters->size == sizeof risk->limits && risk->counters &&
        risk->latency && risk->control && risk->exposure &&
        table_size >= RISK_SCOPE_COUNT * sizeof *risk->exposure)
        return ERROR_NONE;
    snprintf(message, size,
             "the segment lacks parameters \"risk\", counters \"risk-manager\", histogram \"gate\", table "
             "\"exposure\" or the control block");
    return ERROR_NOT_FOUND;
}

/* recall_throttles: a strategy that the gate of an earlier life has throttled stays so; a restart is nobody's
 * leave. */
static void recall_throttles(struct risk_stage *risk) {
    for (uint32_t i = 0; i < STRATEGY_COUNT_MAX; i++)
        if (__atomic_load_n(&risk->exposure[RISK_SCOPE_STRATEGY + i].throttled, __ATOMIC_RELAXED))
            risk_gate_throttle(risk->gate, i);
}

int risk_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                    size_t message_size) {
    struct risk_stage *risk = calloc(1, sizeof *risk);
    if (!risk) return ERROR_SYSTEM;
    risk->stage = (struct stage){"risk-manager", risk_stage_poll, risk_stage_housekeep, risk_stage_close};
    risk->venue_count = venue_count;
    int error = wire_rings(segment, risk, message, message_size);
    if (!error) error = wire_blocks(segment, risk, message, message_size);
    if (!error) error = risk_gate_create(OPEN_ORDER_COUNT_MAX, &risk->gate);
    if (error) {
        risk_stage_close(&risk->stage);
        return error;
    }
    recall_throttles(risk);
    report_follow_start(risk->control, risk->report,
                        venue_count); /* intents are not skipped: each gets its refusal */
    *stage = &risk->stage;
    return ERROR_NONE;
}
