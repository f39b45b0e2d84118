/* poll: packets to feed to books to ring, the way of every tick.  No allocation, no system call of its own.
 */
#include "clock/clock_inline.h"
#include "market/market_state.h"
#include "ring/control_inline.h"

#define SHOWN (BOOK_TOP_BID | BOOK_TOP_ASK | BOOK_BEST_BID | BOOK_BEST_ASK | BOOK_TRADE | BOOK_STATE)

#define PREFETCH_COUNT 16 /* messages of a packet looked at ahead: more would evict each other */

static uint32_t clamp(uint64_t quantity) {
    return quantity > UINT32_MAX ? UINT32_MAX : (uint32_t)quantity;
}

static void refresh_side(struct market *market, uint32_t instrument, enum side side) {
    struct market_update *update = &market->updates[instrument];
    int64_t *prices = side == SIDE_BUY ? update->bid_price : update->ask_price;
    uint32_t *quantities = side == SIDE_BUY ? update->bid_quantity : update->ask_quantity;
    struct book_level levels[MARKET_LEVELS];
    uint32_t count = book_levels(market->book, market->locates[instrument], side, levels, MARKET_LEVELS);
    for (uint32_t i = 0; i < MARKET_LEVELS; i++) {
        prices[i] = i < count ? (int64_t)levels[i].price : 0;
        quantities[i] = i < count ? clamp(levels[i].quantity) : 0;
    }
}

static uint8_t trading_state(const struct book_instrument *shown) {
    if (shown->halted) return TRADING_HALTED;
    switch (shown->trading_action) {
    case 'T': return TRADING_OPEN;
    case 'H': return TRADING_HALTED;
    case 'P': return TRADING_PAUSED;
    case 'Q': return TRADING_QUOTATION;
    default: return TRADING_UNKNOWN;
    }
}

static void refresh_instrument(struct market *market, uint32_t instrument) {
    struct market_update *update = &market->updates[instrument];
    struct book_instrument shown;
    book_get_instrument(market->book, market->locates[instrument], &shown);
    update->last_price = (int64_t)shown.last_price;
    update->last_quantity = shown.last_quantity;
    update->last_side = shown.last_side;
    update->trading_state = trading_state(&shown);
    update->flags = shown.reg_sho == '1' || shown.reg_sho == '2' ? MARKET_SHORT_SALE : 0;
    if (!market->live) update->flags |= MARKET_STALE;
}

/* publish writes the instrument's latest update into slot, then into its entry of the table. */
static void publish(struct market *market, struct market_update *slot, uint32_t instrument,
                    enum market_kind kind, uint64_t tick, uint64_t rx_ns) {
    struct market_update *update = &market->updates[instrument];
    update->kind = (uint8_t)kind;
    update->tick = tick;
    update->rx_ns = rx_ns;
    update->book_ns = clock_since(rx_ns, clock_now());
    *slot = *update;
    ring_publish(&market->ring);
    market->updates_published++;
    struct market_top *top = &market->top[instrument];
    seqlock_begin(&top->version);
    __atomic_store_n(&top->updates, top->updates + 1, __ATOMIC_RELAXED);
    seqlock_copy(&top->last, update, sizeof *update);
    seqlock_end(&top->version);
}

static void note_fault(struct market *market, uint32_t fault) {
    market->faults[fault]++;
    if (fault == BOOK_FAULT_ORDERS_FULL || fault == BOOK_FAULT_LEVELS_FULL) market->book_full = true;
}

/* apply changes the books by one message and publishes into slot what a reader could see of it; slot is NULL
 * while the books are not complete. */
static void apply(struct market *market, const struct feed_message *message, struct market_update *slot) {
    struct book_event event = book_apply(market->book, message->data, message->size);
    if (__builtin_expect(event.changes & BOOK_FAULT, 0)) note_fault(market, event.fault);
    if (event.instrument == INSTRUMENT_NONE) return;
    market->locates[event.instrument] = event.locate;
    if (!slot || !(event.changes & SHOWN)) return;
    if (event.changes & (BOOK_TOP_BID | BOOK_BEST_BID)) refresh_side(market, event.instrument, SIDE_BUY);
    if (event.changes & (BOOK_TOP_ASK | BOOK_BEST_ASK)) refresh_side(market, event.instrument, SIDE_SELL);
    if (event.changes & (BOOK_TRADE | BOOK_STATE)) refresh_instrument(market, event.instrument);
    enum market_kind kind = event.changes & BOOK_STATE   ? MARKET_STATE
                            : event.changes & BOOK_TRADE ? MARKET_TRADE
                                                         : MARKET_BOOK;
    market->updates[event.instrument].venue_ns =
        load_be48(message->data + 5); /* every message has it there */
    publish(market, slot, event.instrument, kind, message->sequence, market->rx_ns);
}

/* drain applies what the feed has ready, as far as there is room for what it may publish; false: the ring is
 * full. */
static bool drain(struct market *market) {
    struct feed_message message;
    while (feed_ready(market->feed)) {
        struct market_update *slot = NULL;
        if (market->live && !(slot = ring_claim(&market->ring))) return false;
        feed_take(market->feed, &message);
        apply(market, &message, slot);
    }
    return true;
}

/* announce writes a state record for each instrument that has not had one since live changed; false: the ring
 * is full. */
static bool announce(struct market *market) {
    uint64_t tick = market->feed->next > 0 ? market->feed->next - 1 : 0;
    for (; market->announce_next < market->instrument_count; market->announce_next++) {
        uint32_t instrument = market->announce_next;
        struct market_update *slot = ring_claim(&market->ring);
        if (!slot) return false;
        refresh_side(market, instrument, SIDE_BUY);
        refresh_side(market, instrument, SIDE_SELL);
        refresh_instrument(market, instrument);
        publish(market, slot, instrument, MARKET_STATE, tick, market->now_ns);
    }
    return true;
}

static bool complete(const struct market *market) {
    return feed_state(market->feed) == FEED_LIVE && !market->book_full && market->lagging == 0 &&
           (!market->feed->lossy || market->accept_partial);
}

/* finish does what is left of the packet in hand and tells the readers when the books became complete, or
 * ceased to be; false: the ring is full. */
static bool finish(struct market *market) {
    bool done = drain(market);
    if (__builtin_expect(done, 1)) {
        market->live = complete(market);
        uint32_t state = market->live ? ANNOUNCED_LIVE : ANNOUNCED_STALE;
        if (__builtin_expect(market->announced != state, 0)) {
            market->announced = state;
            market->announce_next = 0;
        }
        if (__builtin_expect(market->announce_next < market->instrument_count, 0)) done = announce(market);
    }
    if (__builtin_expect(!done && !market->blocked, 0)) market->blockages++;
    market->blocked = !done;
    return done;
}

/* prefetch starts the memory reads of the messages behind the first. */
static void prefetch(const struct market *market) {
    const struct feed *feed = market->feed;
    const uint8_t *at = feed->cursor;
    uint64_t count = feed->left < PREFETCH_COUNT ? feed->left : PREFETCH_COUNT;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t size = load_be16(at);
        if (i > 0) book_prefetch(market->book, at + 2, size);
        at += 2 + size;
    }
}

bool market_take_batch(struct market *market, struct market_batch *batch, uint64_t now_ns) {
    while (batch->next < batch->count) {
        const struct packet_view *view = &batch->views[batch->next++];
        market->rx_ns = view->rx_ns;
        int ready = feed_push(market->feed, view->channel, view->data, view->size, now_ns);
        if (__builtin_expect(market->feed->session != market->session, 0)) market_begin_session(market);
        if (ready > 0) prefetch(market);
        if (!finish(market)) return false;
    }
    return true;
}

/* take_packets goes on with the batch in hand and gives its packets back once none of their bytes are needed.
 */
static bool take_packets(struct market *market, uint64_t now_ns) {
    struct market_batch *batch = &market->batch;
    if (!market_take_batch(market, batch, now_ns)) return false;
    if (batch->count > 0) packet_port_release(market->port, batch->count);
    batch->count = batch->next = 0;
    return true;
}

/* watch_lag notices that the port was not asked for too long.  From here on nothing is published as live, not
 * even the rest of the packet in hand. */
static void watch_lag(struct market *market, uint64_t now_ns) {
    if (__builtin_expect(feed_elapsed(market->asked_ns, now_ns) <= market->lag_ns_max, 1)) return;
    if (market->asked_ns == 0) return; /* the port has just been opened */
    if (market->lagging == 0) market->lags++;
    market->lagging = MARKET_CAUGHT_UP;
    market->live = false;
}

static int receive(struct market *market, uint64_t now_ns) {
    struct market_batch *batch = &market->batch;
    int received = packet_port_receive(market->port, batch->views, MARKET_BATCH);
    market->asked_ns = now_ns;
    if (received > 0) {
        if (__builtin_expect(market->lagging != 0, 0)) market->lagging = MARKET_CAUGHT_UP;
        batch->count = received;
        (void)take_packets(market, now_ns);
        return received;
    }
    if (__builtin_expect(market->lagging != 0, 0)) market->lagging--;
    packet_port_idle(market->port);
    return received;
}

int market_poll(struct stage *stage, uint64_t now_ns) {
    struct market *market = (struct market *)stage;
    int received = 0;
    market->now_ns = now_ns;
    watch_lag(market, now_ns);
    if (finish(market) && take_packets(market, now_ns)) received = receive(market, now_ns);
    feed_poll(market->feed, now_ns);
    if (__builtin_expect(market->feed->requesting && market->requester && !market->blocked, 0))
        market_recover(market, now_ns);
    return received;
}
