/* codec_itch: Nasdaq TotalView-ITCH 5.0 (specification of 2023-04-28), every message.  Bytes to structs and
 * back: no I/O, no allocation.  Text fields keep their padding, so a decoded message encodes to the same
 * bytes.  The hot path reads fields straight from the wire with native/codec/itch_inline.h instead. */
#pragma once
#include "tickwire/codec_layout.h"

#define ITCH_HEADER_SIZE 11 /* type, stock locate, tracking number, timestamp */
#define ITCH_LENGTH_MAX  50

enum itch_type {
    ITCH_SYSTEM_EVENT = 'S',
    ITCH_STOCK_DIRECTORY = 'R',
    ITCH_TRADING_ACTION = 'H',
    ITCH_REG_SHO = 'Y',
    ITCH_PARTICIPANT_POSITION = 'L',
    ITCH_MWCB_LEVELS = 'V',
    ITCH_MWCB_STATUS = 'W',
    ITCH_IPO_QUOTING = 'K',
    ITCH_LULD_COLLAR = 'J',
    ITCH_OPERATIONAL_HALT = 'h',
    ITCH_ADD_ORDER = 'A',
    ITCH_ADD_ORDER_MPID = 'F',
    ITCH_ORDER_EXECUTED = 'E',
    ITCH_ORDER_EXECUTED_PRICE = 'C',
    ITCH_ORDER_CANCEL = 'X',
    ITCH_ORDER_DELETE = 'D',
    ITCH_ORDER_REPLACE = 'U',
    ITCH_TRADE = 'P',
    ITCH_CROSS_TRADE = 'Q',
    ITCH_BROKEN_TRADE = 'B',
    ITCH_IMBALANCE = 'I',
    ITCH_RETAIL_INTEREST = 'N',
    ITCH_PRICE_DISCOVERY = 'O',
};

struct itch_system_event {
    char event_code; /* O S Q M E C */
};

struct itch_stock_directory {
    char stock[8];
    char market_category;
    char financial_status;
    uint32_t round_lot_size;
    char round_lots_only;
    char issue_classification;
    char issue_subtype[2];
    char authenticity; /* P live, T test */
    char short_sale_threshold;
    char ipo_flag;
    char luld_tier;
    char etp_flag;
    uint32_t etp_leverage;
    char inverse;
};

struct itch_trading_action {
    char stock[8];
    char trading_state; /* H halted, P paused, Q quotation only, T trading */
    char reserved;
    char reason[4];
};

struct itch_reg_sho {
    char stock[8];
    char action; /* 0 no test, 1 in effect intraday, 2 remains in effect */
};

struct itch_participant_position {
    char mpid[4];
    char stock[8];
    char primary_market_maker;
    char market_maker_mode;
    char participant_state;
};

struct itch_mwcb_levels { /* 1/100 000 000 */
    uint64_t level1_price;
    uint64_t level2_price;
    uint64_t level3_price;
};

struct itch_mwcb_status {
    char breached_level; /* 1 2 3 */
};

struct itch_ipo_quoting {
    char stock[8];
    uint32_t release_time; /* seconds since midnight */
    char release_qualifier;
    uint32_t price;
};

struct itch_luld_collar {
    char stock[8];
    uint32_t reference_price;
    uint32_t upper_price;
    uint32_t lower_price;
    uint32_t extension;
};

struct itch_operational_halt {
    char stock[8];
    char market_code;
    char action; /* H halted, T resumed */
};

struct itch_add_order { /* also with an MPID; attribution then says whose */
    uint64_t reference;
    char side; /* B S */
    uint32_t quantity;
    char stock[8];
    uint32_t price;
    char attribution[4]; /* ITCH_ADD_ORDER_MPID only */
};

struct itch_order_executed {
    uint64_t reference;
    uint32_t quantity;
    uint64_t match_number;
};

struct itch_order_executed_price {
    uint64_t reference;
    uint32_t quantity;
    uint64_t match_number;
    char printable; /* Y N */
    uint32_t price;
};

struct itch_order_cancel {
    uint64_t reference;
    uint32_t quantity; /* taken off */
};

struct itch_order_delete {
    uint64_t reference;
};

struct itch_order_replace {
    uint64_t reference; /* the order that goes */
    uint64_t new_reference;
    uint32_t quantity;
    uint32_t price;
};

struct itch_trade { /* of an order that was not displayed */
    uint64_t reference;
    char side;
    uint32_t quantity;
    char stock[8];
    uint32_t price;
    uint64_t match_number;
};

struct itch_cross_trade {
    uint64_t quantity;
    char stock[8];
    uint32_t price;
    uint64_t match_number;
    char cross_type; /* O C H */
};

struct itch_broken_trade {
    uint64_t match_number;
};

struct itch_imbalance {
    uint64_t paired_quantity;
    uint64_t imbalance_quantity;
    char direction; /* B S N O P */
    char stock[8];
    uint32_t far_price;
    uint32_t near_price;
    uint32_t reference_price;
    char cross_type;
    char price_variation;
};

struct itch_retail_interest {
    char stock[8];
    char interest; /* B S A N */
};

struct itch_price_discovery { /* direct listing with capital raise */
    char stock[8];
    char open_eligibility;
    uint32_t minimum_price;
    uint32_t maximum_price;
    uint32_t near_price;
    uint64_t near_time_ns; /* since midnight */
    uint32_t lower_price;
    uint32_t upper_price;
};

struct itch_message {
    uint8_t type; /* enum itch_type: says which member of the union is set */
    uint16_t locate;
    uint16_t tracking;
    uint64_t timestamp_ns; /* since midnight, 48 bits */
    union {
        struct itch_system_event system_event;
        struct itch_stock_directory stock_directory;
        struct itch_trading_action trading_action;
        struct itch_reg_sho reg_sho;
        struct itch_participant_position participant_position;
        struct itch_mwcb_levels mwcb_levels;
        struct itch_mwcb_status mwcb_status;
        struct itch_ipo_quoting ipo_quoting;
        struct itch_luld_collar luld_collar;
        struct itch_operational_halt operational_halt;
        struct itch_add_order add_order;
        struct itch_order_executed order_executed;
        struct itch_order_executed_price order_executed_price;
        struct itch_order_cancel order_cancel;
        struct itch_order_delete order_delete;
        struct itch_order_replace order_replace;
        struct itch_trade trade;
        struct itch_cross_trade cross_trade;
        struct itch_broken_trade broken_trade;
        struct itch_imbalance imbalance;
        struct itch_retail_interest retail_interest;
        struct itch_price_discovery price_discovery;
    };
};

/* itch_length is the size of a message of that type, 0 for a type ITCH 5.0 does not have. */
int itch_length(uint8_t type);
/* itch_decode reads the one message that fills data exactly.  Returns its size; ERROR_TRUNCATED when it is
 * shorter than its type says, ERROR_MALFORMED when it is longer, ERROR_UNSUPPORTED for an unknown type. */
int itch_decode(const uint8_t *data, size_t size, struct itch_message *message);
/* itch_encode writes the message and returns its size; ERROR_FULL when it does not fit, ERROR_UNSUPPORTED for
 * an unknown type. */
int itch_encode(const struct itch_message *message, uint8_t *data, size_t capacity);
/* itch_layout describes a type; NULL for an unknown one. */
const struct codec_layout *itch_layout(uint8_t type);

/* A file is messages each behind its length (two bytes, big-endian).  itch_file_next finds the message at
 * *offset and moves *offset past it: returns its size with *message pointing at it, 0 at the end of the data
 * (*offset == size), ERROR_TRUNCATED when the data ends inside a frame (*offset stays at its start: read on
 * there with more data), ERROR_MALFORMED for a frame of no bytes, unless it is
 * the very last: the mark of a complete file.  The message itself is not looked at. */
int itch_file_next(const uint8_t *data, size_t size, size_t *offset, const uint8_t **message);
/* itch_file_scan notes where the next at most count frames are (offset and size of each message without its
 * length) and moves *offset past them.  Returns how many, 0 at the end, or the error of itch_file_next when
 * the first is bad. */
int itch_file_scan(const uint8_t *data, size_t size, size_t *offset, uint64_t *offsets, uint16_t *sizes,
                   int count);
