/* feed_open: the only part of the feed that takes memory. */
#include "feed/feed_state.h"
#include <stdlib.h>

int feed_open(const struct feed_config *config, struct feed **feed) {
    uint32_t count = config->hold_count;
    if (count == 0 || (count & (count - 1)) != 0 || count > FEED_HOLD_COUNT_MAX) return ERROR_ARGUMENT;
    if (config->request_size >= MOLD_END_OF_SESSION) return ERROR_ARGUMENT;
    if (config->request_retry_ns > UINT64_MAX >> FEED_BACKOFF_SHIFT_MAX) return ERROR_ARGUMENT;
    struct feed *opened = calloc(1, sizeof *opened);
    if (!opened) return ERROR_SYSTEM;
    opened->cells = aligned_alloc(CACHE_LINE, (size_t)count * sizeof *opened->cells);
    if (!opened->cells) {
        free(opened);
        return ERROR_SYSTEM;
    }
    memset(opened->cells, 0xff,
           (size_t)count * sizeof *opened->cells); /* CELL_EMPTY, and the pages are there */
    opened->config = *config;
    opened->next = 1;
    *feed = opened;
    return ERROR_NONE;
}

void feed_close(struct feed *feed) {
    if (!feed) return;
    free(feed->cells);
    free(feed);
}
