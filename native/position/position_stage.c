/* position_stage: one duty cycle: reports, then marks; each change is published at once under the entry's
 * seqlock. */
#include "position/position_stage.h"

#define REPORT_BATCH_MAX 64
#define MARKET_BATCH_MAX 256

static void publish(struct position_stage *position, uint32_t instrument) {
    const struct position_entry *from = position_book_entry(position->book, instrument);
    struct position_entry *to = &position->table[instrument];
    seqlock_begin(&to->version);
    seqlock_copy(&to->quantity, &from->quantity, sizeof *to - sizeof to->version);
    seqlock_end(&to->version);
}

void position_publish_all(struct position_stage *position) {
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) publish(position, i);
}

static void count_effect(struct counters *counters, enum position_effect effect) {
    switch (effect) {
    case POSITION_FILLED: counter_add(counters, POSITION_COUNT_FILLS, 1); break;
    case POSITION_BROKEN: counter_add(counters, POSITION_COUNT_BROKEN, 1); break;
    case POSITION_UNKNOWN_BREAK: counter_add(counters, POSITION_COUNT_UNKNOWN_BREAKS, 1); break;
    case POSITION_REFUSED: counter_add(counters, POSITION_COUNT_REFUSED, 1); break;
    case POSITION_ALL_CHANGED:
    case POSITION_ORDERS:
    case POSITION_NO_EFFECT: break;
    }
}

static void apply_report(struct position_stage *position, const struct execution_report *report) {
    uint32_t instrument;
    enum position_effect effect = position_book_report(position->book, report, &instrument);
    if (effect == POSITION_NO_EFFECT) return;
    if (report->kind == REPORT_RESET) counter_add(position->counters, POSITION_COUNT_RESETS, 1);
    count_effect(position->counters, effect);
    if (instrument == INSTRUMENT_NONE)
        position_publish_all(position);
    else
        publish(position, instrument);
}

/* note copies a report for observers: the ring has no consumers, so there is always room. */
static void note(struct position_stage *position, const struct execution_report *report) {
    struct execution_report *slot = ring_claim(&position->blotter);
    *slot = *report;
    ring_publish(&position->blotter);
}

static int drain_reports(struct position_stage *position, struct ring_consumer *reports) {
    int count = 0;
    const struct execution_report *report;
    while (count < REPORT_BATCH_MAX && (report = ring_peek(reports))) {
        note(position, report);
        apply_report(position, report);
        ring_release(reports);
        count++;
    }
    return count;
}

static int drain_market(struct position_stage *position, struct ring_consumer *market) {
    int count = 0;
    const struct market_update *update;
    while (count < MARKET_BATCH_MAX && (update = ring_peek(market))) {
        if (position_book_mark(position->book, update)) publish(position, update->instrument);
        ring_release(market);
        count++;
    }
    return count;
}

int position_stage_poll(struct stage *stage, uint64_t now_ns) {
    (void)now_ns;
    struct position_stage *position = (struct position_stage *)stage;
    int reports = 0, updates = 0;
    for (uint32_t venue = 0; venue < position->venue_count; venue++) {
        reports += drain_reports(position, &position->report[venue]);
        updates += drain_market(position, &position->market[venue]);
    }
    if (reports) counter_add(position->counters, POSITION_COUNT_REPORTS, (uint64_t)reports);
    if (updates) counter_add(position->counters, POSITION_COUNT_UPDATES, (uint64_t)updates);
    return reports + updates;
}

void position_stage_housekeep(struct stage *stage, uint64_t now_ns) {
    (void)stage; /* everything is published when it changes */
    (void)now_ns;
}
