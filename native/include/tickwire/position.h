/* position: what we hold and what it is worth, from fills and marks, in integers.  Table "position", one
 * entry an instrument, each under its own seqlock word. */
#pragma once
#include "tickwire/execution.h"

struct position_entry {
    uint64_t version;   /* odd while being written */
    int64_t quantity;   /* shares, signed */
    int64_t cost;       /* what the open quantity cost, 1/10 000, signed like quantity */
    int64_t realised;   /* 1/10 000 */
    int64_t unrealised; /* against mark, 1/10 000 */
    int64_t mark;       /* the mid that was used; 0: none yet */
    uint64_t bought;    /* shares */
    uint64_t sold;
    int64_t bought_value; /* price * quantity */
    int64_t sold_value;
    uint64_t fills;
    uint64_t open_orders;
    uint64_t known; /* 0 between RESET and LIVE, and after a start: the figures are not to be trusted */
    uint64_t marked_ns;
    uint64_t reserved[2];
};

enum position_counter {
    POSITION_COUNT_REPORTS,
    POSITION_COUNT_FILLS,
    POSITION_COUNT_BROKEN,
    POSITION_COUNT_RESETS,
    POSITION_COUNT_UPDATES,
    POSITION_COUNT_UNKNOWN_BREAKS, /* a broken trade that was never seen */
};

/* position_stage_open needs: rings "market" (consumer 2), "report" (consumer 2); table "position"; counters
 * "position-tracker"; control. */
int position_stage_open(struct segment *segment, struct stage **stage, char *message, size_t message_size);
