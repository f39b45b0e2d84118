/* state: directory, trading action, short sale restriction, halts and system events; tracking by symbol. */
#include "book/state.h"
#include "codec/itch_inline.h"

/* Offsets that only this file reads. */
enum { AT_EVENT = 11, AT_MARKET = 19, AT_HALT_ACTION = 20, AT_REASON = 21 };

static void learn(struct book_set *set, const uint8_t *symbol, uint16_t locate) {
    uint64_t key;
    memcpy(&key, symbol, sizeof key);
    for (uint32_t i = 0; i < set->watch_count; i++) {
        struct watch *watch = &set->watches[i];
        if (watch->symbol == key) state_track(set, locate, watch->instrument);
    }
}

static uint16_t apply_directory(struct book_set *set, const uint8_t *message, uint16_t locate) {
    learn(set, message + ITCH_AT_STOCK, locate);
    struct book_instrument *shown = &set->instruments[locate].shown;
    memcpy(shown->symbol, message + ITCH_AT_STOCK, sizeof shown->symbol);
    return BOOK_STATE;
}

static uint16_t apply_operational_halt(struct book_instrument *shown, const uint8_t *message) {
    if (message[AT_MARKET] != 'Q') return 0; /* another market of the venue's group */
    shown->halted = message[AT_HALT_ACTION] == 'H';
    return BOOK_STATE;
}

static uint16_t apply_instrument_state(struct book_set *set, const uint8_t *message, uint16_t locate) {
    struct book_instrument *shown = &set->instruments[locate].shown;
    switch (message[0]) {
    case ITCH_TRADING_ACTION:
        shown->trading_action = itch_state(message);
        memcpy(shown->reason, message + AT_REASON, sizeof shown->reason);
        return BOOK_STATE;
    case ITCH_REG_SHO: shown->reg_sho = itch_state(message); return BOOK_STATE;
    case ITCH_OPERATIONAL_HALT: return apply_operational_halt(shown, message);
    default: return 0; /* L K J I N O B: counted by type, nothing of a book changes */
    }
}

uint16_t state_apply(struct book_set *set, const uint8_t *message, uint16_t locate) {
    switch (message[0]) {
    case ITCH_SYSTEM_EVENT: set->stats.system_event = message[AT_EVENT]; return BOOK_STATE;
    case ITCH_MWCB_STATUS: set->stats.breach_level = message[AT_EVENT]; return BOOK_STATE;
    case ITCH_MWCB_LEVELS: return 0;
    case ITCH_STOCK_DIRECTORY: return apply_directory(set, message, locate);
    }
    return apply_instrument_state(set, message, locate);
}

void state_track(struct book_set *set, uint16_t locate, uint16_t number) {
    set->tracked[locate >> 6] |= 1ull << (locate & 63);
    set->instruments[locate].number = number;
}
