/* client_order_id: the 14 characters of an order that only its sender gives a meaning: which message caused
 * it, and whose it is.  The venue repeats them whenever it describes the order. */
#include "tickwire/execution.h"

enum { SIZE = 14, TICK_AT = 1, TICK_SIZE = 10, STRATEGY_AT = 11, ACCOUNT_AT = 12, TRADER_AT = 13 };

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

static int digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    return letter >= 'A' && letter <= 'V' ? letter - 'A' + 10 : -1;
}

void client_order_id_write(char id[14], uint64_t tick, const struct order_owner *owner) {
    id[0] = 'T';
    for (int i = TICK_AT + TICK_SIZE - 1; i >= TICK_AT; i--) {
        id[i] = (char)('0' + tick % 10);
        tick /= 10;
    }
    id[STRATEGY_AT] = digits[owner->strategy & 31];
    id[ACCOUNT_AT] = digits[owner->account & 31];
    id[TRADER_AT] = digits[owner->trader & 31];
}

int client_order_id_read(const char id[14], struct order_owner *owner) {
    uint64_t tick = 0;
    int strategy = digit(id[STRATEGY_AT]), account = digit(id[ACCOUNT_AT]), trader = digit(id[TRADER_AT]);
    *owner = (struct order_owner){0};
    if (id[0] != 'T' || strategy < 0 || account < 0 || trader < 0) return ERROR_MALFORMED;
    if (account >= ACCOUNT_COUNT_MAX || trader >= TRADER_COUNT_MAX) return ERROR_MALFORMED;
    for (int i = TICK_AT; i < TICK_AT + TICK_SIZE; i++) {
        if (id[i] < '0' || id[i] > '9') return ERROR_MALFORMED;
        tick = tick * 10 + (uint64_t)(id[i] - '0');
    }
    *owner = (struct order_owner){
        .tick = tick, .strategy = (uint16_t)strategy, .account = (uint8_t)account, .trader = (uint8_t)trader};
    return ERROR_NONE;
}
_Static_assert(TRADER_AT == SIZE - 1, "the identifier is full");
_Static_assert(STRATEGY_COUNT_MAX <= 32 && ACCOUNT_COUNT_MAX <= 32 && TRADER_COUNT_MAX <= 32,
               "one base-32 character each");
