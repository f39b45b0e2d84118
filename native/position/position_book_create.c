/* position_book_create: all memory a position book will ever have. */
#include "position/position_book.h"

#include <stdlib.h>

int position_book_create(uint32_t venue_count, struct position_book **book) {
    if (venue_count == 0 || venue_count > VENUE_COUNT_MAX) return ERROR_ARGUMENT;
    struct position_book *created = calloc(1, sizeof *created);
    uint64_t entry_count = id_map_entry_count(POSITION_ORDER_COUNT_MAX);
    struct id_entry *entries = calloc(entry_count, sizeof *entries);
    if (!created || !entries) {
        free(created);
        free(entries);
        return ERROR_SYSTEM;
    }
    created->venue_count = venue_count;
    id_map_open(&created->orders, entries, entry_count);
    *book = created;
    return ERROR_NONE;
}

void position_book_destroy(struct position_book *book) {
    if (!book) return;
    free(book->orders.entries);
    free(book);
}
