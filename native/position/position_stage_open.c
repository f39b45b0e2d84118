/* position_stage_open: wiring and memory of the position stage. */
#include "position/position_stage.h"
#include "ring/ring_wiring.h"

#include <stdlib.h>

static void position_stage_close(struct stage *stage) {
    struct position_stage *position = (struct position_stage *)stage;
    position_book_destroy(position->book);
    free(position);
}

static int wire(struct segment *segment, struct position_stage *position, char *message, size_t size) {
    int error = ring_wire_consumers(segment, "market", position->venue_count, sizeof(struct market_update),
                                    MARKET_CONSUMER_POSITION, position->market, message, size);
    if (!error)
        error = ring_wire_consumers(segment, "report", position->venue_count, sizeof(struct execution_report),
                                    REPORT_CONSUMER_POSITION, position->report, message, size);
    if (!error)
        error = ring_wire_producer(segment, "blotter", sizeof(struct execution_report), &position->blotter,
                                   message, size);
    if (error) return error;
    uint64_t table_size = 0;
    position->table = segment_find(segment, "position", BLOCK_TABLE, &table_size);
    position->counters = counters_find(segment, "position-tracker");
    if (position->table && table_size >= INSTRUMENT_COUNT_MAX * sizeof *position->table && position->counters)
        return ERROR_NONE;
    snprintf(message, size,
             "the segment lacks table \"position\" of %d entries or counters \"position-tracker\"",
             INSTRUMENT_COUNT_MAX);
    return ERROR_NOT_FOUND;
}

int position_stage_open(struct segment *segment, uint32_t venue_count, struct stage **stage, char *message,
                        size_t message_size) {
    struct control *control = control_find(segment);
    struct position_stage *position = calloc(1, sizeof *position);
    if (!position || !control) {
        free(position);
        snprintf(message, message_size, control ? "no memory" : "the segment has no control block");
        return control ? ERROR_SYSTEM : ERROR_NOT_FOUND;
    }
    position->stage = (struct stage){"position-tracker", position_stage_poll, position_stage_housekeep,
                                     position_stage_close};
    position->venue_count = venue_count;
    int error = wire(segment, position, message, message_size);
    if (!error) error = position_book_create(venue_count, &position->book);
    if (error) {
        position_stage_close(&position->stage);
        return error;
    }
    report_follow_start(control, position->report, venue_count);
    position_publish_all(position); /* readers must not trust what that life left in the table */
    *stage = &position->stage;
    return ERROR_NONE;
}
