/* position_apply: one fill into quantity, cost and realised profit at average cost. */
#include "position/position_book.h"

#define POSITION_QUANTITY_MAX                                                                                \
    (1 << 30) /* shares: so that a 32-bit mark times it leaves room for the cost                             \
               */

/* share_of is cost * part / whole rounded towards zero, in parts so that nothing overflows (part <= whole <=
 * 2^30). */
static int64_t share_of(int64_t cost, int64_t part, int64_t whole) {
    return cost / whole * part + cost % whole * part / whole;
}

/* reduce closes part of the position: its share of the cost leaves with it, and realised is what it brought.
 */
static void reduce(struct position_entry *entry, int64_t change, int64_t value) {
    int64_t whole = entry->quantity < 0 ? -entry->quantity : entry->quantity;
    int64_t part = change < 0 ? -change : change;
    int64_t share = share_of(entry->cost, part, whole);
    entry->quantity += change;
    entry->cost -= share;
    entry->realised -= value + share; /* value is signed like change: negative for a sale */
}

static void extend(struct position_entry *entry, int64_t change, int64_t value) {
    entry->quantity += change;
    entry->cost += value;
}

static int fits(const struct position_entry *entry, uint32_t side, uint32_t quantity, int64_t price) {
    int64_t change = side == SIDE_BUY ? (int64_t)quantity : -(int64_t)quantity;
    int64_t after = entry->quantity + change, total = 0;
    if (after > POSITION_QUANTITY_MAX || after < -POSITION_QUANTITY_MAX) return 0;
    int64_t turnover = price * (int64_t)quantity;
    /* Cost and realised are sums of parts of the turnover, so bounding that by a quarter bounds them. */
    if (__builtin_add_overflow(entry->bought_value, entry->sold_value, &total)) return 0;
    return !__builtin_add_overflow(total, turnover, &total) && total < INT64_MAX / 4;
}

int position_apply(struct position_entry *entry, uint32_t side, uint32_t quantity, int64_t price) {
    if (!fits(entry, side, quantity, price)) return ERROR_FULL;
    int64_t change = side == SIDE_BUY ? (int64_t)quantity : -(int64_t)quantity;
    int64_t held = entry->quantity;
    int opposes = (held > 0 && change < 0) || (held < 0 && change > 0);
    int64_t closing = 0;
    if (opposes) {
        closing = (held > 0 ? held : -held) < quantity ? -held : change;
        reduce(entry, closing, closing * price);
    }
    if (change != closing) extend(entry, change - closing, (change - closing) * price);
    if (side == SIDE_BUY) {
        entry->bought += quantity;
        entry->bought_value += price * (int64_t)quantity;
    } else {
        entry->sold += quantity;
        entry->sold_value += price * (int64_t)quantity;
    }
    entry->fills++;
    return ERROR_NONE;
}

void position_base(const struct position_sum sums[VENUE_COUNT_MAX], struct position_entry *base) {
    struct position_entry made = {0};
    for (uint32_t venue = 0; venue < VENUE_COUNT_MAX; venue++) {
        made.bought += sums[venue].bought;
        made.sold += sums[venue].sold;
        made.bought_value += sums[venue].bought_value;
        made.sold_value += sums[venue].sold_value;
        made.fills += sums[venue].fills;
    }
    int64_t bought = (int64_t)made.bought, sold = (int64_t)made.sold;
    made.quantity = bought - sold;
    if (bought > sold) made.cost = share_of(made.bought_value, bought - sold, bought);
    if (sold > bought) made.cost = -share_of(made.sold_value, sold - bought, sold);
    made.realised = made.sold_value - made.bought_value + made.cost;
    *base = made;
}

void position_value(struct position_entry *entry) {
    entry->unrealised = entry->mark ? entry->mark * entry->quantity - entry->cost : 0;
}
