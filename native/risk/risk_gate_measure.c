/* risk_gate_measure: the gate's cost, without the cost of asking what time it is for every order. */
#include "clock/clock_inline.h"
#include "ring/metric_inline.h"
#include "risk/risk_gate.h"

#define MEASURE_BATCH_MAX 64

uint64_t risk_gate_measure(struct risk_gate *gate, const struct order_intent *intents, uint32_t intent_count,
                           struct risk_moment *moment, uint32_t batch, uint32_t rounds,
                           struct histogram *histogram) {
    struct order orders[MEASURE_BATCH_MAX];
    uint64_t passed_total = 0;
    uint32_t next = 0;
    if (batch == 0 || batch > MEASURE_BATCH_MAX || intent_count < batch) return 0;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t passed = 0;
        if (next + batch > intent_count) next = 0;
        const struct order_intent *intent = &intents[next];
        uint64_t start_ns = clock_now();
        for (uint32_t i = 0; i < batch; i++)
            passed += risk_gate_reserve(gate, &intent[i], moment, &orders[passed]) == RISK_PASS;
        histogram_record(histogram, (clock_now() - start_ns) / batch);
        for (uint32_t i = 0; i < passed; i++) {
            struct execution_report report = {
                .kind = REPORT_NOT_SENT, .order_id = orders[i].order_id, .venue = orders[i].venue};
            risk_gate_report(gate, &report);
        }
        next += batch;
        passed_total += passed;
        moment->now_ns += gate->limits.message_window_ns; /* rates are not what is measured */
    }
    return passed_total;
}
