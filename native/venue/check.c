/* check: whether an order may enter.  Pure: it judges, entry.c acts. */
#include <string.h>

#include "venue/engine.h"

#define DOLLAR 10000
#define CENT   100

static int price_valid(uint64_t price) {
    if (price == OUCH_PRICE_MARKET) return 1;
    if (price == 0 || price > OUCH_PRICE_MAX) return 0;
    return price < DOLLAR || price % CENT == 0; /* Rule 612: no sub-penny prices from a dollar up */
}

static int one_of(char value, const char *values) {
    return value != 0 && strchr(values, value) != NULL;
}

/* What this venue does not do must not be silently ignored: an order that asks for it is refused. */
static enum ouch_reject_reason option_read(struct terms *terms, const struct ouch_option *option) {
    if (option->field == NULL) return 0; /* of a later revision: nothing is known of it */
    char letter = (char)option->value[0];
    int64_t number = ouch_option_number(option);
    switch (option->tag) {
    case OUCH_TAG_MIN_QUANTITY: terms->minimum = (uint32_t)number; return 0;
    case OUCH_TAG_MAX_FLOOR: terms->display_quantity = (uint32_t)number; return 0;
    case OUCH_TAG_PRICE_TYPE: terms->price_type = letter; return 0;
    case OUCH_TAG_PEG_OFFSET: terms->peg_offset = (int32_t)number; return 0;
    case OUCH_TAG_POST_ONLY: terms->post_only = letter == 'P'; return 0;
    case OUCH_TAG_EXPIRE_TIME: terms->expire_s = (uint32_t)number; return 0;
    case OUCH_TAG_CUSTOMER_TYPE: return letter == 'R' ? OUCH_REJECT_RETAIL_NOT_ALLOWED : 0;
    case OUCH_TAG_ROUTE: return memcmp(option->value, "    ", 4) != 0 ? OUCH_REJECT_ROUTING_NOT_ALLOWED : 0;
    case OUCH_TAG_DISCRETION_PRICE:
    case OUCH_TAG_DISCRETION_PEG_OFFSET:
    case OUCH_TAG_RANDOM_RESERVES: return number != 0 ? OUCH_REJECT_OTHER : 0;
    case OUCH_TAG_HANDLE_INST: return letter != ' ' ? OUCH_REJECT_OTHER : 0;
    case OUCH_TAG_AIQ_STRATEGY: return one_of(letter, " N") ? 0 : OUCH_REJECT_INVALID_AIQ;
    default: return 0;
    }
}

static enum ouch_reject_reason check_peg(const struct terms *terms) {
    if (!one_of(terms->price_type, "LRPM")) return OUCH_REJECT_PEGGING_NOT_ALLOWED;
    if (terms->price_type == 'L' && terms->peg_offset != 0) return OUCH_REJECT_INVALID_PEG_TYPE;
    if (terms->price_type == 'M' && terms->display != 'N') return OUCH_REJECT_INVALID_DISPLAY;
    if (terms->peg_offset % CENT != 0) return OUCH_REJECT_INVALID_PRICE;
    return 0;
}

static enum ouch_reject_reason check_size(const struct terms *terms) {
    if (terms->minimum > terms->quantity) return OUCH_REJECT_INVALID_MIN_QUANTITY;
    if (terms->display_quantity == 0) return 0;
    if (terms->display == 'N' || terms->display_quantity > terms->quantity)
        return OUCH_REJECT_INVALID_MAX_FLOOR;
    return terms->minimum == 0 ? 0 : OUCH_REJECT_INVALID_MAX_FLOOR;
}

enum ouch_reject_reason terms_read(struct terms *terms, const struct ouch_appendage *appendage) {
    if (terms->quantity == 0 || terms->quantity > OUCH_QUANTITY_MAX) return OUCH_REJECT_INVALID_QUANTITY;
    if (!price_valid(terms->price)) return OUCH_REJECT_INVALID_PRICE;
    if (!one_of(terms->time_in_force, "0356")) return OUCH_REJECT_OTHER;
    if (!one_of(terms->display, "YAN")) return OUCH_REJECT_INVALID_DISPLAY;
    terms->price_type = 'L';
    uint32_t offset = 0;
    struct ouch_option option;
    enum ouch_reject_reason reason = 0;
    while (reason == 0 && ouch_option_next(appendage, &offset, &option) > 0) {
        reason = option_read(terms, &option);
    }
    if (reason == 0) reason = check_size(terms);
    if (reason == 0) reason = check_peg(terms);
    if (reason == 0 && (terms->time_in_force == '6') != (terms->expire_s > 0)) reason = OUCH_REJECT_OTHER;
    if (terms->minimum > 0 && terms->display != 'N') terms->time_in_force = '3';
    return reason;
}

/* An account trades under its own firm only. */
static int firm_valid(const struct account *account, const struct ouch_appendage *appendage) {
    struct ouch_option option;
    if (!ouch_option_find(appendage, OUCH_TAG_FIRM, &option)) return 1;
    return memcmp(option.value, account->firm, sizeof account->firm) == 0;
}

enum ouch_reject_reason check_enter(const struct venue *venue, uint32_t account, uint32_t locate,
                                    const struct ouch_enter *enter, const struct ouch_appendage *appendage) {
    if (venue->closed) return OUCH_REJECT_DESTINATION_CLOSED;
    if (locate == TABLE_NONE) return OUCH_REJECT_INVALID_SYMBOL;
    if (!one_of(enter->side, "BSTE")) return OUCH_REJECT_INVALID_SIDE;
    if (venue->accounts[account].disabled || !firm_valid(&venue->accounts[account], appendage)) {
        return OUCH_REJECT_FIRM_NOT_AUTHORIZED;
    }
    if (!instrument_trades(&venue->instruments[locate])) return OUCH_REJECT_HALTED;
    if (enter->cross_type != 'N') return OUCH_REJECT_INVALID_CROSS;
    if (!one_of(enter->capacity, "APRO")) return OUCH_REJECT_OTHER;
    return 0;
}

/* Reg SHO (Rule 201): while the restriction is in effect, no short sale at or below the best bid. */
enum ouch_reject_reason check_market(const struct venue *venue, const struct instrument *instrument,
                                     const struct order *order) {
    if (venue->after_market && order->time_in_force == '0') return OUCH_REJECT_DESTINATION_CLOSED;
    if (!instrument->restricted || order->marking != 'T') return 0;
    uint32_t bid = book_touch(venue, instrument, SIDE_BUY, 1);
    uint32_t price = order_pegged(order) ? order->price : order->limit;
    return bid != 0 && price <= bid ? OUCH_REJECT_OTHER : 0;
}
