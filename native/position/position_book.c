/* position_book: reports and marks into entries. */
#include "position/position_book.h"

#define FILL_PRICE_MAX    UINT32_MAX /* what the wire can carry */
#define FILL_QUANTITY_MAX 999999     /* OUCH: fewer than a million shares an order */

static int is_possible(const struct execution_report *report) {
    return report->side <= SIDE_SELL && report->price > 0 && report->price <= FILL_PRICE_MAX &&
           report->quantity > 0 && report->quantity <= FILL_QUANTITY_MAX;
}

/* publish_known: the figures are to be trusted while the session is followed and everything could be booked.
 */
static void publish_known(struct position_book *book) {
    int live = report_follow_live(book->follow, book->venue_count);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) book->entries[i].known = live && !book->distrusted[i];
}

/* distrust what venues (bits) said of an instrument, or of all of them when it is not known which. */
static void distrust(struct position_book *book, uint32_t instrument, uint32_t venues) {
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++)
        if (i == instrument || instrument == INSTRUMENT_NONE) book->distrusted[i] |= (uint8_t)venues;
    publish_known(book);
}

/* settle makes a fill that can no longer be undone part of its instrument's base. */
static void settle(struct position_book *book, const struct fill *fill) {
    if (position_apply(&book->bases[fill->instrument], fill->side, fill->quantity, fill->price)) {
        distrust(book, fill->instrument, 1U << fill->venue);
        return;
    }
    struct position_sum *sum = &book->sums[fill->instrument][fill->venue];
    int64_t value = fill->price * (int64_t)fill->quantity;
    sum->fills++;
    if (fill->side == SIDE_BUY) {
        sum->bought += fill->quantity;
        sum->bought_value += value;
    } else {
        sum->sold += fill->quantity;
        sum->sold_value += value;
    }
}

/* remember keeps the fill so that it can be undone, and lets the oldest one become part of its base. */
static void remember(struct position_book *book, const struct fill *fill) {
    const struct fill *oldest = fill_log_next(&book->fills);
    if (book->fills.count >= FILL_COUNT_MAX && oldest->quantity) settle(book, oldest);
    fill_log_add(&book->fills, fill);
}

static enum position_effect book_fill(struct position_book *book, const struct execution_report *report) {
    uint32_t venue = 1U << report->venue;
    if (report->side > SIDE_SELL) distrust(book, INSTRUMENT_NONE, venue); /* nobody knows what was traded */
    if (report->instrument >= INSTRUMENT_COUNT_MAX) return POSITION_REFUSED;
    struct position_entry *entry = &book->entries[report->instrument];
    if (!is_possible(report) || position_apply(entry, report->side, report->quantity, report->price)) {
        distrust(book, report->instrument, venue);
        return POSITION_REFUSED;
    }
    const struct fill fill = {.order_id = report->order_id,
                              .match_number = report->match_number,
                              .price = report->price,
                              .quantity = report->quantity,
                              .instrument = report->instrument,
                              .side = report->side,
                              .venue = report->venue};
    remember(book, &fill);
    position_value(entry);
    return POSITION_FILLED;
}

/* restart takes an entry back to its base: what is not booked from fills stays. */
static void restart(struct position_book *book, uint32_t instrument) {
    struct position_entry *entry = &book->entries[instrument];
    struct position_entry again = book->bases[instrument];
    again.version = entry->version;
    again.mark = entry->mark;
    again.marked_ns = entry->marked_ns;
    again.known = entry->known;
    again.open_orders = entry->open_orders;
    *entry = again;
}

/* rebook books the remembered fills again from the base, of one instrument or of all (INSTRUMENT_NONE). */
static void rebook(struct position_book *book, uint32_t instrument) {
    uint64_t held = book->fills.count < FILL_COUNT_MAX ? book->fills.count : FILL_COUNT_MAX;
    int all = instrument == INSTRUMENT_NONE;
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++)
        if (all || i == instrument) restart(book, i);
    for (uint64_t age = held; age > 0; age--) {
        const struct fill *fill = &book->fills.fills[(book->fills.count - age) & (FILL_COUNT_MAX - 1)];
        if (fill->quantity && (all || fill->instrument == instrument) &&
            position_apply(&book->entries[fill->instrument], fill->side, fill->quantity, fill->price))
            distrust(book, fill->instrument, POSITION_VENUES(book));
    }
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++)
        if (all || i == instrument) position_value(&book->entries[i]);
}

static enum position_effect undo(struct position_book *book, const struct execution_report *report,
                                 uint32_t *instrument) {
    struct fill *fill = fill_log_find(&book->fills, report->order_id, report->match_number);
    if (!fill) {
        if (report->instrument < INSTRUMENT_COUNT_MAX) *instrument = report->instrument;
        distrust(book, *instrument, 1U << report->venue);
        return POSITION_UNKNOWN_BREAK;
    }
    *instrument = fill->instrument;
    fill->quantity = 0;
    rebook(book, fill->instrument);
    return POSITION_BROKEN;
}

/* count_order keeps the gauge of working orders; what finds no room in the map is not counted. */
static int count_order(struct position_book *book, uint64_t order_id, uint32_t instrument, uint32_t leaves) {
    uint32_t counted = id_map_find(&book->orders, order_id);
    if (leaves && counted == ID_MAP_NONE && order_id && instrument < INSTRUMENT_COUNT_MAX) {
        if (id_map_put(&book->orders, order_id, instrument)) return 0;
        book->entries[instrument].open_orders++;
        return 1;
    }
    if (leaves || counted == ID_MAP_NONE) return 0;
    id_map_take(&book->orders, order_id);
    book->entries[counted].open_orders--;
    return 1;
}

static enum position_effect follow_orders(struct position_book *book, const struct execution_report *report) {
    int changed = 0;
    switch (report->kind) {
    case REPORT_REPLACED:
        changed = count_order(book, report->target_order_id, report->instrument, 0);
        changed |= count_order(book, report->order_id, report->instrument, report->leaves);
        break;
    case REPORT_ACCEPTED:
    case REPORT_EXECUTED:
    case REPORT_RESTATED:
    case REPORT_CANCELED:
        changed = count_order(book, report->order_id, report->instrument, report->leaves);
        break;
    case REPORT_REJECTED: changed = count_order(book, report->order_id, report->instrument, 0); break;
    default: break;
    }
    return changed ? POSITION_ORDERS : POSITION_NO_EFFECT;
}

/* forget_orders drops the working orders of a venue.  What takes a dropped one's place is looked at next. */
static void forget_orders(struct position_book *book, uint32_t venue) {
    struct id_map *orders = &book->orders;
    for (uint64_t at = 0; at <= orders->mask; at++)
        while (orders->entries[at].id && orders->entries[at].id >> ORDER_ID_VENUE_SHIFT == venue)
            count_order(book, orders->entries[at].id, INSTRUMENT_NONE, 0);
}

static void reset(struct position_book *book, uint32_t venue) {
    forget_orders(book, venue);
    fill_log_forget(&book->fills, venue);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) {
        if (book->sums[i][venue].fills) {
            book->sums[i][venue] = (struct position_sum){0};
            position_base(book->sums[i], &book->bases[i]);
        }
        book->distrusted[i] &= (uint8_t)~(1U << venue);
    }
    rebook(book, INSTRUMENT_NONE);
    publish_known(book);
}

enum position_effect position_book_report(struct position_book *book, const struct execution_report *report,
                                          uint32_t *instrument) {
    *instrument = INSTRUMENT_NONE;
    uint32_t venue = report->venue;
    if (venue >= book->venue_count || !report_follow_next(&book->follow[venue], report))
        return POSITION_NO_EFFECT;
    switch (report->kind) {
    case REPORT_RESET: reset(book, venue); return POSITION_ALL_CHANGED;
    case REPORT_LIVE:
    case REPORT_DOWN: publish_known(book); return POSITION_ALL_CHANGED;
    case REPORT_BROKEN: return undo(book, report, instrument);
    default: break;
    }
    if (report->instrument < INSTRUMENT_COUNT_MAX) *instrument = report->instrument;
    enum position_effect orders = follow_orders(book, report);
    return report->kind == REPORT_EXECUTED ? book_fill(book, report) : orders;
}

int position_book_mark(struct position_book *book, const struct market_update *update) {
    if (update->instrument >= INSTRUMENT_COUNT_MAX || (update->flags & MARKET_STALE)) return 0;
    if (update->bid_quantity[0] == 0 || update->ask_quantity[0] == 0) return 0;
    int64_t bid = update->bid_price[0], ask = update->ask_price[0];
    if (bid <= 0 || bid > FILL_PRICE_MAX || ask <= 0 || ask > FILL_PRICE_MAX) return 0;
    struct position_entry *entry = &book->entries[update->instrument];
    int64_t mark = (bid + ask) / 2;
    if (mark == entry->mark && update->rx_ns - entry->marked_ns < POSITION_MARK_NS) return 0;
    entry->mark = mark;
    entry->marked_ns = update->rx_ns;
    position_value(entry);
    return 1;
}

const struct position_entry *position_book_entry(const struct position_book *book, uint32_t instrument) {
    return instrument < INSTRUMENT_COUNT_MAX ? &book->entries[instrument] : NULL;
}
