/* risk_market: what market updates and the steward's limits change in the gate. */
#include "risk/risk_cell.h"

static uint32_t touch(int64_t price, uint32_t quantity) {
    return quantity && gate_is_price(price) ? (uint32_t)price : 0;
}

void risk_gate_market(struct risk_gate *gate, const struct market_update *update) {
    if (update->instrument >= INSTRUMENT_COUNT_MAX || update->venue >= VENUE_COUNT_MAX) return;
    struct gate_book *book = &gate->books[update->instrument][update->venue];
    book->bid = touch(update->bid_price[0], update->bid_quantity[0]);
    book->ask = touch(update->ask_price[0], update->ask_quantity[0]);
    if (gate_is_price(update->last_price)) book->last = (uint32_t)update->last_price;
    book->stale = (update->flags & MARKET_STALE) != 0;
    book->short_sale = (update->flags & MARKET_SHORT_SALE) != 0;
    book->trading_state = update->trading_state;
    if (book->stale || book->bid == 0 || book->ask < book->bid) return;
    int64_t mid = ((int64_t)book->bid + (int64_t)book->ask) / 2;
    if (mid != gate->instruments[update->instrument].mark) gate_remark(gate, update->instrument, mid);
}

/* bounded_window: a window nobody has set never ends, and times are compared with their sign. */
static uint64_t bounded_window(uint64_t window_ns) {
    return window_ns == 0 || window_ns > INT64_MAX ? INT64_MAX : window_ns;
}

static uint32_t bounded_count(uint32_t count, uint32_t count_max) {
    return count < count_max ? count : count_max;
}

/* What is bounded in the gate's memory never passes its bound: a limit must be below it. */
static void bound_scope(struct risk_scope_limits *scope) {
    scope->gross_max = gate_least(scope->gross_max, GATE_VALUE_MAX - 1);
    scope->net_max = gate_least(scope->net_max, GATE_VALUE_MAX - 1);
    scope->credit_max = gate_least(scope->credit_max, GATE_CREDIT_MAX - 1);
}

static void bound_instrument(struct risk_instrument_limits *instrument) {
    instrument->order_value_max = gate_least(instrument->order_value_max, GATE_ORDER_VALUE_MAX - 1);
    instrument->position_max = gate_least(instrument->position_max, GATE_POSITION_MAX);
    instrument->exposure_max = gate_least(instrument->exposure_max, GATE_VALUE_MAX - 1);
    instrument->collar_distance = gate_least(instrument->collar_distance, RISK_PRICE_MAX);
    instrument->order_count_max = bounded_count(instrument->order_count_max, RISK_WINDOW_COUNT_MAX);
}

static void bound_strategy(struct risk_strategy_limits *strategy) {
    bound_scope(&strategy->scope);
    strategy->order_count_max = bounded_count(strategy->order_count_max, RISK_WINDOW_COUNT_MAX);
    strategy->execution_count_max = bounded_count(strategy->execution_count_max, RISK_WINDOW_COUNT_MAX);
    strategy->execution_window_ns = bounded_window(strategy->execution_window_ns);
}

static void bound(struct risk_limits *limits) {
    limits->message_rate_max = bounded_count(limits->message_rate_max, RISK_MESSAGE_RATE_MAX);
    limits->message_burst_max = bounded_count(limits->message_burst_max, RISK_MESSAGE_RATE_MAX);
    limits->duplicate_max = bounded_count(limits->duplicate_max, RISK_DUPLICATE_MEMORY - 1);
    limits->message_window_ns = bounded_window(limits->message_window_ns);
    limits->message_burst_window_ns = bounded_window(limits->message_burst_window_ns);
    limits->order_window_ns = bounded_window(limits->order_window_ns);
    limits->duplicate_window_ns = bounded_window(limits->duplicate_window_ns);
    bound_scope(&limits->firm);
    for (uint32_t i = 0; i < ACCOUNT_COUNT_MAX; i++) bound_scope(&limits->accounts[i]);
    for (uint32_t i = 0; i < STRATEGY_COUNT_MAX; i++) bound_strategy(&limits->strategies[i]);
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++) bound_instrument(&limits->instruments[i]);
}

/* release_throttles: what the first limits of this life say is no change, so it re-enables nothing. */
static void release_throttles(struct risk_gate *gate, const struct risk_limits *limits) {
    for (uint32_t i = 0; i < STRATEGY_COUNT_MAX; i++) {
        if (limits->strategies[i].throttle_generation == gate->limits.strategies[i].throttle_generation)
            continue;
        gate->throttled &= ~(1U << i);
        gate->executions[i].count = 0;
        gate_touch(gate, RISK_SCOPE_STRATEGY + i);
    }
}

void risk_gate_limits(struct risk_gate *gate, const struct risk_limits *limits, uint64_t published_ns) {
    if (gate->limits_published_ns) release_throttles(gate, limits);
    if (limits->probe_generation != gate->limits.probe_generation)
        __builtin_memset(gate->probes, 0, sizeof gate->probes);
    gate->limits = *limits;
    bound(&gate->limits);
    gate->permitted = 0;
    for (uint32_t venue = 0; venue < VENUE_COUNT_MAX; venue++)
        if (limits->venues[venue].permitted) gate->permitted |= 1U << venue;
    gate->limits_published_ns = published_ns;
}

void risk_gate_throttle(struct risk_gate *gate, uint32_t strategy) {
    if (strategy < STRATEGY_COUNT_MAX) gate->throttled |= 1U << strategy;
}
