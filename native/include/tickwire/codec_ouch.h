/* codec_ouch: Nasdaq OUCH 5.0 order entry (rev 1.04 of 2024-05-01; the appendages that rev 1.05 allows on
 * further messages are read too), every message of both directions.  Inbound is towards the venue, outbound
 * from it.  A message ends with its SoupBinTCP packet, so data and size are the packet's payload.  Text
 * fields keep their padding, so a decoded message encodes to the same bytes. */
#pragma once
#include "tickwire/codec_layout.h"

#define OUCH_FIXED_MAX   68  /* the longest message without its options */
#define OUCH_OPTIONS_MAX 512 /* more than all defined options together */
#define OUCH_MESSAGE_MAX 580

#define OUCH_QUANTITY_MAX 999999     /* shares in one order */
#define OUCH_PRICE_MAX    1999999900 /* $199,999.99 */
#define OUCH_PRICE_MARKET 2147483647 /* a market order for a cross */

enum ouch_inbound_type {
    OUCH_ENTER = 'O',
    OUCH_REPLACE = 'U',
    OUCH_CANCEL = 'X',
    OUCH_MODIFY = 'M',
    OUCH_MASS_CANCEL = 'C',
    OUCH_DISABLE = 'D',
    OUCH_ENABLE = 'E',
    OUCH_ACCOUNT_QUERY = 'Q',
};

enum ouch_outbound_type {
    OUCH_SYSTEM_EVENT = 'S',
    OUCH_ACCEPTED = 'A',
    OUCH_REPLACED = 'U',
    OUCH_CANCELED = 'C',
    OUCH_AIQ_CANCELED = 'D',
    OUCH_EXECUTED = 'E',
    OUCH_BROKEN_TRADE = 'B',
    OUCH_REJECTED = 'J',
    OUCH_CANCEL_PENDING = 'P',
    OUCH_CANCEL_REJECTED = 'I',
    OUCH_PRIORITY_UPDATE = 'T',
    OUCH_MODIFIED = 'M',
    OUCH_RESTATED = 'R',
    OUCH_MASS_CANCEL_RESPONSE = 'X',
    OUCH_DISABLE_RESPONSE = 'G',
    OUCH_ENABLE_RESPONSE = 'K',
    OUCH_ACCOUNT_QUERY_RESPONSE = 'Q',
};

/* Options: elements {size of tag and value, tag, value} that the fixed part may be followed by.  The bytes
 * are kept as they came (data points into the message), so tags this header does not know survive. */
struct ouch_appendage {
    const uint8_t *data; /* the elements, behind the length field */
    uint16_t size;
    uint8_t
        present; /* the length field is there; only asked where the layout says CODEC_APPENDAGE_OPTIONAL */
    uint8_t reserved[5];
};

enum ouch_tag {
    OUCH_TAG_SECONDARY_REFERENCE = 1, /* u64: the order's number on the market data feed */
    OUCH_TAG_FIRM = 2,                /* text 4 */
    OUCH_TAG_MIN_QUANTITY = 3,        /* u32 */
    OUCH_TAG_CUSTOMER_TYPE = 4,       /* R N */
    OUCH_TAG_MAX_FLOOR = 5,           /* u32: displayed shares */
    OUCH_TAG_PRICE_TYPE = 6,          /* L P M R Q m */
    OUCH_TAG_PEG_OFFSET = 7,          /* signed price, 4 bytes */
    OUCH_TAG_DISCRETION_PRICE = 9,    /* price, 8 bytes */
    OUCH_TAG_DISCRETION_PRICE_TYPE = 10,
    OUCH_TAG_DISCRETION_PEG_OFFSET = 11, /* signed price, 4 bytes */
    OUCH_TAG_POST_ONLY = 12,             /* P N */
    OUCH_TAG_RANDOM_RESERVES = 13,       /* u32 */
    OUCH_TAG_ROUTE = 14,                 /* text 4 */
    OUCH_TAG_EXPIRE_TIME = 15,           /* u32: seconds to live */
    OUCH_TAG_TRADE_NOW = 16,             /* Y N */
    OUCH_TAG_HANDLE_INST = 17,           /* I O T Q B D */
    OUCH_TAG_BBO_WEIGHT = 18,            /* 0 1 2 3 S N */
    OUCH_TAG_DISPLAY_QUANTITY = 22,      /* u32 */
    OUCH_TAG_DISPLAY_PRICE = 23,         /* price, 8 bytes */
    OUCH_TAG_GROUP_ID = 24,              /* u16 */
    OUCH_TAG_SHARES_LOCATED = 25,        /* Y N */
    OUCH_TAG_LOCATE_BROKER = 26,         /* text 4 */
    OUCH_TAG_SIDE = 27,                  /* B S T E */
    OUCH_TAG_USER_REF_INDEX = 28,        /* u8 */
    OUCH_TAG_AIQ_STRATEGY = 29,          /* character */
    OUCH_TAG_AIQ_GROUP = 30,             /* text 2 */
};

struct ouch_option { /* one element */
    const uint8_t *value;
    const struct codec_field *field; /* name, size and kind of a known tag; NULL for an unknown one */
    uint8_t tag;
    uint8_t size; /* of the value */
    uint8_t reserved[6];
};

/* ouch_option_next reads the element at *offset and moves past it: 1, 0 at the end, ERROR_MALFORMED for a
 * size that lies or that its tag cannot have.  A decoded message's appendage has already been walked and has
 * no such element. ouch_option_find looks for a tag: 1 or 0.  ouch_option_number is the value of a number,
 * signed or not. */
int ouch_option_next(const struct ouch_appendage *appendage, uint32_t *offset, struct ouch_option *option);
int ouch_option_find(const struct ouch_appendage *appendage, uint8_t tag, struct ouch_option *option);
int64_t ouch_option_number(const struct ouch_option *option);
/* ouch_option_field describes a tag; NULL for one OUCH 5.0 does not define. */
const struct codec_field *ouch_option_field(uint8_t tag);
/* ouch_option_append_* add an element to the *size bytes at data: 0, ERROR_FULL, or ERROR_ARGUMENT when the
 * tag is known and takes another size or kind.  Text is padded with spaces; ouch_option_append takes any tag
 * and bytes. */
int ouch_option_append(uint8_t *data, uint16_t *size, size_t capacity, uint8_t tag, const uint8_t *value,
                       size_t value_size);
int ouch_option_append_number(uint8_t *data, uint16_t *size, size_t capacity, uint8_t tag, int64_t number);
int ouch_option_append_text(uint8_t *data, uint16_t *size, size_t capacity, uint8_t tag, const char *text);

struct ouch_enter {
    uint32_t user_ref; /* UserRefNum: unique and rising through the day */
    char side;         /* B S T E */
    uint32_t quantity;
    char symbol[8];
    uint64_t price;
    char time_in_force; /* 0 day, 3 IOC, 5 GTX, 6 GTT, E after hours */
    char display;       /* Y N A */
    char capacity;      /* A P R O */
    char intermarket_sweep;
    char cross_type; /* N continuous market */
    char client_order_id[14];
};

struct ouch_replace {
    uint32_t original_user_ref;
    uint32_t user_ref;
    uint32_t quantity;
    uint64_t price;
    char time_in_force;
    char display;
    char intermarket_sweep;
    char client_order_id[14];
};

struct ouch_cancel {
    uint32_t user_ref;
    uint32_t quantity; /* intended total size of the order; 0 cancels all that is left */
};

struct ouch_modify {
    uint32_t user_ref;
    char side;
    uint32_t quantity;
};

struct ouch_mass_cancel {
    uint32_t user_ref;
    char firm[4];
    char symbol[8];
};

struct ouch_order_entry { /* disable and enable */
    uint32_t user_ref;
    char firm[4];
};

struct ouch_inbound {
    uint8_t type; /* enum ouch_inbound_type: says which member of the union is set */
    struct ouch_appendage appendage;
    union {
        struct ouch_enter enter;
        struct ouch_replace replace;
        struct ouch_cancel cancel;
        struct ouch_modify modify;
        struct ouch_mass_cancel mass_cancel;
        struct ouch_order_entry disable;
        struct ouch_order_entry enable;
        char account_query; /* it has no fields */
    };
};

/* timestamp_ns of every outbound message is nanoseconds since midnight. */
struct ouch_system_event {
    uint64_t timestamp_ns;
    char event_code; /* S E */
};

struct ouch_accepted { /* also replaced */
    uint64_t timestamp_ns;
    uint32_t original_user_ref; /* OUCH_REPLACED only */
    uint32_t user_ref;
    char side;
    uint32_t quantity;
    char symbol[8];
    uint64_t price;
    char time_in_force;
    char display;
    uint64_t order_reference;
    char capacity;
    char intermarket_sweep;
    char cross_type;
    char order_state; /* L live, D dead */
    char client_order_id[14];
};

struct ouch_canceled {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    uint32_t quantity; /* taken off, not what is left */
    char reason;       /* D E F G H I K Q S T U X Z e */
};

struct ouch_aiq_canceled {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    uint32_t quantity; /* taken off */
    char reason;
    uint32_t prevented_quantity;
    uint64_t execution_price;
    char liquidity;
    char aiq_strategy;
};

struct ouch_executed {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    uint32_t quantity;
    uint64_t price;
    char liquidity;
    uint64_t match_number;
};

struct ouch_broken_trade {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    uint64_t match_number;
    char reason; /* E C S X */
    char client_order_id[14];
};

struct ouch_rejected {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    uint16_t reason; /* enum ouch_reject_reason */
    char client_order_id[14];
};

struct ouch_notice { /* cancel pending, cancel rejected */
    uint64_t timestamp_ns;
    uint32_t user_ref;
};

struct ouch_priority_update {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    uint64_t price;
    char display;
    uint64_t order_reference;
};

struct ouch_modified {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    char side;
    uint32_t quantity;
};

struct ouch_restated {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    char reason; /* R refresh of display, P update of displayed price */
};

struct ouch_mass_cancel_response {
    uint64_t timestamp_ns;
    uint32_t user_ref;
    char firm[4];
    char symbol[8];
};

struct ouch_order_entry_response { /* to disable and enable */
    uint64_t timestamp_ns;
    uint32_t user_ref;
    char firm[4];
};

struct ouch_account_query_response {
    uint64_t timestamp_ns;
    uint32_t next_user_ref;
};

struct ouch_outbound {
    uint8_t type; /* enum ouch_outbound_type: says which member of the union is set */
    struct ouch_appendage appendage;
    union {
        struct ouch_system_event system_event;
        struct ouch_accepted accepted;
        struct ouch_accepted replaced;
        struct ouch_canceled canceled;
        struct ouch_aiq_canceled aiq_canceled;
        struct ouch_executed executed;
        struct ouch_broken_trade broken_trade;
        struct ouch_rejected rejected;
        struct ouch_notice cancel_pending;
        struct ouch_notice cancel_rejected;
        struct ouch_priority_update priority_update;
        struct ouch_modified modified;
        struct ouch_restated restated;
        struct ouch_mass_cancel_response mass_cancel_response;
        struct ouch_order_entry_response disable_response;
        struct ouch_order_entry_response enable_response;
        struct ouch_account_query_response account_query_response;
    };
};

/* ouch_decode_* read the one message that fills data exactly and check its appendage.  Return its size;
 * ERROR_TRUNCATED when it is shorter than its type says, ERROR_MALFORMED when it is longer or its appendage
 * does not add up, ERROR_UNSUPPORTED for an unknown type.  The appendage points into data. */
int ouch_decode_inbound(const uint8_t *data, size_t size, struct ouch_inbound *message);
int ouch_decode_outbound(const uint8_t *data, size_t size, struct ouch_outbound *message);
/* ouch_encode_* write a message and return its size; ERROR_FULL when it does not fit, ERROR_UNSUPPORTED for
 * an unknown type.  The appendage's elements are copied as they are. */
int ouch_encode_inbound(const struct ouch_inbound *message, uint8_t *data, size_t capacity);
int ouch_encode_outbound(const struct ouch_outbound *message, uint8_t *data, size_t capacity);
/* The three an order session sends all day, straight from their struct; appendage may be NULL for none. */
int ouch_encode_enter(const struct ouch_enter *enter, const struct ouch_appendage *appendage, uint8_t *data,
                      size_t capacity);
int ouch_encode_replace(const struct ouch_replace *replace, const struct ouch_appendage *appendage,
                        uint8_t *data, size_t capacity);
int ouch_encode_cancel(const struct ouch_cancel *cancel, const struct ouch_appendage *appendage,
                       uint8_t *data, size_t capacity);
/* ouch_*_layout describe the fixed part of a type; NULL for an unknown one. */
const struct codec_layout *ouch_inbound_layout(uint8_t type);
const struct codec_layout *ouch_outbound_layout(uint8_t type);

enum ouch_reject_reason { /* of OUCH_REJECTED */
                          OUCH_REJECT_QUOTE_UNAVAILABLE = 1,
                          OUCH_REJECT_DESTINATION_CLOSED = 2,
                          OUCH_REJECT_INVALID_DISPLAY = 3,
                          OUCH_REJECT_INVALID_MAX_FLOOR = 4,
                          OUCH_REJECT_INVALID_PEG_TYPE = 5,
                          OUCH_REJECT_FAT_FINGER = 6,
                          OUCH_REJECT_HALTED = 7,
                          OUCH_REJECT_ISO_NOT_ALLOWED = 8,
                          OUCH_REJECT_INVALID_SIDE = 9,
                          OUCH_REJECT_PROCESSING_ERROR = 10,
                          OUCH_REJECT_CANCEL_PENDING = 11,
                          OUCH_REJECT_FIRM_NOT_AUTHORIZED = 12,
                          OUCH_REJECT_INVALID_MIN_QUANTITY = 13,
                          OUCH_REJECT_NO_CLOSING_REFERENCE = 14,
                          OUCH_REJECT_OTHER = 15,
                          OUCH_REJECT_CANCEL_NOT_ALLOWED = 16,
                          OUCH_REJECT_PEGGING_NOT_ALLOWED = 17,
                          OUCH_REJECT_CROSSED_MARKET = 18,
                          OUCH_REJECT_INVALID_QUANTITY = 19,
                          OUCH_REJECT_INVALID_CROSS = 20,
                          OUCH_REJECT_REPLACE_NOT_ALLOWED = 21,
                          OUCH_REJECT_ROUTING_NOT_ALLOWED = 22,
                          OUCH_REJECT_INVALID_SYMBOL = 23,
                          OUCH_REJECT_TEST = 24,
                          OUCH_REJECT_LATE_LOC_TOO_AGGRESSIVE = 25,
                          OUCH_REJECT_RETAIL_NOT_ALLOWED = 26,
                          OUCH_REJECT_INVALID_MIDPOINT_PRICE = 27,
                          OUCH_REJECT_INVALID_DESTINATION = 28,
                          OUCH_REJECT_INVALID_PRICE = 29,
                          OUCH_REJECT_SHARES_EXCEED_THRESHOLD = 30,
                          OUCH_REJECT_NOTIONAL_EXCEEDED = 31,
                          /* 32 to 51: the venue's own risk checks */
                          OUCH_REJECT_INVALID_AIQ = 64,
};
