/* order_table: slots, lists, and the life of our own side of an order.  What the venue says is applied in
 * order_table_apply.c. */
#include "execution/order_table.h"

#include "base/huge_pages.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct order_entry) == 2 * CACHE_LINE, "an entry is two cache lines");

static void clear_entry(struct order_entry *entry, uint32_t user_ref) {
    memset(entry, 0, sizeof *entry);
    entry->user_ref = user_ref;
    entry->terms.instrument = INSTRUMENT_NONE;
    entry->terms.side = SIDE_NONE;
    entry->open_previous = entry->open_next = ENTRY_NONE;
    entry->replace_first = entry->replace_next = ENTRY_NONE;
    entry->settle_next = ENTRY_NONE;
}

static void clear_lists(struct order_table *table) {
    table->open_first = table->open_last = ENTRY_NONE;
    table->settle_first = table->settle_last = ENTRY_NONE;
    table->sweep = ENTRY_NONE;
    table->marked_count = 0;
    table->counts.open = 0;
}

int order_table_create(const struct execution_config *config, struct order_table **out) {
    if (config->order_count_max == 0 || config->order_count_max > 1U << 24) return ERROR_ARGUMENT;
    if (config->instrument_count > INSTRUMENT_COUNT_MAX || config->venue >= VENUE_COUNT_MAX)
        return ERROR_ARGUMENT;
    uint32_t capacity = 16; /* at most two thirds full, so that a search ends soon */
    while (capacity < config->order_count_max + config->order_count_max / 2) capacity *= 2;
    struct order_table *table = calloc(1, sizeof *table);
    if (table == NULL) return ERROR_SYSTEM;
    size_t size = capacity * sizeof(struct order_entry);
    size_t used_size = config->order_count_max * sizeof(uint32_t);
    table->entries = aligned_alloc(size < HUGE_PAGE_SIZE ? CACHE_LINE : HUGE_PAGE_SIZE, size);
    table->used = malloc(used_size);
    if (table->entries == NULL || table->used == NULL) {
        order_table_destroy(table);
        return ERROR_SYSTEM;
    }
    huge_pages_wish(table->entries, size);
    memset(table->entries, 0, size); /* touches every page now, so that none faults while trading */
    memset(table->used, 0, used_size);
    table->mask = capacity - 1;
    table->count_max = config->order_count_max;
    table->instrument_count = config->instrument_count;
    table->venue = config->venue;
    memcpy(table->instruments, config->instruments, sizeof table->instruments);
    clear_lists(table);
    *out = table;
    return ERROR_NONE;
}

void order_table_destroy(struct order_table *table) {
    if (table == NULL) return;
    free(table->entries);
    free(table->used);
    free(table);
}

uint32_t order_table_find(const struct order_table *table, uint32_t user_ref) {
    for (uint32_t slot = user_ref & table->mask; table->entries[slot].user_ref != 0;
         slot = (slot + 1) & table->mask)
        if (table->entries[slot].user_ref == user_ref) return slot;
    return ENTRY_NONE;
}

uint32_t order_table_claim(struct order_table *table, uint32_t user_ref) {
    uint32_t slot = user_ref & table->mask;
    while (table->entries[slot].user_ref != 0) {
        if (table->entries[slot].user_ref == user_ref) return slot;
        slot = (slot + 1) & table->mask;
    }
    if (table->count == table->count_max) return ENTRY_NONE;
    table->used[table->count++] = slot;
    clear_entry(&table->entries[slot], user_ref);
    return slot;
}

const struct order_entry *order_table_open_entry(const struct order_table *table, uint64_t order_id) {
    uint32_t slot = order_table_find(table, order_user_ref(order_id));
    if (slot == ENTRY_NONE) return NULL;
    const struct order_entry *entry = &table->entries[slot];
    return entry->order_id == order_id && order_is_open(entry->state) ? entry : NULL;
}

uint64_t order_table_adopted_id(const struct order_table *table, uint32_t user_ref) {
    return (uint64_t)table->venue << ORDER_ID_VENUE_SHIFT |
           (table->epoch & ORDER_ID_EPOCH_MAX) << ORDER_ID_EPOCH_SHIFT | user_ref;
}

static void join_open(struct order_table *table, uint32_t slot) {
    struct order_entry *entry = &table->entries[slot];
    entry->open_previous = table->open_last;
    entry->open_next = ENTRY_NONE;
    if (table->open_last == ENTRY_NONE)
        table->open_first = slot;
    else
        table->entries[table->open_last].open_next = slot;
    table->open_last = slot;
    table->counts.open++;
}

/* A running sweep steps over an order that leaves the list under it. */
static void leave_open(struct order_table *table, uint32_t slot) {
    struct order_entry *entry = &table->entries[slot];
    if (table->sweep == slot) table->sweep = entry->open_next;
    if (entry->flags & ENTRY_MARKED) table->marked_count--;
    entry->flags &= (uint8_t)~ENTRY_MARKED;
    if (entry->open_previous == ENTRY_NONE)
        table->open_first = entry->open_next;
    else
        table->entries[entry->open_previous].open_next = entry->open_next;
    if (entry->open_next == ENTRY_NONE)
        table->open_last = entry->open_previous;
    else
        table->entries[entry->open_next].open_previous = entry->open_previous;
    entry->open_previous = entry->open_next = ENTRY_NONE;
    table->counts.open--;
}

static void attach(struct order_table *table, uint32_t slot, uint32_t target) {
    table->entries[slot].replace_next = table->entries[target].replace_first;
    table->entries[target].replace_first = slot;
}

void order_table_detach(struct order_table *table, uint32_t slot) {
    struct order_entry *entry = &table->entries[slot];
    if (entry->target_order_id == 0) return;
    uint32_t target = order_table_find(table, order_user_ref(entry->target_order_id));
    if (target == ENTRY_NONE) return;
    uint32_t *link = &table->entries[target].replace_first;
    while (*link != ENTRY_NONE && *link != slot) link = &table->entries[*link].replace_next;
    if (*link == slot) *link = entry->replace_next;
    entry->replace_next = ENTRY_NONE;
}

static void queue_settlement(struct order_table *table, uint32_t slot, enum not_sent_reason reason) {
    struct order_entry *entry = &table->entries[slot];
    entry->settle_reason = (uint8_t)reason;
    entry->flags |= ENTRY_SETTLING;
    if (entry->flags & ENTRY_QUEUED) return;
    entry->flags |= ENTRY_QUEUED;
    entry->settle_next = ENTRY_NONE;
    if (table->settle_last == ENTRY_NONE)
        table->settle_first = slot;
    else
        table->entries[table->settle_last].settle_next = slot;
    table->settle_last = slot;
}

/* end is what follows when an order is open no longer. */
static void end(struct order_table *table, uint32_t slot) {
    struct order_entry *entry = &table->entries[slot];
    entry->leaves = 0;
    order_table_detach(table, slot);
    while (entry->replace_first != ENTRY_NONE) {
        uint32_t replace = entry->replace_first;
        order_table_detach(table, replace);
        queue_settlement(table, replace, NOT_SENT_SUPERSEDED);
    }
}

enum order_verdict order_table_step(struct order_table *table, uint32_t slot, enum order_event event) {
    struct order_entry *entry = &table->entries[slot];
    struct order_step step =
        order_transition((enum order_state)entry->state, entry->flags & ENTRY_ANSWERED, event);
    if (step.verdict != ORDER_STEP_LEGAL) table->counts.illegal++;
    if (step.verdict == ORDER_STEP_REFUSED) return ORDER_STEP_REFUSED;
    uint8_t before = entry->state;
    entry->state = step.state;
    if (order_is_open(step.state) && !order_is_open(before)) join_open(table, slot);
    if (order_is_open(before) && !order_is_open(step.state)) leave_open(table, slot);
    if (!order_is_open(step.state) && step.state != before) end(table, slot);
    return (enum order_verdict)step.verdict;
}

/* expect_next fetches the slot after one just used, which is the next order's: UserRefNums count up, and
 * memory never used before is the slowest there is. */
static void expect_next(const struct order_table *table, uint32_t slot) {
    const char *next = (const char *)&table->entries[(slot + 1) & table->mask];
    __builtin_prefetch(next, 1);
    __builtin_prefetch(next + CACHE_LINE, 1);
}

int order_table_in_range(const struct order_table *table, const struct order *order) {
    return order_user_ref(order->order_id) != 0 && order->quantity != 0 && order->side <= SIDE_SELL &&
           order->instrument < table->instrument_count && order->strategy < STRATEGY_COUNT_MAX &&
           order->account < ACCOUNT_COUNT_MAX && order->trader < TRADER_COUNT_MAX &&
           order->time_in_force <= TIF_EXTENDED && order->order_type < ORDER_TYPE_COUNT &&
           order->display <= DISPLAY_HIDDEN && order->short_sale <= SALE_SHORT_EXEMPT;
}

static struct order_terms terms_of(const struct order *order) {
    return (struct order_terms){
        .tick = order->tick,
        .rx_ns = order->rx_ns,
        .price = order->price,
        .quantity = order->quantity,
        .display_quantity = order->display_quantity,
        .minimum_quantity = order->minimum_quantity,
        .peg_offset = order->peg_offset,
        .instrument = order->instrument,
        .strategy = (uint8_t)order->strategy,
        .account = order->account,
        .trader = order->trader,
        .side = order->side,
        .time_in_force = order->time_in_force,
        .order_type = order->order_type,
        .display = order->display,
        .short_sale = order->short_sale,
        .order_flags = (uint8_t)order->flags,
    };
}

/* as_sent brings an entry to where it was when it was sent. */
static void as_sent(struct order_entry *entry, uint64_t order_id, uint64_t target_order_id,
                    const struct order_terms *terms) {
    entry->order_id = order_id;
    entry->target_order_id = target_order_id;
    entry->terms = *terms;
    entry->price = terms->price;
    entry->quantity = entry->leaves = terms->quantity;
    entry->flags = ENTRY_OURS;
}

int order_table_enter(struct order_table *table, const struct order *order) {
    if (!order_table_in_range(table, order)) return ERROR_ARGUMENT;
    const struct order_entry *target = NULL;
    if (order->kind == INTENT_REPLACE) {
        target = order_table_open_entry(table, order->target_order_id);
        if (target == NULL) return ERROR_NOT_FOUND;
        if (target->terms.side != order->side || target->terms.instrument != order->instrument)
            return ERROR_ARGUMENT;
    }
    uint32_t slot = order_table_claim(table, order_user_ref(order->order_id));
    if (slot == ENTRY_NONE) return ERROR_FULL;
    struct order_entry *entry = &table->entries[slot];
    if (entry->state != ORDER_NONE || entry->flags != 0 || entry->gone != 0) return ERROR_DUPLICATE;
    struct order_terms terms = terms_of(order);
    as_sent(entry, order->order_id, target == NULL ? 0 : order->target_order_id, &terms);
    if (target != NULL) attach(table, slot, (uint32_t)(target - table->entries));
    order_table_step(table, slot, ORDER_EVENT_ENTER);
    expect_next(table, slot);
    return ERROR_NONE;
}

int order_table_spend(struct order_table *table, uint32_t user_ref) {
    uint32_t slot = order_table_claim(table, user_ref);
    if (slot == ENTRY_NONE) return ERROR_FULL;
    struct order_entry *entry = &table->entries[slot];
    if (entry->state != ORDER_NONE || entry->flags != 0) return ERROR_DUPLICATE;
    entry->flags = ENTRY_SPENT;
    return ERROR_NONE;
}

/* forget keeps the slot's key and nothing else: the UserRefNum may be used again. */
static void forget(struct order_table *table, uint32_t slot) {
    if (order_table_step(table, slot, ORDER_EVENT_SETTLE) != ORDER_STEP_REFUSED)
        clear_entry(&table->entries[slot], table->entries[slot].user_ref);
}

void order_table_withdraw(struct order_table *table, uint64_t order_id) {
    uint32_t slot = order_table_find(table, order_user_ref(order_id));
    if (slot != ENTRY_NONE) forget(table, slot);
}

void order_table_describe(const struct order_entry *entry, uint64_t now_ns, struct execution_report *report) {
    *report = (struct execution_report){
        .order_id = entry->order_id,
        .tick = entry->terms.tick,
        .rx_ns = entry->terms.rx_ns,
        .report_ns = now_ns,
        .price = entry->price,
        .quantity = entry->quantity,
        .leaves = entry->leaves,
        .instrument = entry->terms.instrument,
        .side = entry->terms.side,
        .time_in_force = entry->terms.time_in_force,
        .account = entry->terms.account,
        .trader = entry->terms.trader,
        .strategy = entry->terms.strategy,
        .order_type = entry->terms.order_type,
        .venue = (uint8_t)(entry->order_id >> ORDER_ID_VENUE_SHIFT),
        .flags = entry->flags & ENTRY_OURS ? 0 : REPORT_UNKNOWN_ORDER,
        .order_state = entry->state,
        .order_reference = entry->order_reference,
    };
}

int order_table_settle(struct order_table *table, uint64_t now_ns, struct execution_report *report) {
    while (table->settle_first != ENTRY_NONE) {
        uint32_t slot = table->settle_first;
        struct order_entry *entry = &table->entries[slot];
        table->settle_first = entry->settle_next;
        if (table->settle_first == ENTRY_NONE) table->settle_last = ENTRY_NONE;
        entry->settle_next = ENTRY_NONE;
        entry->flags &= (uint8_t)~ENTRY_QUEUED;
        if (!(entry->flags & ENTRY_SETTLING)) continue; /* the venue spoke of it after all */
        order_table_describe(entry, now_ns, report);
        report->kind = REPORT_NOT_SENT;
        report->reason = entry->settle_reason;
        report->target_order_id = entry->target_order_id;
        report->leaves = 0;
        report->order_state = ORDER_NONE;
        forget(table, slot);
        return 1;
    }
    return 0;
}

static void forget_all(struct order_table *table) {
    for (uint32_t i = 0; i < table->count; i++)
        memset(&table->entries[table->used[i]], 0, sizeof *table->entries);
    table->count = 0;
}

/* Only slots in use are visited: the table is made for the busiest day, and the lane waits. */
void order_table_reset(struct order_table *table, int another_session) {
    clear_lists(table);
    table->sequence = 0;
    if (another_session) forget_all(table);
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t slot = table->used[i];
        struct order_entry *entry = &table->entries[slot];
        struct order_entry was = *entry;
        clear_entry(entry, was.user_ref);
        if (!(was.flags & ENTRY_OURS)) continue;
        as_sent(entry, was.order_id, was.target_order_id, &was.terms);
        order_table_step(table, slot, ORDER_EVENT_ENTER);
    }
    for (uint32_t slot = table->open_first; slot != ENTRY_NONE; slot = table->entries[slot].open_next) {
        uint64_t target_order_id = table->entries[slot].target_order_id;
        uint32_t target =
            target_order_id == 0 ? ENTRY_NONE : order_table_find(table, order_user_ref(target_order_id));
        if (target != ENTRY_NONE) attach(table, slot, target);
    }
}

void order_table_settle_lost(struct order_table *table) {
    for (uint32_t slot = table->open_first; slot != ENTRY_NONE; slot = table->entries[slot].open_next) {
        const struct order_entry *entry = &table->entries[slot];
        if (entry->state == ORDER_SENT && entry->gone == 0 && !(entry->flags & ENTRY_SETTLING))
            queue_settlement(table, slot, NOT_SENT_LOST);
    }
}

enum order_state order_table_state(const struct order_table *table, uint32_t user_ref, uint32_t *leaves) {
    uint32_t slot = order_table_find(table, user_ref);
    *leaves = slot == ENTRY_NONE ? 0 : table->entries[slot].leaves;
    return slot == ENTRY_NONE ? ORDER_NONE : (enum order_state)table->entries[slot].state;
}

void order_table_get_counts(const struct order_table *table, struct order_table_counts *counts) {
    *counts = table->counts;
}
