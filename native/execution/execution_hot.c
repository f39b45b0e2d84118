/* execution_hot: from the order ring to the wire.  Nothing here makes a system call but send, and the last
 * thing looked at before it is whether the orders may still leave.  A send costs more than all that comes
 * before it, so orders that wait together leave together: gathered into one batch, sent by one call. */
#include "clock/clock_inline.h"
#include "codec/soup_inline.h"
#include "execution/execution.h"

#include <string.h>
#include <sys/socket.h>

static void note_blocked(struct execution *execution) {
    if (!execution->blocked) execution_count(execution, EXECUTION_COUNT_SEND_BLOCKED);
    execution->blocked = 1;
}

int execution_hot_flush(struct execution *execution, uint64_t now_ns) {
    size_t size = 0;
    const uint8_t *pending = session_pending(execution->session, &size);
    if (size > 0) {
        ssize_t sent = send(execution->socket, pending, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) session_sent(execution->session, (size_t)sent, now_ns);
        if (sent != (ssize_t)size) {
            note_blocked(execution);
            return 0;
        }
        if (execution->torn) execution->new_sent_ns = clock_now();
    }
    execution->blocked = execution->torn = 0;
    return 1;
}

static void record_latency(struct execution *execution, const struct execution_report *report) {
    const struct execution_histograms *latency = &execution->latency;
    histogram_record(latency->book, report->book_ns);
    histogram_record(latency->signal, clock_since(report->book_ns, report->signal_ns));
    histogram_record(latency->risk, clock_since(report->signal_ns, report->risk_ns));
    histogram_record(latency->execution, clock_since(report->risk_ns, report->execution_ns));
    histogram_record(latency->tick_to_order, report->execution_ns);
    histogram_record(latency->transmit, report->transmit_ns);
}

static void report_not_sent(struct execution *execution, const struct order *order,
                            enum not_sent_reason reason, uint64_t now_ns) {
    int cancel = order->kind == INTENT_CANCEL;
    struct execution_report report = {
        .order_id = cancel ? order->target_order_id : order->order_id,
        .target_order_id = order->target_order_id,
        .tick = order->tick,
        .rx_ns = order->rx_ns,
        .report_ns = now_ns,
        .match_number = order->parent_id,
        .price = order->price,
        .quantity = order->quantity,
        .instrument = order->instrument,
        .kind = REPORT_NOT_SENT,
        .side = order->side,
        .reason = (uint8_t)reason,
        .time_in_force = order->time_in_force,
        .venue = (uint8_t)execution->config.venue,
        .account = order->account,
        .trader = order->trader,
        .strategy = order->strategy,
        .order_type = order->order_type,
    };
    if (cancel) /* the order itself is what it was */
        report.order_state = (uint8_t)order_table_state(
            execution->table, order_user_ref(order->target_order_id), &report.leaves);
    execution_publish(execution, &report);
    execution_count(execution, EXECUTION_COUNT_NOT_SENT);
    if (reason == NOT_SENT_STOPPED) execution_count(execution, EXECUTION_COUNT_STOPPED);
}

static enum not_sent_reason reason_of(int error) {
    if (error == ERROR_NOT_FOUND) return NOT_SENT_TARGET;
    return error == ERROR_ARGUMENT ? NOT_SENT_MALFORMED : NOT_SENT_TABLE;
}

static const struct order_entry *entry_of(const struct execution *execution, uint64_t order_id) {
    uint32_t slot = order_table_find(execution->table, order_user_ref(order_id));
    return slot == ENTRY_NONE ? NULL : &execution->table->entries[slot];
}

/* What order stands for, once it is on its way. */
static void describe_sent(const struct order_entry *entry, const struct order *order, uint64_t now_ns,
                          struct execution_report *report) {
    order_table_describe(entry, now_ns, report);
    report->kind = REPORT_SENT;
    report->tick = order->tick;
    report->rx_ns = order->rx_ns;
    report->match_number = order->parent_id;
    report->target_order_id = order->kind == INTENT_CANCEL ? entry->order_id : entry->target_order_id;
    report->book_ns = order->book_ns;
    report->signal_ns = order->signal_ns;
    report->risk_ns = order->risk_ns;
}

/* add puts the packet of the order in the batch's next place behind the others; entry is the order it is
 * about. */
static void add(struct execution *execution, const struct order_entry *entry, uint64_t now_ns) {
    struct execution_batch *batch = &execution->batch;
    const struct order *order = &batch->packets[batch->count].order;
    uint8_t *packet = batch->bytes + batch->size, *payload = packet + SOUP_HEADER_SIZE;
    const char *symbol = execution->config.instruments[entry->terms.instrument].symbol;
    uint32_t size = order->kind == INTENT_CANCEL ? order_encode_cancel(entry->order_id, payload)
                    : order->kind == INTENT_REPLACE
                        ? order_encode_replace(order, payload)
                        : order_encode_enter(order, symbol, &execution->firm, payload);
    batch->size += soup_frame(packet, SOUP_UNSEQUENCED, size);
    describe_sent(entry, order, now_ns, &batch->packets[batch->count].report);
    batch->packets[batch->count].end = batch->size;
    batch->count++;
}

static int is_old(const struct execution *execution, const struct order *order, uint64_t now_ns) {
    uint64_t age_ns_max = execution->config.order_age_ns_max;
    return age_ns_max && now_ns > order->rx_ns && now_ns - order->rx_ns > age_ns_max;
}

/* A sale cannot change its mark by being replaced: OUCH has no word for it. */
static int is_unsupported(const struct execution *execution, const struct order *order,
                          const struct order_entry *target) {
    int remarked =
        target != NULL && order->side == SIDE_SELL && order->short_sale != target->terms.short_sale;
    return remarked || (order_needs(order) & ~execution->config.order_types) != 0;
}

/* prepare_new judges a NEW or REPLACE that is in the batch's next place, and enters it into the table. */
static int prepare_new(struct execution *execution, struct order *order, uint64_t now_ns) {
    if (order->kind != INTENT_NEW && order->kind != INTENT_REPLACE) return NOT_SENT_MALFORMED;
    if (order->venue != execution->config.venue || !order_table_in_range(execution->table, order))
        return NOT_SENT_MALFORMED;
    const struct order_entry *target = NULL;
    if (order->kind == INTENT_REPLACE)
        target = order_table_open_entry(execution->table, order->target_order_id);
    if (target != NULL) order_inherit(order, &target->terms);
    int reason = execution_barred(execution, order);
    if (reason) return reason;
    if (execution->silent) return NOT_SENT_SESSION;
    if (is_old(execution, order, now_ns)) return NOT_SENT_AGE;
    if (is_unsupported(execution, order, target)) return NOT_SENT_UNSUPPORTED;
    int entered = order_table_enter(execution->table, order);
    if (entered < 0) return (int)reason_of(entered);
    add(execution, entry_of(execution, order->order_id), now_ns);
    return 0;
}

/* prepare adds an order to the batch and returns 0, or the enum not_sent_reason why it must not be sent.
 * Cancels go out whatever the kill switch, the epoch and their age say: they only ever take risk away. */
static int prepare(struct execution *execution, const struct order *wanted, uint64_t now_ns) {
    struct order *order = &execution->batch.packets[execution->batch.count].order;
    int stale = wanted->generation != execution_generation(execution);
    if (stale || !execution_is_usable(execution)) return NOT_SENT_SESSION;
    *order = *wanted;
    if (order->kind != INTENT_CANCEL) return prepare_new(execution, order, now_ns);
    const struct order_entry *target = order_table_open_entry(execution->table, order->target_order_id);
    if (target == NULL) return NOT_SENT_TARGET;
    add(execution, target, now_ns);
    return 0;
}

/* withdraw takes out of the batch what comes after the first count packets, the last one first. */
static void withdraw(struct execution *execution, uint32_t count) {
    struct execution_batch *batch = &execution->batch;
    while (batch->count > count) {
        batch->count--;
        if (batch->packets[batch->count].order.kind != INTENT_CANCEL)
            order_table_withdraw(execution->table, batch->packets[batch->count].order.order_id);
    }
    batch->size = count == 0 ? 0 : batch->packets[count - 1].end;
}

/* holds_barred is the last look: 1 when something in the batch must not leave after all. */
static int holds_barred(const struct execution *execution) {
    const struct execution_batch *batch = &execution->batch;
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->packets[i].order.kind != INTENT_CANCEL &&
            execution_barred(execution, &batch->packets[i].order))
            return 1;
    return 0;
}

/* Something new has left: observers see it as it was sent; the ring has no consumers that could be late. */
static void note_new(struct execution *execution, const struct order *order,
                     const struct execution_report *report, uint64_t after) {
    struct order *copy = ring_claim(&execution->sent);
    if (copy != NULL) {
        *copy = *order;
        ring_publish(&execution->sent);
    }
    record_latency(execution, report);
    execution->new_sent_ns = after;
    execution_note_user_ref(execution, order_user_ref(order->order_id));
}

/* publish_sent tells of every packet of the batch, and empties it. */
static void publish_sent(struct execution *execution, uint64_t before, uint64_t after) {
    static const enum execution_counter counters[] = {[INTENT_NEW] = EXECUTION_COUNT_ORDERS,
                                                      [INTENT_CANCEL] = EXECUTION_COUNT_CANCELS,
                                                      [INTENT_REPLACE] = EXECUTION_COUNT_REPLACES};
    struct execution_batch *batch = &execution->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct order *order = &batch->packets[i].order;
        struct execution_report *report = &batch->packets[i].report;
        report->report_ns = after;
        report->execution_ns = report->rx_ns == 0 ? 0 : clock_since(report->rx_ns, before);
        report->transmit_ns = clock_since(before, after);
        execution_publish(execution, report);
        execution_count(execution, counters[order->kind]);
        if (order->kind != INTENT_CANCEL) note_new(execution, order, report, after);
    }
    batch->count = batch->size = 0;
}

/* transmit sends the batch and empties it.  Packets of which the kernel took nothing are withdrawn; what it
 * left of one it took a part of is queued before anything else.  A failed send is told apart from a full
 * buffer by the next read.  A batch that holds what must not leave is withdrawn as a whole: the next look
 * takes it apart.  Returns how many packets are on their way, the first of the batch. */
static uint32_t transmit(struct execution *execution, uint64_t now_ns) {
    struct execution_batch *batch = &execution->batch;
    uint32_t sent = 0;
    uint64_t before = clock_now();
    if (holds_barred(execution)) {
        withdraw(execution, 0);
        return 0;
    }
    ssize_t taken = send(execution->socket, batch->bytes, batch->size, MSG_DONTWAIT | MSG_NOSIGNAL);
    uint64_t after = clock_now();
    uint32_t size = taken > 0 ? (uint32_t)taken : 0, asked = batch->size;
    while (sent < batch->count && (sent == 0 ? 0 : batch->packets[sent - 1].end) < size) sent++;
    withdraw(execution, sent);
    if (batch->size > size) { /* the session's buffer is empty: it fits */
        session_append(execution->session, batch->bytes + size, batch->size - size);
        execution->torn = batch->packets[sent - 1].order.kind != INTENT_CANCEL;
    }
    if (size > 0) {
        execution->session->sent_ns = now_ns;
        execution->poll_next_ns = 0; /* an answer is near */
    }
    publish_sent(execution, before, after);
    if (size != asked) note_blocked(execution);
    return sent;
}

static int room_for_reports(struct execution *execution, uint32_t count) {
    if (ring_space(&execution->reports, count)) return 1;
    execution_count(execution, EXECUTION_COUNT_BACKPRESSURE);
    return 0;
}

/* gather prepares up to count_max orders, passed in the ring but not let go of, and stops at one that must
 * not be sent: returns its enum not_sent_reason, else 0. */
static int gather(struct execution *execution, uint32_t count_max, uint64_t now_ns) {
    const struct order *order;
    while (execution->batch.count < count_max && (order = ring_peek(&execution->orders)) != NULL) {
        if (!room_for_reports(execution, execution->batch.count + 1)) return 0;
        int reason = prepare(execution, order, now_ns);
        if (reason) return reason;
        ring_advance(&execution->orders);
    }
    return 0;
}

/* refuse reports the order at the head of the ring, which must not be sent, and lets go of it. */
static int refuse(struct execution *execution, int reason, uint64_t now_ns) {
    report_not_sent(execution, ring_peek(&execution->orders), (enum not_sent_reason)reason, now_ns);
    ring_release(&execution->orders);
    return 1;
}

/* send_orders deals with what one call can send of the ring, or with one order that must not be sent. Returns
 * how many orders it has dealt with; 0: there is none, or it must wait. */
static int send_orders(struct execution *execution, uint32_t count_max, uint64_t now_ns) {
    if (execution->trading && !execution_hot_flush(execution, now_ns))
        return 0; /* a torn message comes first */
    int reason = gather(execution, count_max, now_ns);
    uint32_t count = execution->batch.count;
    if (count == 0) return reason ? refuse(execution, reason, now_ns) : 0;
    uint32_t sent = transmit(execution, now_ns);
    ring_rewind(&execution->orders, count - sent);
    ring_release_all(&execution->orders);
    return (int)sent;
}

int execution_hot_orders(struct execution *execution, uint64_t now_ns) {
    int done = 0;
    while (done < EXECUTION_ORDER_BATCH) {
        int more = send_orders(execution, (uint32_t)(EXECUTION_ORDER_BATCH - done), now_ns);
        if (more == 0) return done;
        done += more;
    }
    return done;
}

int execution_hot_sweep(struct execution *execution, uint64_t now_ns) {
    struct execution_batch *batch = &execution->batch;
    uint64_t order_ids[EXECUTION_ORDER_BATCH];
    const struct order_entry *entry;
    if (execution->table->marked_count == 0 || !execution_is_usable(execution)) return 0;
    if (!execution_hot_flush(execution, now_ns)) return 0;
    while (batch->count < EXECUTION_ORDER_BATCH && room_for_reports(execution, batch->count + 1) &&
           (entry = order_table_take_marked(execution->table)) != NULL) {
        order_ids[batch->count] = entry->order_id;
        batch->packets[batch->count].order =
            (struct order){.kind = INTENT_CANCEL, .target_order_id = entry->order_id};
        add(execution, entry, now_ns);
    }
    uint32_t count = batch->count;
    if (count == 0) return 0;
    uint32_t sent = transmit(execution, now_ns);
    for (uint32_t i = sent; i < count; i++) order_table_mark_again(execution->table, order_ids[i]);
    return (int)sent;
}
