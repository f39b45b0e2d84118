/* state: directory, trading action, short sale restriction, halts and system events; tracking by symbol. */
#include "book/state.h"
#include "book/wire.h"

static void learn(struct book_set *set, const uint8_t *symbol, uint16_t locate) {
    uint64_t key;
    memcpy(&key, symbol, sizeof key);
    for (uint32_t i = 0; i < set->watch_count; i++) {
        struct watch *watch = &set->watches[i];
        if (watch->symbol == key) state_track(set, locate, watch->instrument);
    }
}

static uint16_t apply_directory(struct book_set *set, const uint8_t *message, uint16_t locate) {
    learn(set, message + 11, locate);
    memcpy(set->instruments[locate].shown.symbol, message + 11, sizeof set->instruments[locate].shown.symbol);
    return BOOK_STATE;
}

static uint16_t apply_operational_halt(struct book_instrument *shown, const uint8_t *message) {
    if (message[19] != 'Q') return 0; /* another market of the venue's group */
    shown->halted = message[20] == 'H';
    return BOOK_STATE;
}

static uint16_t apply_instrument_state(struct book_set *set, const uint8_t *message, uint16_t locate) {
    struct book_instrument *shown = &set->instruments[locate].shown;
    switch (message[0]) {
    case 'H':
        shown->trading_action = message[19];
        memcpy(shown->reason, message + 21, sizeof shown->reason);
        return BOOK_STATE;
    case 'Y': shown->reg_sho = message[19]; return BOOK_STATE;
    case 'h': return apply_operational_halt(shown, message);
    default: return 0; /* L K J I N O B: counted by type, nothing of a book changes */
    }
}

uint16_t state_apply(struct book_set *set, const uint8_t *message, uint16_t locate) {
    switch (message[0]) {
    case 'S': set->stats.system_event = message[11]; return BOOK_STATE;
    case 'W': set->stats.breach_level = message[11]; return BOOK_STATE;
    case 'V': return 0;
    case 'R': return apply_directory(set, message, locate);
    }
    if (!set_tracks(set, locate)) {
        set->stats.ignored++;
        return BOOK_IGNORED;
    }
    return apply_instrument_state(set, message, locate);
}

void state_track(struct book_set *set, uint16_t locate, uint16_t number) {
    set->tracked[locate >> 6] |= 1ull << (locate & 63);
    set->instruments[locate].number = number;
}
