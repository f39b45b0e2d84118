/* venue: opening, closing, the way in for OUCH messages, and what can be asked. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "venue/engine.h"

#define ORDER_COUNT_DEFAULT 4194304

/* reserve maps memory that costs nothing until it is touched. */
static void *reserve(size_t size) {
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void release(void *memory, size_t size) {
    if (memory != NULL) munmap(memory, size);
}

static int account_open(struct account *account, const char *firm) {
    memcpy(account->firm, firm, sizeof account->firm);
    account->oldest = account->youngest = NONE;
    account->holdings = reserve(LOCATE_COUNT * sizeof *account->holdings);
    return account->holdings == NULL ? ERROR_SYSTEM : ERROR_NONE;
}

static int venue_allocate(struct venue *venue) {
    venue->orders = reserve(venue->order_count_max * sizeof *venue->orders);
    venue->levels = reserve(venue->order_count_max * sizeof *venue->levels);
    venue->instruments = reserve(LOCATE_COUNT * sizeof *venue->instruments);
    if (venue->orders == NULL || venue->levels == NULL || venue->instruments == NULL) return ERROR_SYSTEM;
    if (table_open(&venue->table, 1024) != ERROR_NONE) return ERROR_SYSTEM;
    if (table_open(&venue->symbols, 1024) != ERROR_NONE) return ERROR_SYSTEM;
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        int error = account_open(&venue->accounts[account], venue->config.firms[account]);
        if (error != ERROR_NONE) return error;
    }
    return ERROR_NONE;
}

int venue_open(const struct venue_config *config, struct venue **opened) {
    if (config->account_count > VENUE_ACCOUNT_COUNT_MAX) return ERROR_ARGUMENT;
    struct venue *venue = calloc(1, sizeof *venue);
    if (venue == NULL) return ERROR_SYSTEM;
    venue->config = *config;
    venue->order_count_max = config->order_count_max == 0 ? ORDER_COUNT_DEFAULT : config->order_count_max;
    venue->order_free = venue->level_free = NONE;
    venue->reference_next = venue->match_next = 1;
    venue->expires_next_ns = UINT64_MAX;
    int error = venue_allocate(venue);
    if (error != ERROR_NONE) {
        venue_close(venue);
        return error;
    }
    for (uint32_t account = 0; account < config->account_count; account++) report_event(venue, account, 'S');
    *opened = venue;
    return ERROR_NONE;
}

void venue_close(struct venue *venue) {
    for (uint32_t locate = 0; locate < venue->locate_end; locate++) {
        free(venue->instruments[locate].ladders[SIDE_BUY].rungs);
        free(venue->instruments[locate].ladders[SIDE_SELL].rungs);
    }
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        release(venue->accounts[account].holdings, LOCATE_COUNT * sizeof(struct holding));
        record_close(&venue->accounts[account].log);
    }
    release(venue->orders, venue->order_count_max * sizeof *venue->orders);
    release(venue->levels, venue->order_count_max * sizeof *venue->levels);
    release(venue->instruments, LOCATE_COUNT * sizeof *venue->instruments);
    table_close(&venue->table);
    table_close(&venue->symbols);
    vector_close(&venue->stream);
    vector_close(&venue->fills);
    record_close(&venue->drop_copy);
    free(venue);
}

int venue_order(struct venue *venue, uint32_t account, uint64_t now_ns, const uint8_t *data, size_t size) {
    if (account >= venue->config.account_count) return ERROR_ARGUMENT;
    struct ouch_inbound message;
    if (ouch_decode_inbound(data, size, &message) < 0) {
        venue->counters[VENUE_COUNT_MALFORMED]++;
        return ERROR_MALFORMED;
    }
    hours_advance(venue, now_ns);
    switch ((enum ouch_inbound_type)message.type) {
    case OUCH_ENTER: account_enter(venue, account, &message); break;
    case OUCH_REPLACE: account_replace(venue, account, &message); break;
    case OUCH_CANCEL: account_reduce(venue, account, &message.cancel); break;
    case OUCH_MODIFY: account_modify(venue, account, &message.modify); break;
    case OUCH_MASS_CANCEL: admin_mass_cancel(venue, account, &message); break;
    case OUCH_DISABLE:
    case OUCH_ENABLE: admin_order_entry(venue, account, &message); break;
    case OUCH_ACCOUNT_QUERY: admin_query(venue, account); break;
    }
    return ERROR_NONE;
}

void venue_cancel_all(struct venue *venue, uint32_t account, uint64_t now_ns) {
    hours_advance(venue, now_ns);
    struct selection all = {.locate = NONE, .side = NONE};
    account_cancel_where(venue, account, &all, 'Z');
    peg_settle(venue, NONE);
}

void venue_time(struct venue *venue, uint64_t now_ns) {
    hours_advance(venue, now_ns);
}

void venue_end(struct venue *venue, uint64_t now_ns) {
    hours_advance(venue, now_ns);
    for (uint32_t account = 0; account < venue->config.account_count; account++)
        report_event(venue, account, 'E');
}

const uint8_t *venue_stream(const struct venue *venue, size_t *size) {
    *size = venue->stream.size;
    return venue->stream.data;
}

void venue_stream_clear(struct venue *venue) {
    venue->stream.size = 0;
}

const uint8_t *venue_log(const struct venue *venue, uint32_t account) {
    return venue->accounts[account].log.packets.data;
}

uint64_t venue_log_count(const struct venue *venue, uint32_t account) {
    return record_count(&venue->accounts[account].log);
}

uint64_t venue_log_offset(const struct venue *venue, uint32_t account, uint64_t sequence) {
    return record_offset(&venue->accounts[account].log, sequence);
}

void venue_counters(const struct venue *venue, uint64_t *values) {
    memcpy(values, venue->counters, sizeof venue->counters);
    for (uint32_t account = 0; account < venue->config.account_count; account++) {
        values[VENUE_COUNT_FAULTS] += venue->accounts[account].faults;
    }
}

static void position_fill(struct venue_position *row, const struct holding *holding) {
    row->fills = holding->fills;
    row->quantity = holding->quantity;
    row->bought = holding->bought;
    row->sold = holding->sold;
    row->bought_value = holding->bought_value;
    row->sold_value = holding->sold_value;
    row->fees = holding->fees;
}

uint32_t venue_positions(const struct venue *venue, uint32_t account, struct venue_position *rows,
                         uint32_t count) {
    uint32_t found = 0;
    for (uint32_t locate = 0; locate < venue->locate_end; locate++) {
        const struct instrument *instrument = &venue->instruments[locate];
        if (!instrument->known) continue;
        const struct holding *holding = &venue->accounts[account].holdings[locate];
        if (holding->fills == 0) continue;
        if (found < count) {
            memcpy(rows[found].symbol, instrument->symbol, sizeof instrument->symbol);
            rows[found].locate = locate;
            position_fill(&rows[found], holding);
        }
        found++;
    }
    return found;
}

void venue_street_position(const struct venue *venue, struct venue_position *row) {
    *row = (struct venue_position){.locate = 0};
    position_fill(row, &venue->street);
}

uint32_t venue_locate(const struct venue *venue, const char *symbol) {
    uint64_t key;
    memcpy(&key, symbol, sizeof key);
    return table_find(&venue->symbols, key);
}

uint32_t venue_depth(const struct venue *venue, uint32_t locate, uint32_t side, struct venue_level *levels,
                     uint32_t count) {
    if (locate >= LOCATE_COUNT || side > SIDE_SELL) return 0;
    const struct ladder *ladder = &venue->instruments[locate].ladders[side];
    uint32_t found = 0;
    for (uint32_t at = ladder->count; at-- > 0;) {
        const struct level *level = &venue->levels[ladder->rungs[at].level];
        const struct queue *queue = &level->queues[QUEUE_DISPLAYED];
        if (queue->orders == 0) continue;
        if (found < count) {
            levels[found] = (struct venue_level){.price = level->price,
                                                 .order_count = queue->orders,
                                                 .quantity = queue->quantity,
                                                 .account_order_count = queue->accounts};
        }
        found++;
    }
    return found;
}
