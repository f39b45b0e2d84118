/* position_stage: the position book between its rings and its table. */
#pragma once
#include "base/stage.h"
#include "position/position_book.h"
#include "ring/control_inline.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"

struct position_stage {
    struct stage stage;
    uint32_t venue_count;
    struct ring_consumer market[VENUE_COUNT_MAX];
    struct ring_consumer report[VENUE_COUNT_MAX];
    struct ring_producer blotter;
    struct position_entry *table; /* INSTRUMENT_COUNT_MAX entries */
    struct counters *counters;
    struct position_book *book;
};

void position_publish_all(struct position_stage *position);
int position_stage_poll(struct stage *stage, uint64_t now_ns);
void position_stage_housekeep(struct stage *stage, uint64_t now_ns);
