/* execution_hot: from the order ring to the wire.  Nothing here makes a system call but send, and the last
 * thing looked at before it is the kill switch. */
#include "clock/clock_inline.h"
#include "codec/soup_inline.h"
#include "execution/execution.h"

#include <string.h>
#include <sys/socket.h>

/* "T" and the last 13 decimal digits of the tick: whoever sees the order on the wire can tell which message
 * caused it. */
static void write_client_order_id(char id[14], uint64_t tick) {
    id[0] = 'T';
    for (int i = 13; i > 0; i--) {
        id[i] = (char)('0' + tick % 10);
        tick /= 10;
    }
}

static uint32_t encode_enter(struct execution *execution, const struct order *order) {
    struct ouch_enter enter = {
        .user_ref = order_user_ref(order->order_id),
        .side = order->side == SIDE_BUY ? 'B' : 'S',
        .quantity = order->quantity,
        .price = (uint64_t)order->price,
        .time_in_force = order->time_in_force == TIF_IOC ? '3' : '0',
        .display = 'Y',
        .capacity = 'P',
        .intermarket_sweep = 'N',
        .cross_type = 'N',
    };
    memcpy(enter.symbol, execution->config.instruments[order->instrument].symbol, sizeof enter.symbol);
    write_client_order_id(enter.client_order_id, order->tick);
    return (uint32_t)ouch_encode_enter(&enter, &execution->firm, execution->packet + SOUP_HEADER_SIZE,
                                       OUCH_MESSAGE_MAX);
}

static uint32_t encode_replace(struct execution *execution, const struct order *order) {
    struct ouch_replace replace = {
        .original_user_ref = order_user_ref(order->target_order_id),
        .user_ref = order_user_ref(order->order_id),
        .quantity = order->quantity,
        .price = (uint64_t)order->price,
        .time_in_force = order->time_in_force == TIF_IOC ? '3' : '0',
        .display = 'Y',
        .intermarket_sweep = 'N',
    };
    write_client_order_id(replace.client_order_id, order->tick);
    return (uint32_t)ouch_encode_replace(&replace, NULL, execution->packet + SOUP_HEADER_SIZE,
                                         OUCH_MESSAGE_MAX);
}

static uint32_t encode_cancel(struct execution *execution, uint64_t order_id) {
    struct ouch_cancel cancel = {.user_ref = order_user_ref(order_id), .quantity = 0};
    return (uint32_t)ouch_encode_cancel(&cancel, NULL, execution->packet + SOUP_HEADER_SIZE,
                                        OUCH_MESSAGE_MAX);
}

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
    }
    execution->blocked = 0;
    return 1;
}

enum transmit_result { TRANSMIT_DONE, TRANSMIT_BLOCKED, TRANSMIT_KILLED };

/* The packet at execution->packet, whole or not at all as far as order is concerned: what the kernel leaves
 * of it is queued before anything else.  A failed send is told apart from a full buffer by the next read. */
static enum transmit_result transmit(struct execution *execution, uint32_t payload_size, int only_if_armed,
                                     uint64_t now_ns, struct execution_report *report) {
    uint32_t size = soup_frame(execution->packet, SOUP_UNSEQUENCED, payload_size);
    uint64_t before = clock_now();
    if (only_if_armed && control_load(&execution->control->kill)) return TRANSMIT_KILLED;
    ssize_t sent = send(execution->socket, execution->packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    uint64_t after = clock_now();
    if (sent <= 0) {
        note_blocked(execution);
        return TRANSMIT_BLOCKED;
    }
    if ((uint32_t)sent < size) {
        session_append(execution->session, execution->packet + sent,
                       size - (uint32_t)sent); /* is empty: fits */
        note_blocked(execution);
    }
    execution->session->sent_ns = now_ns;
    execution->poll_next_ns = 0; /* an answer is near */
    report->report_ns = after;
    report->execution_ns = report->rx_ns == 0 ? 0 : clock_since(report->rx_ns, before);
    report->transmit_ns = clock_since(before, after);
    return TRANSMIT_DONE;
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
        .price = order->price,
        .quantity = order->quantity,
        .instrument = order->instrument,
        .kind = REPORT_NOT_SENT,
        .side = order->side,
        .reason = (uint8_t)reason,
        .time_in_force = order->time_in_force,
    };
    if (cancel) /* the order itself is what it was */
        report.order_state =
            order_table_state(execution->table, order_user_ref(order->target_order_id), &report.leaves);
    execution_publish(execution, &report);
    execution_count(execution, EXECUTION_COUNT_NOT_SENT);
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
    report->target_order_id = order->kind == INTENT_CANCEL ? entry->order_id : entry->target_order_id;
    report->book_ns = order->book_ns;
    report->signal_ns = order->signal_ns;
    report->risk_ns = order->risk_ns;
}

/* NEW and REPLACE.  1 when the order has been dealt with, 0 when it must wait. */
static int send_order(struct execution *execution, const struct order *order, uint64_t now_ns) {
    if (order->order_id >> 32 != control_load(&execution->control->epoch)) {
        report_not_sent(execution, order, NOT_SENT_EPOCH, now_ns);
        return 1;
    }
    int entered = order_table_enter(execution->table, order);
    if (entered < 0) {
        report_not_sent(execution, order, reason_of(entered), now_ns);
        return 1;
    }
    struct execution_report report;
    describe_sent(entry_of(execution, order->order_id), order, now_ns, &report);
    int replace = order->kind == INTENT_REPLACE;
    uint32_t size = replace ? encode_replace(execution, order) : encode_enter(execution, order);
    enum transmit_result result = transmit(execution, size, 1, now_ns, &report);
    if (result != TRANSMIT_DONE) {
        order_table_withdraw(execution->table, order->order_id);
        if (result == TRANSMIT_BLOCKED) return 0;
        report_not_sent(execution, order, NOT_SENT_KILLED, now_ns);
        return 1;
    }
    record_latency(execution, &report);
    execution_publish(execution, &report);
    execution_count(execution, replace ? EXECUTION_COUNT_REPLACES : EXECUTION_COUNT_ORDERS);
    return 1;
}

/* Cancels go out whatever the kill switch and the epoch say: they only ever take risk away. */
static int send_cancel(struct execution *execution, const struct order *order, uint64_t now_ns) {
    const struct order_entry *entry = entry_of(execution, order->target_order_id);
    if (entry == NULL || !order_is_open(entry->state)) {
        report_not_sent(execution, order, NOT_SENT_TARGET, now_ns);
        return 1;
    }
    struct execution_report report;
    describe_sent(entry, order, now_ns, &report);
    uint32_t size = encode_cancel(execution, entry->order_id);
    if (transmit(execution, size, 0, now_ns, &report) != TRANSMIT_DONE) return 0;
    execution_publish(execution, &report);
    execution_count(execution, EXECUTION_COUNT_CANCELS);
    return 1;
}

static int take_order(struct execution *execution, const struct order *order, uint64_t now_ns) {
    int stale = execution->orders.next < execution->orders_stale;
    if (stale || !execution->trading || execution->session->state != SESSION_LIVE) {
        report_not_sent(execution, order, NOT_SENT_SESSION, now_ns);
        return 1;
    }
    if (!execution_hot_flush(execution, now_ns)) return 0; /* a torn message comes first */
    switch ((enum intent_kind)order->kind) {
    case INTENT_NEW:
    case INTENT_REPLACE: return send_order(execution, order, now_ns);
    case INTENT_CANCEL: return send_cancel(execution, order, now_ns);
    }
    report_not_sent(execution, order, NOT_SENT_MALFORMED, now_ns);
    return 1;
}

static int room_for_report(struct execution *execution) {
    if (ring_space(&execution->reports, 1)) return 1;
    execution_count(execution, EXECUTION_COUNT_BACKPRESSURE);
    return 0;
}

int execution_hot_orders(struct execution *execution, uint64_t now_ns) {
    for (int done = 0; done < EXECUTION_ORDER_BATCH; done++) {
        const struct order *order = ring_peek(&execution->orders);
        if (order == NULL || !room_for_report(execution) || !take_order(execution, order, now_ns))
            return done;
        ring_release(&execution->orders);
    }
    return EXECUTION_ORDER_BATCH;
}

int execution_hot_sweep(struct execution *execution, uint64_t now_ns) {
    for (int done = 0; done < EXECUTION_ORDER_BATCH; done++) {
        const struct order_entry *entry = order_table_sweep_peek(execution->table);
        if (entry == NULL || !execution->trading || execution->session->state != SESSION_LIVE) return done;
        if (!room_for_report(execution) || !execution_hot_flush(execution, now_ns)) return done;
        const struct order order = {.kind = INTENT_CANCEL, .target_order_id = entry->order_id};
        if (!send_cancel(execution, &order, now_ns)) return done;
        order_table_sweep_advance(execution->table);
    }
    return EXECUTION_ORDER_BATCH;
}
