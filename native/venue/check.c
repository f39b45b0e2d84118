/* check: whether an order may enter.  Pure: it judges, account.c acts. */
#include <string.h>

#include "venue/engine.h"

#define DOLLAR 10000
#define CENT   100

/* What this venue does not do must not be silently ignored: an order that asks for it is refused. */
static enum ouch_reject_reason check_options(const struct ouch_appendage *appendage) {
    uint32_t offset = 0;
    struct ouch_option option;
    while (ouch_option_next(appendage, &offset, &option) > 0) {
        switch (option.tag) {
        case OUCH_TAG_MIN_QUANTITY:
            if (ouch_option_number(&option) != 0) return OUCH_REJECT_INVALID_MIN_QUANTITY;
            break;
        case OUCH_TAG_MAX_FLOOR:
            if (ouch_option_number(&option) != 0) return OUCH_REJECT_INVALID_MAX_FLOOR;
            break;
        case OUCH_TAG_PRICE_TYPE:
            if (option.value[0] != 'L') return OUCH_REJECT_PEGGING_NOT_ALLOWED;
            break;
        case OUCH_TAG_POST_ONLY:
            if (option.value[0] == 'P') return OUCH_REJECT_OTHER;
            break;
        case OUCH_TAG_CUSTOMER_TYPE:
            if (option.value[0] == 'R') return OUCH_REJECT_RETAIL_NOT_ALLOWED;
            break;
        default: break;
        }
    }
    return 0;
}

static int price_valid(uint64_t price) {
    if (price == OUCH_PRICE_MARKET) return 1;
    if (price == 0 || price > OUCH_PRICE_MAX) return 0;
    return price < DOLLAR || price % CENT == 0; /* Rule 612: no sub-penny prices from a dollar up */
}

enum ouch_reject_reason check_terms(uint32_t quantity, uint64_t price, char time_in_force, char display,
                                    const struct ouch_appendage *appendage) {
    if (quantity == 0 || quantity > OUCH_QUANTITY_MAX) return OUCH_REJECT_INVALID_QUANTITY;
    if (!price_valid(price)) return OUCH_REJECT_INVALID_PRICE;
    if (memchr("03", time_in_force, 2) == NULL) return OUCH_REJECT_OTHER;
    if (memchr("YA", display, 2) == NULL) return OUCH_REJECT_INVALID_DISPLAY;
    return check_options(appendage);
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
    if (memchr("BSTE", enter->side, 4) == NULL) return OUCH_REJECT_INVALID_SIDE;
    if (venue->accounts[account].disabled || !firm_valid(&venue->accounts[account], appendage)) {
        return OUCH_REJECT_FIRM_NOT_AUTHORIZED;
    }
    if (venue->instruments[locate].halted) return OUCH_REJECT_HALTED;
    if (enter->cross_type != 'N') return OUCH_REJECT_INVALID_CROSS;
    if (memchr("APRO", enter->capacity, 4) == NULL) return OUCH_REJECT_OTHER;
    return check_terms(enter->quantity, enter->price, enter->time_in_force, enter->display, appendage);
}
