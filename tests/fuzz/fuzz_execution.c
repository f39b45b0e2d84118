/* fuzz_execution: the input is what a venue, time and our own gate do to a session: steps of an operation, a
 * size and as many bytes.  Whatever they are, the session and the order table stay consistent and every event
 * adds up. */
#include "execution/order_encode.h"
#include "execution/order_table.h"
#include "execution/session.h"
#include "fuzz.h"

enum { ORDERS_MAX = 32, USER_REF_MAX = 64 };

enum operation { BYTES, BYTES_AGAIN, SEQUENCED, LOGIN, TIME, ORDER, BREAK, OPERATOR, SWEEP, OPERATION_COUNT };

struct box {
    struct session *session;
    struct order_table *table;
    uint64_t now_ns;
    uint64_t sequence; /* of the last message handed on since RESET */
    int live;
};

/* Marking everything and taking it out again visits every open order once, and leaves none marked; those that
 * were marked before are so again afterwards. */
static void check_sweep(const struct box *box, uint64_t open) {
    const struct order_filter all = {.all = 1};
    const struct order_entry *entry;
    uint64_t before[ORDERS_MAX], count = 0, marked = 0;
    CHECK(box->table->marked_count <= open && open <= ORDERS_MAX);
    while ((entry = order_table_take_marked(box->table)) != NULL) before[count++] = entry->order_id;
    CHECK(order_table_mark(box->table, &all) == open && box->table->marked_count == open);
    while (order_table_take_marked(box->table) != NULL) marked++;
    CHECK(marked == open && box->table->marked_count == 0);
    while (count > 0) CHECK(order_table_mark_one(box->table, before[--count]) == 1);
}

static void check_orders(const struct box *box) {
    struct order_table_counts counts;
    uint64_t open = 0;
    for (uint32_t slot = 0; slot <= box->table->mask; slot++) {
        const struct order_entry *entry = &box->table->entries[slot];
        if (entry->user_ref == 0) continue;
        CHECK(order_is_open(entry->state) == (entry->leaves > 0));
        CHECK(entry->leaves <= entry->quantity);
        CHECK((entry->state == ORDER_LIVE || entry->state == ORDER_REJECTED) <=
              !!(entry->flags & ENTRY_ANSWERED));
        CHECK(entry->terms.account < ACCOUNT_COUNT_MAX && entry->terms.trader < TRADER_COUNT_MAX);
        open += (uint64_t)order_is_open(entry->state);
    }
    order_table_get_counts(box->table, &counts);
    CHECK(counts.open == open);
    check_sweep(box, open);
}

static void settle(struct box *box) {
    struct execution_report report;
    for (int settled = 0; order_table_settle(box->table, box->now_ns, &report); settled++)
        CHECK(settled <= ORDERS_MAX && report.leaves == 0 && report.order_state == ORDER_NONE);
}

static void handle(struct box *box, const struct session_event *event) {
    struct execution_report report = {0};
    switch ((enum session_event_kind)event->kind) {
    case SESSION_EVENT_RESET:
        CHECK(!box->live);
        order_table_reset(box->table, (int)event->another_session);
        box->sequence = 0;
        break;
    case SESSION_EVENT_MESSAGE: {
        uint8_t *copy = exact_copy(event->data, event->size);
        int made = order_table_apply(box->table, copy, event->size, event->sequence, box->now_ns, &report);
        free(copy);
        CHECK(event->sequence <= box->sequence + 1);
        if (event->sequence > box->sequence) box->sequence = event->sequence;
        if (made == 1) CHECK(order_is_open((uint8_t)report.order_state) || report.leaves == 0);
        if (made < 0 && made != ERROR_UNSUPPORTED) session_resync(box->session);
        break;
    }
    case SESSION_EVENT_LIVE:
        CHECK(!box->live);
        order_table_settle_lost(box->table);
        box->live = 1;
        break;
    case SESSION_EVENT_DOWN: box->live = 0; break;
    case SESSION_EVENT_NONE: CHECK(0);
    }
    settle(box);
    check_orders(box);
}

static void hear(struct box *box, const uint8_t *data, size_t size) {
    struct session_event event;
    while (size > 0) {
        size_t taken = session_receive(box->session, data, size, box->now_ns);
        CHECK(taken > 0);
        data += taken;
        size -= taken;
        while (session_next(box->session, box->now_ns, &event)) handle(box, &event);
    }
}

static void closed(struct box *box) {
    struct session_event event;
    session_closed(box->session, box->now_ns);
    while (session_next(box->session, box->now_ns, &event)) handle(box, &event);
    CHECK(!box->live);
}

static void pass_time(struct box *box, uint8_t amount) {
    box->now_ns += (uint64_t)amount * amount * 1000000;
    int action = session_advance(box->session, box->now_ns);
    if (action == SESSION_CONNECT) session_connected(box->session, box->now_ns);
    if (action == SESSION_CLOSE) closed(box);
    size_t size;
    CHECK(session_pending(box->session, &size) != NULL && size <= SESSION_OUTPUT_SIZE);
    session_sent(box->session, amount < size ? amount : size, box->now_ns);
}

static void try_encoding(const struct box *box, const struct order *order) {
    static const char symbol[8] = "AAPL    ";
    const struct ouch_appendage firm = {0};
    uint8_t payload[OUCH_MESSAGE_MAX];
    struct ouch_inbound message;
    if (!order_table_in_range(box->table, order)) return;
    CHECK(order_needs(order) <= 255);
    uint32_t size = order->kind == INTENT_REPLACE ? order_encode_replace(order, payload)
                                                  : order_encode_enter(order, symbol, &firm, payload);
    uint8_t *copy = exact_copy(payload, size);
    CHECK(ouch_decode_inbound(copy, size, &message) == (int)size);
    free(copy);
    struct order_owner owner;
    CHECK(client_order_id_read(order->kind == INTENT_REPLACE ? message.replace.client_order_id
                                                             : message.enter.client_order_id,
                               &owner) == 0);
    CHECK(owner.strategy == order->strategy && owner.account == order->account &&
          owner.trader == order->trader);
}

/* Some orders wait for their cancel while everything else goes on; a number goes to a Mass Cancel. */
static void sweep(struct box *box, const uint8_t *data, size_t size) {
    if (size < 3) return;
    struct order_filter filter = {.accounts = data[0], .strategies = data[1], .user_ref_end = data[2]};
    filter.instruments[0] = data[2] % 2;
    (void)order_table_mark(box->table, &filter);
    if (data[0] % 2) (void)order_table_mark_one(box->table, data[1]);
    for (int count = data[1] % 4; count > 0; count--) {
        const struct order_entry *entry = order_table_take_marked(box->table);
        CHECK(entry == NULL || order_is_open(entry->state));
        if (entry != NULL && data[2] % 4 == 0) order_table_mark_again(box->table, entry->order_id);
    }
    if (data[2] % 8 == 7) (void)order_table_spend(box->table, data[0] % USER_REF_MAX + 1U);
}

static void give_order(struct box *box, const uint8_t *data, size_t size) {
    if (size < 3) return;
    struct order order = {.order_id = data[0] % USER_REF_MAX,
                          .target_order_id = data[1] % USER_REF_MAX,
                          .quantity = data[2],
                          .kind = data[1] % 2 ? INTENT_NEW : INTENT_REPLACE};
    if (size > 4) { /* a richer order: whatever it says, its message is well formed */
        order.strategy = data[3];
        order.account = order.trader = data[4] % 20;
        order.order_type = data[4] / 20 % 8;
        order.time_in_force = data[3] % 4;
        order.display = data[3] / 4 % 3;
        order.short_sale = data[3] / 16 % 4;
        order.flags = data[4] % 16;
        order.display_quantity = order.minimum_quantity = data[0] / 2;
        order.peg_offset = data[1] - 128;
        order.side = data[0] / USER_REF_MAX % 4;
        try_encoding(box, &order);
    }
    if (order_table_enter(box->table, &order) == 0 && size > 3)
        order_table_withdraw(box->table, order.order_id);
    check_orders(box);
}

static void log_in(struct box *box, uint8_t sequence) {
    uint8_t packet[SOUP_ACCEPTED_SIZE];
    const struct soup_accepted accepted = {.session = "DAY1", .sequence = sequence};
    CHECK(soup_encode_accepted(&accepted, packet, sizeof packet) == SOUP_ACCEPTED_SIZE);
    hear(box, packet, sizeof packet);
}

static void step(struct box *box, enum operation operation, const uint8_t *data, size_t size) {
    uint8_t packet[SOUP_HEADER_SIZE + UINT8_MAX];
    switch (operation) {
    case BYTES:
    case BYTES_AGAIN: hear(box, data, size); return;
    case SEQUENCED:
        hear(box, packet, (size_t)soup_encode(SOUP_SEQUENCED, data, size, packet, sizeof packet));
        return;
    case LOGIN: log_in(box, size > 0 ? data[0] : 1); return;
    case TIME: pass_time(box, size > 0 ? data[0] : 1); return;
    case ORDER: give_order(box, data, size); return;
    case BREAK: closed(box); return;
    case OPERATOR:
        if (size % 3 == 0) session_login(box->session, box->now_ns);
        if (size % 3 == 1) session_logout(box->session, box->now_ns);
        if (size % 3 == 2) session_resync(box->session);
        return;
    case SWEEP: sweep(box, data, size); return;
    case OPERATION_COUNT: return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct execution_config config = {.username = "user",
                                            .password = "secret",
                                            .heartbeat_ns = 1000000000,
                                            .silence_ns_max = 5000000000,
                                            .reconnect_ns_min = 100000000,
                                            .reconnect_ns_max = 1000000000,
                                            .order_count_max = ORDERS_MAX,
                                            .instrument_count = 1,
                                            .instruments = {{.symbol = "AAPL    "}}};
    struct box box = {.now_ns = 1000000000000000000};
    CHECK(session_create(&config, &box.session) == 0 && order_table_create(&config, &box.table) == 0);
    while (size >= 2) {
        size_t length = data[1] < size - 2 ? data[1] : size - 2;
        step(&box, (enum operation)(data[0] % OPERATION_COUNT), data + 2, length);
        data += 2 + length;
        size -= 2 + length;
    }
    session_destroy(box.session);
    order_table_destroy(box.table);
    return 0;
}
