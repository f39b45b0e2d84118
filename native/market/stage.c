/* stage: the slow half of the market-data stage: opening, counting, closing. */
#include "market/market_state.h"
#include "ring/ring_wiring.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HOLD_COUNT_DEFAULT   65536
#define REQUEST_SIZE_DEFAULT 512
#define PARTIAL_ATTEMPTS     5 /* requests for a piece of a recording before it is given up */

struct report { /* where market_stage_open says what was decided, a line each */
    char *text;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static int fail(struct report *report, int error, const char *format,
                                                      ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->text, report->size, format, arguments);
    va_end(arguments);
    return error;
}

static void market_close(struct stage *stage) {
    struct market *market = (struct market *)stage;
    market_requester_close(market->requester);
    if (market->port) packet_close(market->port);
    book_destroy(market->book);
    feed_close(market->feed);
    free(market);
}

/* sum_counts gathers what this process has counted, in the order of enum market_counter. */
static void sum_counts(struct market *market, uint64_t *sums) {
    struct packet_stats packets = {0};
    struct feed_stats feed;
    packet_get_stats(market->port, &packets);
    feed_get_stats(market->feed, &feed);
    const uint64_t *faults = market->faults;
    for (int line = 0; line < FEED_LINE_COUNT; line++) sums[MARKET_COUNT_PACKETS] += feed.packets[line];
    sums[MARKET_COUNT_BYTES] = feed.bytes;
    sums[MARKET_COUNT_MESSAGES] = feed.messages;
    sums[MARKET_COUNT_MALFORMED] = feed.malformed + packets.malformed + faults[BOOK_FAULT_SIZE];
    sums[MARKET_COUNT_UNKNOWN_TYPE] = faults[BOOK_FAULT_TYPE];
    sums[MARKET_COUNT_UNKNOWN_ORDER] = faults[BOOK_FAULT_UNKNOWN_ORDER];
    sums[MARKET_COUNT_BAD_VALUE] = faults[BOOK_FAULT_DUPLICATE_ORDER] + faults[BOOK_FAULT_LOCATE] +
                                   faults[BOOK_FAULT_SIDE] + faults[BOOK_FAULT_PRICE] +
                                   faults[BOOK_FAULT_QUANTITY] + faults[BOOK_FAULT_EXCESS];
    sums[MARKET_COUNT_BOOK_FULL] = faults[BOOK_FAULT_ORDERS_FULL] + faults[BOOK_FAULT_LEVELS_FULL];
    sums[MARKET_COUNT_LINE_A_PACKETS] = feed.packets[FEED_LINE_A];
    sums[MARKET_COUNT_LINE_B_PACKETS] = feed.packets[FEED_LINE_B];
    sums[MARKET_COUNT_REPLIES] = feed.packets[FEED_LINE_RECOVERY];
    sums[MARKET_COUNT_DUPLICATES] = feed.duplicates;
    sums[MARKET_COUNT_REORDERED] = feed.reordered;
    sums[MARKET_COUNT_OVERFLOW] = feed.overflow;
    sums[MARKET_COUNT_GAPS] = feed.gaps;
    sums[MARKET_COUNT_GAP_MESSAGES] = feed.gap_messages;
    sums[MARKET_COUNT_REQUESTS] = feed.requests;
    sums[MARKET_COUNT_RECOVERED] = feed.recovered;
    sums[MARKET_COUNT_LOST] = feed.lost;
    sums[MARKET_COUNT_HEARTBEATS] = feed.heartbeats;
    sums[MARKET_COUNT_FOREIGN] = feed.foreign;
    sums[MARKET_COUNT_SESSIONS] = feed.sessions;
    sums[MARKET_COUNT_ENDS] = feed.ends;
    sums[MARKET_COUNT_STALE] = feed.stale;
    sums[MARKET_COUNT_LAGS] = market->lags;
    sums[MARKET_COUNT_UPDATES] = market->updates_published;
    sums[MARKET_COUNT_BACKPRESSURE] = market->blockages;
    sums[MARKET_COUNT_DROPPED] = packets.dropped;
    sums[MARKET_COUNT_NEXT_SEQUENCE] = market->feed->next;
    sums[MARKET_COUNT_SYNCHRONISED] = market->live;
}

static void market_housekeep(struct stage *stage, uint64_t now_ns) {
    struct market *market = (struct market *)stage;
    (void)now_ns;
    uint64_t sums[COUNTER_COUNT_MAX] = {0};
    market_discard_answers(market);
    sum_counts(market, sums);
    for (uint32_t i = 0; i < COUNTER_COUNT_MAX; i++)
        counter_set(market->counters, i, market->counted_before[i] + sums[i]);
}

/* forget makes every instrument one of which nothing is known. */
static void forget(struct market *market) {
    market->live = false;
    market->book_full = false;
    market->announced = ANNOUNCED_NOTHING;
    for (uint32_t i = 0; i < market->instrument_count; i++) {
        struct market_update *update = &market->updates[i];
        *update = (struct market_update){.instrument = (uint16_t)i,
                                         .venue = (uint8_t)market->venue,
                                         .feed_session = update->feed_session + 1};
        market->locates[i] = (uint16_t)market->instruments[i].locate;
    }
}

void market_begin_session(struct market *market) {
    bool first = market->session == 0; /* the books are empty, and so it has been announced */
    market->session = market->feed->session;
    if (first) return;
    book_reset(market->book);
    forget(market);
}

static int check_config(const struct market_config *config, struct report *report) {
    if (config->instrument_count == 0 || config->instrument_count > INSTRUMENT_COUNT_MAX)
        return fail(report, ERROR_ARGUMENT, "%u instruments: 1 to %d can be had", config->instrument_count,
                    INSTRUMENT_COUNT_MAX);
    if (config->venue >= VENUE_COUNT_MAX)
        return fail(report, ERROR_ARGUMENT, "venue %u: there are %d at most", config->venue, VENUE_COUNT_MAX);
    if (config->packet.channel_count == 0 || config->packet.channel_count > FEED_LIVE_LINE_COUNT)
        return fail(report, ERROR_ARGUMENT, "%u channels: the feed has one or two lines",
                    config->packet.channel_count);
    if (config->stale_ns == 0 || config->lag_ns_max == 0 || config->request_retry_ns == 0)
        return fail(report, ERROR_ARGUMENT, "stale_ns, lag_ns_max and request_retry_ns must not be 0");
    if (config->request_address != 0 && (config->request_port == 0 || config->request_port > UINT16_MAX))
        return fail(report, ERROR_ARGUMENT, "request server without a port");
    for (uint32_t i = 0; i < config->instrument_count; i++)
        if (config->instruments[i].locate >= BOOK_LOCATE_COUNT)
            return fail(report, ERROR_ARGUMENT, "instrument %u: no locate is %u", i,
                        config->instruments[i].locate);
    return ERROR_NONE;
}

static int find_blocks(struct market *market, struct segment *segment, struct report *report) {
    char name[NAME_SIZE];
    struct ring *ring = ring_find(segment, block_name(name, "market", market->venue));
    uint64_t size = 0;
    if (!ring || ring->record_size != sizeof(struct market_update))
        return fail(report, ERROR_NOT_FOUND, "the segment has no ring \"%s\" of market updates", name);
    market->top = segment_find(segment, block_name(name, "top", market->venue), BLOCK_TABLE, &size);
    if (!market->top || size / sizeof(struct market_top) < market->instrument_count)
        return fail(report, ERROR_NOT_FOUND,
                    "the segment has no table \"%s\" with an entry for each instrument", name);
    market->counters = counters_find(segment, block_name(name, "market-data", market->venue));
    if (!market->counters) return fail(report, ERROR_NOT_FOUND, "the segment has no counters \"%s\"", name);
    ring_producer_open(&market->ring, ring);
    /* Counters go on where the process before stopped; gauges do not. */
    memcpy(market->counted_before, market->counters->value, sizeof market->counted_before);
    market->counted_before[MARKET_COUNT_NEXT_SEQUENCE] = 0;
    market->counted_before[MARKET_COUNT_SYNCHRONISED] = 0;
    for (uint32_t i = 0; i < market->instrument_count; i++)
        market->updates[i].feed_session = market->top[i].last.feed_session;
    return ERROR_NONE;
}

static int open_books(struct market *market, const struct market_config *config, struct report *report) {
    /* As many levels as orders: each order may be alone at its price, and books that overflow are worthless.
     */
    struct book_config book = {.order_count_max = config->order_count_max,
                               .level_count_max = config->order_count_max,
                               .order_count_start = config->order_count_max < 65536 ? 0 : 65536,
                               .tracked_only = 1};
    int error = book_create(&book, &market->book);
    if (error)
        return fail(report, error, "no books for %u orders: %s", config->order_count_max, error_text(error));
    memcpy(market->instruments, config->instruments, sizeof market->instruments);
    for (uint32_t i = 0; i < config->instrument_count; i++) {
        const struct market_instrument *instrument = &config->instruments[i];
        if (instrument->locate != 0)
            book_track(market->book, (uint16_t)instrument->locate, (uint16_t)i);
        else if ((error = book_watch(market->book, instrument->symbol, (uint16_t)i)) != 0)
            return fail(report, error, "cannot follow %.8s: %s", instrument->symbol, error_text(error));
    }
    return ERROR_NONE;
}

static int open_feed(struct market *market, const struct market_config *config, struct report *report) {
    uint32_t request_size = config->request_size != 0 ? config->request_size : REQUEST_SIZE_DEFAULT;
    struct feed_config feed = {.stale_ns = config->stale_ns,
                               .gap_wait_ns = config->gap_wait_ns,
                               .request_retry_ns = config->request_retry_ns,
                               .hold_count =
                                   config->hold_count != 0 ? config->hold_count : HOLD_COUNT_DEFAULT,
                               .request_size = config->request_address != 0 ? request_size : 0,
                               .attempts_max = config->accept_partial ? PARTIAL_ATTEMPTS : 0,
                               .accept_partial = config->accept_partial};
    int error = feed_open(&feed, &market->feed);
    if (error) return fail(report, error, "no feed: %s", error_text(error));
    if (config->request_address == 0) return ERROR_NONE;
    error =
        market_requester_open(config->request_address, (uint16_t)config->request_port, &market->requester);
    return error ? fail(report, error, "no socket for the request server: %m") : ERROR_NONE;
}

int market_stage_open(struct segment *segment, const struct market_config *config, struct stage **stage,
                      char *message, size_t message_size) {
    struct report report = {message, message_size};
    int error = check_config(config, &report);
    if (error) return error;
    struct market *market =
        aligned_alloc(CACHE_LINE, (sizeof *market + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (!market) return fail(&report, ERROR_SYSTEM, "no memory for the stage");
    memset(market, 0, sizeof *market);
    market->stage = (struct stage){"market-data", market_poll, market_housekeep, market_close};
    market->instrument_count = config->instrument_count;
    market->venue = config->venue;
    market->accept_partial = config->accept_partial != 0;
    market->lag_ns_max = config->packet.backend == PACKET_PCAP ? UINT64_MAX : config->lag_ns_max;
    error = find_blocks(market, segment, &report);
    if (!error) error = open_books(market, config, &report);
    if (!error) error = open_feed(market, config, &report);
    if (!error) error = packet_open(&config->packet, &market->port, message, message_size);
    if (error) {
        market_close(&market->stage);
        return error;
    }
    forget(market);
    *stage = &market->stage;
    return ERROR_NONE;
}
