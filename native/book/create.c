/* create: the memory of a set, taken once and laid out in one mapping; tracking and forgetting. */
#include "base/huge_pages.h"
#include "book/state.h"
#include "book/table.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define TABLE_BITS_MIN 9
#define RUNGS_PER_LEVEL                                                                                      \
    6 /* ladders double and never shrink: what doubling leaves unused, and some to spare */
#define RUNGS_MIN 262144u /* one ladder can always grow to its maximum */

struct layout { /* byte offsets in the mapping */
    size_t nodes;
    size_t table;
    size_t instruments;
    size_t rungs;
    size_t size;
    uint64_t rung_count;
    uint32_t table_bits_first;
    uint32_t table_bits_max;
};

static size_t place(size_t *end, size_t size) {
    size_t at = (*end + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
    *end = at + size;
    return at;
}

static uint32_t bits_for(uint64_t order_count) {
    uint32_t bits = TABLE_BITS_MIN;
    while ((1ull << bits) < 2 * order_count) bits++;
    return bits;
}

static struct layout lay_out(const struct book_config *config) {
    uint32_t start = config->order_count_start == 0 ? config->order_count_max : config->order_count_start;
    struct layout layout = {.table_bits_first = bits_for(start),
                            .table_bits_max = bits_for(config->order_count_max)};
    size_t node_count = (size_t)config->order_count_max + config->level_count_max + 1;
    size_t end = sizeof(struct book_set);
    layout.rung_count = (uint64_t)config->level_count_max * RUNGS_PER_LEVEL + RUNGS_MIN;
    /* All sizes the table may have, one after the other. */
    layout.table = place(&end, sizeof(uint64_t) << (layout.table_bits_max + 1));
    layout.nodes = place(&end, node_count * sizeof(union node));
    layout.instruments = place(&end, BOOK_LOCATE_COUNT * sizeof(struct instrument));
    layout.rungs = place(&end, layout.rung_count * sizeof(rung));
    layout.size = (end + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
    return layout;
}

static void clear_instrument(struct book_set *set, uint32_t locate) {
    struct instrument *book = &set->instruments[locate];
    uint16_t number = set->pinned[locate >> 6] >> (locate & 63) & 1 ? book->number : INSTRUMENT_NONE;
    memset(book, 0, sizeof *book);
    book->ladders[SIDE_BUY].rungs = book->ladders[SIDE_SELL].rungs = set->empty_ladder + LADDER_GUARD;
    book->number = number;
    book->shown.last_side = SIDE_NONE;
}

/* clear_books forgets every order: of the nodes only the two pools' marks matter, what they hold is written
 * on taking. */
static void clear_books(struct book_set *set) {
    table_use(set, set->table_first, set->table_bits_first);
    set->orders.fresh = set->orders.free = set->orders.alive = set->orders.alive_max = 0;
    set->levels.fresh = set->levels.free = set->levels.alive = set->levels.alive_max = 0;
    set->store.used = 0;
    memset(set->store.free, 0, sizeof set->store.free);
    for (uint32_t first = 0; first < BOOK_LOCATE_COUNT; first += LOCATES_PER_GROUP) {
        if (!set_used(set, first)) continue;
        for (uint32_t i = 0; i < LOCATES_PER_GROUP; i++) clear_instrument(set, first + i);
    }
    set->used = 0;
}

int book_create(const struct book_config *config, struct book_set **result) {
    if (config->order_count_max == 0 || config->order_count_max > BOOK_ORDER_COUNT_MAX) return ERROR_ARGUMENT;
    if (config->order_count_start > config->order_count_max) return ERROR_ARGUMENT;
    if (config->level_count_max == 0 || config->level_count_max > BOOK_ORDER_COUNT_MAX) return ERROR_ARGUMENT;
    struct layout layout = lay_out(config);
    /* One huge page more, so that the start can be aligned to one. */
    size_t mapping_size = layout.size + HUGE_PAGE_SIZE;
    uint8_t *mapping =
        mmap(NULL, mapping_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return ERROR_SYSTEM;
    uint8_t *base = mapping + (HUGE_PAGE_SIZE - (uintptr_t)mapping % HUGE_PAGE_SIZE) % HUGE_PAGE_SIZE;
    int saved = errno;
    huge_pages_wish(base, layout.size);
    errno = saved;
    struct book_set *set = (struct book_set *)base;
    set->mapping = mapping;
    set->mapping_size = mapping_size;
    set->table_first = (uint64_t *)(base + layout.table);
    set->table_bits_first = layout.table_bits_first;
    set->table_bits_max = layout.table_bits_max;
    set->nodes = (union node *)(base + layout.nodes);
    set->instruments = (struct instrument *)(base + layout.instruments);
    set->store.memory = (rung *)(base + layout.rungs);
    set->store.capacity = layout.rung_count;
    set->levels.first = 1;
    set->levels.capacity = config->level_count_max;
    set->orders.first = 1 + config->level_count_max;
    set->orders.capacity = config->order_count_max;
    set->tracked_only = config->tracked_only;
    set->used = ~0ull; /* all instruments want their first state */
    book_reset(set);
    *result = set;
    return 0;
}

void book_destroy(struct book_set *set) {
    if (set != NULL) (void)munmap(set->mapping, set->mapping_size);
}

void book_reset(struct book_set *set) {
    clear_books(set);
    memset(&set->stats, 0, sizeof set->stats);
    if (set->tracked_only)
        memcpy(set->tracked, set->pinned, sizeof set->tracked);
    else
        memset(set->tracked, 0xFF, sizeof set->tracked);
}

void book_track(struct book_set *set, uint16_t locate, uint16_t instrument) {
    set->pinned[locate >> 6] |= 1ull << (locate & 63);
    state_track(set, locate, instrument);
}

int book_watch(struct book_set *set, const char *symbol, uint16_t instrument) {
    if (set->watch_count == BOOK_WATCH_COUNT_MAX) return ERROR_FULL;
    struct watch *watch = &set->watches[set->watch_count++];
    memcpy(&watch->symbol, symbol, sizeof watch->symbol);
    watch->instrument = instrument;
    return 0;
}
