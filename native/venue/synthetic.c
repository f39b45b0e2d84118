/* synthetic: what happens next on the synthetic street.
 *
 * Each symbol has a fair value: a random walk drawn home, pushed by trades and by the imbalance of the best
 * quotes.  Buys rest at or below it and sells above, so quotes it has moved past are traded away or canceled,
 * and gaps it leaves are filled.  Aggressors prefer the side with the thinner queue: imbalance foretells,
 * mildly, where the price goes. Messages come in clusters. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/bytes.h"
#include "venue/synthetic.h"

#define DAY_MASK         0xFFFFFFFFFFFFULL /* timestamps have 48 bits */
#define PRICE_DEFAULT    1000000
#define START_DEFAULT_NS 34200000000000ULL /* 09:30 */
#define OPENING_STEP_NS  10000
#define OPENING_ORDERS   60     /* a side of each symbol before the first real event */
#define ORDERS_TARGET    120    /* a side in the long run */
#define DEPTH_TICKS      16     /* orders are placed this far from the fair value at most */
#define WANDER_TICKS_MAX 1500   /* fair values stay this close to home */
#define FAIR_NOISE       6000   /* a step of the walk at most, in 1/65 536 tick */
#define FAIR_HOME_SHIFT  15     /* fraction of the distance home made up for each event */
#define FAIR_IMBALANCE   260    /* push at full imbalance */
#define FAIR_IMPACT      6000   /* push of a trade */
#define LEAN_MAX         65536  /* off a shared fair value at most: a tick */
#define LEAN_HOME_SHIFT  5      /* fraction of it made up for each event */
#define FOLLOW_IMBALANCE 300000 /* how much more likely, in a million, aggressors follow a full imbalance */

struct synthetic {
    struct synthetic_config config;
    struct random random;
    uint64_t now_ns;
    uint64_t reference_next;
    uint64_t match_next;
    uint64_t opening; /* messages of the opening written so far */
    uint64_t mean_gap_ns;
    struct synthetic_market *markets;
};

int synthetic_open(const struct synthetic_config *config, struct synthetic **opened) {
    if (config->symbol_count == 0 || config->symbol_count > SYNTHETIC_SYMBOL_COUNT_MAX) return ERROR_ARGUMENT;
    if (config->depth > 10000) return ERROR_ARGUMENT;
    if (config->rate == 0 || config->rate > 1000000000ULL) return ERROR_ARGUMENT;
    uint32_t price = config->price == 0 ? PRICE_DEFAULT : config->price;
    if (price < (LADDER_TICKS / 2 + 100) * TICK || price > 1000000000) return ERROR_ARGUMENT;
    struct synthetic *synthetic = calloc(1, sizeof *synthetic);
    if (synthetic == NULL) return ERROR_SYSTEM;
    synthetic->config = *config;
    if (config->depth == 0) synthetic->config.depth = 100;
    synthetic->random.state = config->seed;
    synthetic->now_ns = config->start_ns == 0 ? START_DEFAULT_NS : config->start_ns;
    synthetic->mean_gap_ns = 1000000000ULL / config->rate;
    synthetic->reference_next = synthetic->match_next = 1;
    synthetic->markets = calloc(config->symbol_count, sizeof *synthetic->markets);
    if (synthetic->markets == NULL) {
        free(synthetic);
        return ERROR_SYSTEM;
    }
    for (uint32_t index = 0; index < config->symbol_count; index++) {
        synthetic_market_open(&synthetic->markets[index], price, (uint16_t)(index + 1));
    }
    *opened = synthetic;
    return ERROR_NONE;
}

void synthetic_close(struct synthetic *synthetic) {
    free(synthetic->markets);
    free(synthetic);
}

static void stock_copy(const struct synthetic *synthetic, const struct synthetic_market *market,
                       char *stock) {
    memcpy(stock, synthetic->config.symbols[market->locate - 1], 8);
}

static uint32_t price_of(const struct synthetic_market *market, uint32_t tick) {
    return (market->base_tick + tick) * TICK;
}

/* ---- what happens ---- */

/* scale makes a quantity of this street's depth. */
static uint32_t scale(const struct synthetic *synthetic, uint32_t quantity) {
    uint32_t scaled = quantity * synthetic->config.depth / 100;
    return scaled > 0 ? scaled : 1;
}

static uint32_t draw_quantity(struct synthetic *synthetic) {
    struct random *random = &synthetic->random;
    uint32_t lots = 1 + random_below(random, 1 + random_below(random, 10));
    return scale(synthetic,
                 random_below(random, 16) == 0 ? lots * 10 + random_below(random, 90) : lots * 100);
}

/* push moves what the street thinks a symbol is worth, by its own doings. */
static void push(struct synthetic_market *market, int64_t amount) {
    market->fair += amount;
    market->lean += amount;
}

/* draw_tick is where a new order of a side goes: near the fair value more often than far, never through the
 * other side. */
static uint16_t draw_tick(struct synthetic_market *market, struct random *random, uint8_t side) {
    int32_t away = (int32_t)random_below(random, 1 + random_below(random, DEPTH_TICKS));
    int32_t fair = (int32_t)(market->fair >> 16);
    int32_t tick = side == SIDE_BUY ? fair - away : fair + 1 + away;
    if (side == SIDE_BUY && tick >= market->best[SIDE_SELL]) tick = market->best[SIDE_SELL] - 1;
    if (side == SIDE_SELL && tick <= market->best[SIDE_BUY]) tick = market->best[SIDE_BUY] + 1;
    return (uint16_t)tick;
}

static void write_add(struct synthetic *synthetic, struct synthetic_market *market, uint8_t side,
                      struct itch_message *message) {
    struct random *random = &synthetic->random;
    uint16_t tick = draw_tick(market, random, side);
    struct synthetic_order *order =
        synthetic_add(market, synthetic->reference_next++, side, tick, draw_quantity(synthetic));
    message->type = random_below(random, 64) == 0 ? ITCH_ADD_ORDER_MPID : ITCH_ADD_ORDER;
    message->add_order = (struct itch_add_order){.reference = order->reference,
                                                 .side = side == SIDE_BUY ? 'B' : 'S',
                                                 .quantity = order->quantity,
                                                 .price = price_of(market, tick)};
    stock_copy(synthetic, market, message->add_order.stock);
    memcpy(message->add_order.attribution, "SYNT", 4);
}

static void write_delete(struct synthetic_market *market, struct synthetic_order *order,
                         struct itch_message *message) {
    message->type = ITCH_ORDER_DELETE;
    message->order_delete.reference = order->reference;
    synthetic_take(market, order, order->quantity);
}

static void write_cancel(struct synthetic *synthetic, struct synthetic_market *market,
                         struct synthetic_order *order, struct itch_message *message) {
    if (order->quantity < 2) {
        write_delete(market, order, message);
        return;
    }
    uint32_t quantity = 1 + random_below(&synthetic->random, order->quantity - 1);
    message->type = ITCH_ORDER_CANCEL;
    message->order_cancel = (struct itch_order_cancel){.reference = order->reference, .quantity = quantity};
    synthetic_take(market, order, quantity);
}

static void write_execute(struct synthetic *synthetic, struct synthetic_market *market, uint8_t side,
                          struct itch_message *message) {
    struct synthetic_order *order = synthetic_front(market, side);
    uint32_t wanted = scale(synthetic, 100 * (1 + random_below(&synthetic->random, 5)));
    uint32_t quantity = wanted < order->quantity ? wanted : order->quantity;
    message->type = ITCH_ORDER_EXECUTED;
    message->order_executed = (struct itch_order_executed){
        .reference = order->reference, .quantity = quantity, .match_number = synthetic->match_next++};
    push(market, side == SIDE_SELL ? FAIR_IMPACT : -FAIR_IMPACT);
    synthetic_take(market, order, quantity);
}

static void write_replace(struct synthetic *synthetic, struct synthetic_market *market,
                          struct synthetic_order *order, struct itch_message *message) {
    uint64_t reference = order->reference;
    uint8_t side = order->side;
    synthetic_take(market, order, order->quantity);
    uint16_t tick = draw_tick(market, &synthetic->random, side);
    order = synthetic_add(market, synthetic->reference_next++, side, tick, draw_quantity(synthetic));
    message->type = ITCH_ORDER_REPLACE;
    message->order_replace = (struct itch_order_replace){.reference = reference,
                                                         .new_reference = order->reference,
                                                         .quantity = order->quantity,
                                                         .price = price_of(market, tick)};
}

/* imbalance of the best quotes, from -65 536 (all sells) to 65 536 (all buys). */
static int64_t imbalance(const struct synthetic_market *market) {
    if (market->live_count[SIDE_BUY] == 0 || market->live_count[SIDE_SELL] == 0) return 0;
    int64_t buys = market->queues[SIDE_BUY][market->best[SIDE_BUY]].quantity;
    int64_t sells = market->queues[SIDE_SELL][market->best[SIDE_SELL]].quantity;
    return (buys - sells) * 65536 / (buys + sells);
}

/* follow_fair takes a symbol to the value all streets of the fair seed share, and a little to the side. */
static void follow_fair(struct synthetic *synthetic, struct synthetic_market *market) {
    market->lean += imbalance(market) * FAIR_IMBALANCE / 65536;
    market->lean -= market->lean / (1 << LEAN_HOME_SHIFT);
    if (market->lean > LEAN_MAX) market->lean = LEAN_MAX;
    if (market->lean < -LEAN_MAX) market->lean = -LEAN_MAX;
    const struct synthetic_config *config = &synthetic->config;
    market->fair = market->home + market->lean +
                   synthetic_fair(config->fair_seed, config->symbols[market->locate - 1], synthetic->now_ns);
}

static void move_fair(struct synthetic_market *market, struct random *random) {
    market->fair += (int64_t)random_below(random, 2 * FAIR_NOISE + 1) - FAIR_NOISE;
    market->fair += (market->home - market->fair) / (1 << FAIR_HOME_SHIFT);
    market->fair += imbalance(market) * FAIR_IMBALANCE / 65536;
    int64_t reach = (int64_t)WANDER_TICKS_MAX << 16;
    if (market->fair > market->home + reach) market->fair = market->home + reach;
    if (market->fair < market->home - reach) market->fair = market->home - reach;
}

/* correct deals with quotes the fair value has moved past and gaps it has left: 1 when there was something to
 * do. */
static int correct(struct synthetic *synthetic, struct synthetic_market *market,
                   struct itch_message *message) {
    int32_t fair = (int32_t)(market->fair >> 16);
    bool buy_through = market->live_count[SIDE_BUY] > 0 && market->best[SIDE_BUY] > fair;
    bool sell_through = market->live_count[SIDE_SELL] > 0 && market->best[SIDE_SELL] <= fair;
    if (buy_through || sell_through) {
        uint8_t side = buy_through ? SIDE_BUY : SIDE_SELL;
        if (random_below(&synthetic->random, 2) == 0) {
            write_execute(synthetic, market, side, message);
        } else {
            write_delete(market, synthetic_front(market, side), message);
        }
        return 1;
    }
    bool buy_gap = market->best[SIDE_BUY] < fair - 1;
    bool sell_gap = market->best[SIDE_SELL] > fair + 2;
    if (!buy_gap && !sell_gap) return 0;
    write_add(synthetic, market, buy_gap ? SIDE_BUY : SIDE_SELL, message);
    return 1;
}

static void write_event(struct synthetic *synthetic, struct synthetic_market *market,
                        struct itch_message *message) {
    struct random *random = &synthetic->random;
    if (synthetic->config.fair_seed != 0) {
        follow_fair(synthetic, market);
    } else {
        move_fair(market, random);
    }
    if (market->free_count == 0) { /* the constants above keep well clear of this, but memory is what it is */
        uint8_t fuller = market->live_count[SIDE_BUY] > market->live_count[SIDE_SELL] ? SIDE_BUY : SIDE_SELL;
        write_delete(market, synthetic_front(market, fuller), message);
        return;
    }
    if (random_below(random, 4) != 0 && correct(synthetic, market, message)) return;
    uint8_t side = (uint8_t)random_below(random, 2);
    uint32_t live = market->live_count[side];
    if (live < ORDERS_TARGET / 4 || (live < POOL_ORDERS / 2 && random_below(random, 100) < 40)) {
        if (random_below(random, 2 * ORDERS_TARGET) >= live) {
            write_add(synthetic, market, side, message);
            return;
        }
    }
    struct synthetic_order *order = &market->orders[market->live[side][random_below(random, live)]];
    uint32_t kind = random_below(random, 100);
    if (kind < 16) {
        int64_t follow = 500000 + imbalance(market) * FOLLOW_IMBALANCE / 65536;
        uint8_t hit = random_chance(random, (uint32_t)follow) ? SIDE_SELL : SIDE_BUY;
        if (market->live_count[hit] == 0) hit = side; /* this one has the order above */
        write_execute(synthetic, market, hit, message);
    } else if (kind < 26) {
        write_cancel(synthetic, market, order, message);
    } else if (kind < 40) {
        write_replace(synthetic, market, order, message);
    } else if (live > ORDERS_TARGET / 2) {
        write_delete(market, order, message);
    } else {
        write_add(synthetic, market, side, message);
    }
}

/* ---- the opening: events, directory, trading actions, a first book ---- */

static void write_directory(const struct synthetic *synthetic, const struct synthetic_market *market,
                            struct itch_message *message) {
    message->type = ITCH_STOCK_DIRECTORY;
    message->stock_directory =
        (struct itch_stock_directory){.market_category = 'Q',
                                      .financial_status = 'N',
                                      .round_lot_size = 100,
                                      .round_lots_only = 'N',
                                      .issue_classification = 'C',
                                      .issue_subtype = {'Z', ' '},
                                      .authenticity = 'T', /* a test issue, and rightly so */
                                      .short_sale_threshold = 'N',
                                      .ipo_flag = 'N',
                                      .luld_tier = '2',
                                      .etp_flag = 'N',
                                      .inverse = 'N'};
    stock_copy(synthetic, market, message->stock_directory.stock);
}

static void write_trading(const struct synthetic *synthetic, const struct synthetic_market *market,
                          struct itch_message *message) {
    message->type = ITCH_TRADING_ACTION;
    message->trading_action = (struct itch_trading_action){.trading_state = 'T', .reserved = ' '};
    memset(message->trading_action.reason, ' ', sizeof message->trading_action.reason);
    stock_copy(synthetic, market, message->trading_action.stock);
}

static void write_system(char event, struct itch_message *message) {
    message->type = ITCH_SYSTEM_EVENT;
    message->system_event.event_code = event;
}

/* write_opening writes the opening's next message: the market it is about, NULL for none in particular; *done
 * when the opening is over and nothing was written. */
static struct synthetic_market *write_opening(struct synthetic *synthetic, struct itch_message *message,
                                              int *done) {
    uint64_t symbols = synthetic->config.symbol_count;
    uint64_t at = synthetic->opening++;
    *done = 0;
    if (at == 0) {
        write_system('O', message);
        return NULL;
    }
    if (at <= symbols) {
        write_directory(synthetic, &synthetic->markets[at - 1], message);
        return &synthetic->markets[at - 1];
    }
    at -= symbols + 1;
    if (at == 0) {
        write_system('S', message);
        return NULL;
    }
    if (at <= symbols) {
        write_trading(synthetic, &synthetic->markets[at - 1], message);
        return &synthetic->markets[at - 1];
    }
    at -= symbols + 1;
    if (at < symbols * 2 * OPENING_ORDERS) {
        struct synthetic_market *market = &synthetic->markets[at % symbols];
        write_add(synthetic, market, at / symbols % 2 == 0 ? SIDE_BUY : SIDE_SELL, message);
        return market;
    }
    if (at == symbols * 2 * OPENING_ORDERS) {
        write_system('Q', message);
        return NULL;
    }
    synthetic->opening--;
    *done = 1;
    return NULL;
}

/* draw_gap is the time to the next message: mostly a tenth of the mean, one time in four 3.7 times the mean,
 * each spread like an exponential (its logarithm made of a bit count and a straight line, 1.5 on average). */
static uint64_t draw_gap(struct synthetic *synthetic) {
    uint64_t mean_ns = synthetic->mean_gap_ns;
    mean_ns = random_below(&synthetic->random, 4) == 0 ? mean_ns * 37 / 10 : mean_ns / 10;
    uint64_t draw = random_next(&synthetic->random) | 1;
    int zeros = __builtin_clzll(draw);
    uint64_t fraction = (draw << zeros) >> 47 & 0xFFFF;
    uint64_t spread = ((uint64_t)zeros << 16) + 65536 - fraction;
    return mean_ns * spread / 98304;
}

size_t synthetic_fill(struct synthetic *synthetic, uint8_t *data, size_t capacity, uint64_t count) {
    size_t at = 0;
    for (uint64_t written = 0; written < count && capacity - at >= 2 + ITCH_LENGTH_MAX; written++) {
        struct itch_message message = {0};
        int opened;
        struct synthetic_market *market = write_opening(synthetic, &message, &opened);
        if (opened) {
            market = &synthetic->markets[random_below(&synthetic->random, synthetic->config.symbol_count)];
            write_event(synthetic, market, &message);
        }
        message.locate = market == NULL ? 0 : market->locate;
        message.timestamp_ns = synthetic->now_ns & DAY_MASK;
        synthetic->now_ns += opened ? draw_gap(synthetic) : OPENING_STEP_NS;
        int size = itch_encode(&message, data + at + 2, capacity - at - 2);
        store_be16(data + at, (uint16_t)size);
        at += 2 + (size_t)size;
    }
    return at;
}
