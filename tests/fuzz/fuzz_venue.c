/* fuzz_venue: the input is a script of street and account messages, whole, cut, or nonsense, and of faults.
 * Whatever it says, the public stream and the drop copy stay framed, every share bought was sold, and no
 * order of an account is left crossed. */
#include "codec/bytes.h"
#include "fuzz.h"
#include "tickwire/codec_itch.h"
#include "tickwire/codec_ouch.h"
#include "tickwire/venue.h"

#define ACCOUNTS 2
#define LEVELS   64

struct script {
    const uint8_t *data;
    size_t size;
    uint32_t user_ref[ACCOUNTS];
    uint8_t options[256];
    uint16_t options_size;
    char state; /* of the instrument: before a cross, orders may stand crossed */
};

static uint8_t next(struct script *script) {
    if (script->size == 0) return 0;
    script->size--;
    return *script->data++;
}

static uint32_t price(struct script *script) {
    return 1000000 + (next(script) % 8U) * 100;
}
static uint32_t quantity(struct script *script) {
    return next(script);
}

static void street(struct venue *venue, struct script *script) {
    static const char types[] = "AAAAAAFECXDUHSY";
    struct itch_message message = {.type = (uint8_t)types[next(script) % (sizeof types - 1)], .locate = 1};
    if (message.type == 'A' || message.type == 'F') {
        message.add_order = (struct itch_add_order){.reference = next(script) % 64U,
                                                    .side = next(script) % 2 ? 'B' : 'S',
                                                    .quantity = quantity(script),
                                                    .stock = "AAPL    ",
                                                    .price = price(script)};
    } else if (message.type == 'U') {
        message.order_replace = (struct itch_order_replace){.reference = next(script) % 64U,
                                                            .new_reference = next(script) % 64U,
                                                            .quantity = quantity(script),
                                                            .price = price(script)};
    } else if (message.type == 'H') {
        script->state = "TTTTTQQH"[next(script) % 8];
        message.trading_action.trading_state = script->state;
        memcpy(message.trading_action.stock, "AAPL    ", 8);
    } else if (message.type == 'Y') {
        message.reg_sho.action = next(script) % 2 ? '1' : '0';
        memcpy(message.reg_sho.stock, "AAPL    ", 8);
    } else if (message.type == 'S') {
        message.system_event.event_code = "OESQMC"[next(script) % 6];
    } else { /* E C X D have reference and quantity in the same places */
        message.order_executed_price =
            (struct itch_order_executed_price){.reference = next(script) % 64U, .quantity = quantity(script)};
    }
    uint8_t data[ITCH_LENGTH_MAX];
    int size = itch_encode(&message, data, sizeof data);
    CHECK(size > 0);
    venue_street(venue, data, (size_t)size);
}

static uint32_t user_ref(struct script *script, uint32_t account) {
    uint8_t back = next(script);
    if (back < 192) return ++script->user_ref[account];
    return script->user_ref[account] - back % 8U;
}

static void option_number(struct script *script, uint8_t tag, int64_t number) {
    int error = ouch_option_append_number(script->options, &script->options_size, sizeof script->options, tag,
                                          number);
    CHECK(error == 0 || error == ERROR_FULL);
}

static void option_text(struct script *script, uint8_t tag, char letter) {
    char text[2] = {letter, 0};
    int error =
        ouch_option_append_text(script->options, &script->options_size, sizeof script->options, tag, text);
    CHECK(error == 0 || error == ERROR_FULL);
}

/* options writes some of what makes an order more than a price. */
static struct ouch_appendage options(struct script *script) {
    uint8_t wanted = next(script);
    script->options_size = 0;
    if ((wanted & 7) == 1) option_number(script, OUCH_TAG_MIN_QUANTITY, quantity(script));
    if ((wanted & 7) == 2) option_number(script, OUCH_TAG_MAX_FLOOR, quantity(script) % 64);
    if ((wanted & 7) >= 6) {
        option_text(script, OUCH_TAG_PRICE_TYPE, "RPMQ"[next(script) % 4]);
        option_number(script, OUCH_TAG_PEG_OFFSET, ((int64_t)(next(script) % 8) - 4) * 100);
    }
    if ((wanted & 48) == 16) option_text(script, OUCH_TAG_POST_ONLY, 'P');
    if ((wanted & 192) == 64) option_number(script, OUCH_TAG_EXPIRE_TIME, next(script) % 4);
    return (struct ouch_appendage){.data = script->options, .size = script->options_size, .present = 1};
}

static int order(struct script *script, uint32_t account, uint8_t *data, size_t capacity) {
    static const char types[] = "OOOOOUUXXMCDEQ";
    struct ouch_inbound message = {.type = (uint8_t)types[next(script) % (sizeof types - 1)]};
    uint32_t old = script->user_ref[account] - next(script) % 8U;
    if (message.type == OUCH_ENTER) {
        message.enter = (struct ouch_enter){.user_ref = user_ref(script, account),
                                            .side = "BSTE"[next(script) % 4],
                                            .quantity = quantity(script),
                                            .symbol = "AAPL    ",
                                            .price = next(script) % 16 ? price(script) : OUCH_PRICE_MARKET,
                                            .time_in_force = "00356000"[next(script) % 8],
                                            .display = "YYNA"[next(script) % 4],
                                            .capacity = 'P',
                                            .cross_type = 'N'};
        message.appendage = options(script);
    } else if (message.type == OUCH_REPLACE) {
        message.replace = (struct ouch_replace){.original_user_ref = old,
                                                .user_ref = user_ref(script, account),
                                                .quantity = quantity(script),
                                                .price = price(script),
                                                .time_in_force = "00356000"[next(script) % 8],
                                                .display = "YYNA"[next(script) % 4]};
        message.appendage = options(script);
    } else if (message.type == OUCH_CANCEL) {
        message.cancel = (struct ouch_cancel){.user_ref = old, .quantity = quantity(script)};
    } else if (message.type == OUCH_MODIFY) {
        message.modify = (struct ouch_modify){
            .user_ref = old, .side = "BSTE"[next(script) % 4], .quantity = quantity(script)};
    } else if (message.type == OUCH_MASS_CANCEL) {
        message.mass_cancel = (struct ouch_mass_cancel){
            .user_ref = user_ref(script, account), .firm = "    ", .symbol = "        "};
    } else if (message.type != OUCH_ACCOUNT_QUERY) {
        message.disable = (struct ouch_order_entry){.user_ref = user_ref(script, account), .firm = "    "};
    }
    return ouch_encode_inbound(&message, data, capacity);
}

static void account(struct venue *venue, struct script *script) {
    uint32_t index = next(script) % ACCOUNTS;
    uint8_t data[OUCH_MESSAGE_MAX];
    int size = order(script, index, data, sizeof data);
    CHECK(size > 0);
    CHECK(venue_order(venue, index, 1, data, (size_t)size) == ERROR_NONE);
}

static void fault(struct venue *venue, struct script *script) {
    struct venue_fault wrong = {.kind = next(script) % (VENUE_FAULT_COUNT + 1),
                                .account = next(script) % (ACCOUNTS + 1),
                                .count = next(script) % 4,
                                .user_ref = next(script),
                                .quantity = quantity(script),
                                .price = price(script),
                                .amount = next(script)};
    (void)venue_fault(venue, &wrong, next(script) * 1000000000ULL);
}

static void raw(struct venue *venue, struct script *script) {
    size_t size = next(script) % 64U;
    if (size > script->size) size = script->size;
    uint8_t *copy = exact_copy(script->data, size);
    script->data += size;
    script->size -= size;
    if (size % 2) {
        if (copy[0] != 'H') venue_street(venue, copy, size);
    } else {
        (void)venue_order(venue, 0, 1, copy, size);
    }
    free(copy);
}

static size_t check_frames(const uint8_t *data, size_t size) {
    size_t count = 0;
    for (size_t at = 0; at < size; count++) {
        CHECK(size - at >= 2);
        at += 2 + (size_t)load_be16(data + at);
        CHECK(at <= size);
    }
    return count;
}

static void check_stream(struct venue *venue) {
    size_t size;
    const uint8_t *data = venue_stream(venue, &size);
    (void)check_frames(data, size);
    venue_stream_clear(venue);
}

static void check_drop_copy(struct venue *venue) {
    uint64_t count = venue_drop_copy_count(venue);
    CHECK(check_frames(venue_drop_copy(venue), venue_drop_copy_offset(venue, count + 1)) == count);
}

static void check_book(struct venue *venue) {
    struct venue_level bids[LEVELS], asks[LEVELS];
    uint32_t bid_count = venue_depth(venue, 1, SIDE_BUY, bids, LEVELS);
    uint32_t ask_count = venue_depth(venue, 1, SIDE_SELL, asks, LEVELS);
    for (uint32_t at = 0; at < bid_count && at < LEVELS && ask_count > 0; at++) {
        CHECK(bids[at].account_order_count == 0 || bids[at].price < asks[0].price);
    }
    for (uint32_t at = 0; at < ask_count && at < LEVELS && bid_count > 0; at++) {
        CHECK(asks[at].account_order_count == 0 || asks[at].price > bids[0].price);
    }
}

static void check_conserved(struct venue *venue) {
    struct venue_position rows[ACCOUNTS][4], total;
    venue_street_position(venue, &total);
    for (uint32_t index = 0; index < ACCOUNTS; index++) {
        uint32_t count = venue_positions(venue, index, rows[index], 4);
        for (uint32_t row = 0; row < count && row < 4; row++) {
            total.quantity += rows[index][row].quantity;
            total.bought += rows[index][row].bought;
            total.sold += rows[index][row].sold;
        }
    }
    CHECK(total.quantity == 0 && total.bought == total.sold);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct venue_config config = {
        .account_count = ACCOUNTS, .order_count_max = 48, .firms = {"TWRA", "TWRB"}};
    struct venue *venue;
    CHECK(venue_open(&config, &venue) == ERROR_NONE);
    struct script script = {.data = data, .size = size, .state = 'T'};
    while (script.size > 0) {
        uint8_t kind = next(&script) % 16;
        if (kind == 0) {
            raw(venue, &script);
        } else if (kind == 1) {
            fault(venue, &script);
        } else if (kind < 8) {
            street(venue, &script);
        } else {
            account(venue, &script);
        }
        check_stream(venue);
        if (script.state != 'Q') check_book(venue);
    }
    check_conserved(venue);
    check_drop_copy(venue);
    venue_close(venue);
    return 0;
}
