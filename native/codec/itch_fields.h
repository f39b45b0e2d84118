/* itch_fields: the layout of every ITCH 5.0 message behind the common header (see fields.h), and the table of
 * messages. */
#pragma once

#define SYSTEM_EVENT_FIELDS(FIELD) FIELD(CHAR, 11, 1, event_code)

#define STOCK_DIRECTORY_FIELDS(FIELD)                                                                        \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(CHAR, 19, 1, market_category)                                                                      \
    FIELD(CHAR, 20, 1, financial_status)                                                                     \
    FIELD(NUMBER, 21, 4, round_lot_size)                                                                     \
    FIELD(CHAR, 25, 1, round_lots_only)                                                                      \
    FIELD(CHAR, 26, 1, issue_classification)                                                                 \
    FIELD(TEXT, 27, 2, issue_subtype)                                                                        \
    FIELD(CHAR, 29, 1, authenticity)                                                                         \
    FIELD(CHAR, 30, 1, short_sale_threshold)                                                                 \
    FIELD(CHAR, 31, 1, ipo_flag)                                                                             \
    FIELD(CHAR, 32, 1, luld_tier)                                                                            \
    FIELD(CHAR, 33, 1, etp_flag)                                                                             \
    FIELD(NUMBER, 34, 4, etp_leverage)                                                                       \
    FIELD(CHAR, 38, 1, inverse)

#define TRADING_ACTION_FIELDS(FIELD)                                                                         \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(CHAR, 19, 1, trading_state)                                                                        \
    FIELD(CHAR, 20, 1, reserved)                                                                             \
    FIELD(TEXT, 21, 4, reason)

#define REG_SHO_FIELDS(FIELD)                                                                                \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(CHAR, 19, 1, action)

#define PARTICIPANT_POSITION_FIELDS(FIELD)                                                                   \
    FIELD(TEXT, 11, 4, mpid)                                                                                 \
    FIELD(TEXT, 15, 8, stock)                                                                                \
    FIELD(CHAR, 23, 1, primary_market_maker)                                                                 \
    FIELD(CHAR, 24, 1, market_maker_mode)                                                                    \
    FIELD(CHAR, 25, 1, participant_state)

#define MWCB_LEVELS_FIELDS(FIELD)                                                                            \
    FIELD(LEVEL, 11, 8, level1_price)                                                                        \
    FIELD(LEVEL, 19, 8, level2_price)                                                                        \
    FIELD(LEVEL, 27, 8, level3_price)

#define MWCB_STATUS_FIELDS(FIELD) FIELD(CHAR, 11, 1, breached_level)

#define IPO_QUOTING_FIELDS(FIELD)                                                                            \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(NUMBER, 19, 4, release_time)                                                                       \
    FIELD(CHAR, 23, 1, release_qualifier)                                                                    \
    FIELD(PRICE, 24, 4, price)

#define LULD_COLLAR_FIELDS(FIELD)                                                                            \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(PRICE, 19, 4, reference_price)                                                                     \
    FIELD(PRICE, 23, 4, upper_price)                                                                         \
    FIELD(PRICE, 27, 4, lower_price)                                                                         \
    FIELD(NUMBER, 31, 4, extension)

#define OPERATIONAL_HALT_FIELDS(FIELD)                                                                       \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(CHAR, 19, 1, market_code)                                                                          \
    FIELD(CHAR, 20, 1, action)

#define ADD_ORDER_FIELDS(FIELD)                                                                              \
    FIELD(NUMBER, 11, 8, reference)                                                                          \
    FIELD(CHAR, 19, 1, side)                                                                                 \
    FIELD(NUMBER, 20, 4, quantity)                                                                           \
    FIELD(TEXT, 24, 8, stock)                                                                                \
    FIELD(PRICE, 32, 4, price)

#define ADD_ORDER_MPID_FIELDS(FIELD)                                                                         \
    ADD_ORDER_FIELDS(FIELD)                                                                                  \
    FIELD(TEXT, 36, 4, attribution)

#define ORDER_EXECUTED_FIELDS(FIELD)                                                                         \
    FIELD(NUMBER, 11, 8, reference)                                                                          \
    FIELD(NUMBER, 19, 4, quantity)                                                                           \
    FIELD(NUMBER, 23, 8, match_number)

#define ORDER_EXECUTED_PRICE_FIELDS(FIELD)                                                                   \
    ORDER_EXECUTED_FIELDS(FIELD)                                                                             \
    FIELD(CHAR, 31, 1, printable)                                                                            \
    FIELD(PRICE, 32, 4, price)

#define ORDER_CANCEL_FIELDS(FIELD)                                                                           \
    FIELD(NUMBER, 11, 8, reference)                                                                          \
    FIELD(NUMBER, 19, 4, quantity)

#define ORDER_DELETE_FIELDS(FIELD) FIELD(NUMBER, 11, 8, reference)

#define ORDER_REPLACE_FIELDS(FIELD)                                                                          \
    FIELD(NUMBER, 11, 8, reference)                                                                          \
    FIELD(NUMBER, 19, 8, new_reference)                                                                      \
    FIELD(NUMBER, 27, 4, quantity)                                                                           \
    FIELD(PRICE, 31, 4, price)

#define TRADE_FIELDS(FIELD)                                                                                  \
    ADD_ORDER_FIELDS(FIELD)                                                                                  \
    FIELD(NUMBER, 36, 8, match_number)

#define CROSS_TRADE_FIELDS(FIELD)                                                                            \
    FIELD(NUMBER, 11, 8, quantity)                                                                           \
    FIELD(TEXT, 19, 8, stock)                                                                                \
    FIELD(PRICE, 27, 4, price)                                                                               \
    FIELD(NUMBER, 31, 8, match_number)                                                                       \
    FIELD(CHAR, 39, 1, cross_type)

#define BROKEN_TRADE_FIELDS(FIELD) FIELD(NUMBER, 11, 8, match_number)

#define IMBALANCE_FIELDS(FIELD)                                                                              \
    FIELD(NUMBER, 11, 8, paired_quantity)                                                                    \
    FIELD(NUMBER, 19, 8, imbalance_quantity)                                                                 \
    FIELD(CHAR, 27, 1, direction)                                                                            \
    FIELD(TEXT, 28, 8, stock)                                                                                \
    FIELD(PRICE, 36, 4, far_price)                                                                           \
    FIELD(PRICE, 40, 4, near_price)                                                                          \
    FIELD(PRICE, 44, 4, reference_price)                                                                     \
    FIELD(CHAR, 48, 1, cross_type)                                                                           \
    FIELD(CHAR, 49, 1, price_variation)

#define RETAIL_INTEREST_FIELDS(FIELD)                                                                        \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(CHAR, 19, 1, interest)

#define PRICE_DISCOVERY_FIELDS(FIELD)                                                                        \
    FIELD(TEXT, 11, 8, stock)                                                                                \
    FIELD(CHAR, 19, 1, open_eligibility)                                                                     \
    FIELD(PRICE, 20, 4, minimum_price)                                                                       \
    FIELD(PRICE, 24, 4, maximum_price)                                                                       \
    FIELD(PRICE, 28, 4, near_price)                                                                          \
    FIELD(NUMBER, 32, 8, near_time_ns)                                                                       \
    FIELD(PRICE, 40, 4, lower_price)                                                                         \
    FIELD(PRICE, 44, 4, upper_price)

/* MESSAGE(type, name, member of the union, length, fields) */
#define ITCH_MESSAGES(MESSAGE)                                                                               \
    MESSAGE(ITCH_SYSTEM_EVENT, system_event, system_event, 12, SYSTEM_EVENT_FIELDS)                          \
    MESSAGE(ITCH_STOCK_DIRECTORY, stock_directory, stock_directory, 39, STOCK_DIRECTORY_FIELDS)              \
    MESSAGE(ITCH_TRADING_ACTION, trading_action, trading_action, 25, TRADING_ACTION_FIELDS)                  \
    MESSAGE(ITCH_REG_SHO, reg_sho, reg_sho, 20, REG_SHO_FIELDS)                                              \
    MESSAGE(ITCH_PARTICIPANT_POSITION, participant_position, participant_position, 26,                       \
            PARTICIPANT_POSITION_FIELDS)                                                                     \
    MESSAGE(ITCH_MWCB_LEVELS, mwcb_levels, mwcb_levels, 35, MWCB_LEVELS_FIELDS)                              \
    MESSAGE(ITCH_MWCB_STATUS, mwcb_status, mwcb_status, 12, MWCB_STATUS_FIELDS)                              \
    MESSAGE(ITCH_IPO_QUOTING, ipo_quoting, ipo_quoting, 28, IPO_QUOTING_FIELDS)                              \
    MESSAGE(ITCH_LULD_COLLAR, luld_collar, luld_collar, 35, LULD_COLLAR_FIELDS)                              \
    MESSAGE(ITCH_OPERATIONAL_HALT, operational_halt, operational_halt, 21, OPERATIONAL_HALT_FIELDS)          \
    MESSAGE(ITCH_ADD_ORDER, add_order, add_order, 36, ADD_ORDER_FIELDS)                                      \
    MESSAGE(ITCH_ADD_ORDER_MPID, add_order_mpid, add_order, 40, ADD_ORDER_MPID_FIELDS)                       \
    MESSAGE(ITCH_ORDER_EXECUTED, order_executed, order_executed, 31, ORDER_EXECUTED_FIELDS)                  \
    MESSAGE(ITCH_ORDER_EXECUTED_PRICE, order_executed_price, order_executed_price, 36,                       \
            ORDER_EXECUTED_PRICE_FIELDS)                                                                     \
    MESSAGE(ITCH_ORDER_CANCEL, order_cancel, order_cancel, 23, ORDER_CANCEL_FIELDS)                          \
    MESSAGE(ITCH_ORDER_DELETE, order_delete, order_delete, 19, ORDER_DELETE_FIELDS)                          \
    MESSAGE(ITCH_ORDER_REPLACE, order_replace, order_replace, 35, ORDER_REPLACE_FIELDS)                      \
    MESSAGE(ITCH_TRADE, trade, trade, 44, TRADE_FIELDS)                                                      \
    MESSAGE(ITCH_CROSS_TRADE, cross_trade, cross_trade, 40, CROSS_TRADE_FIELDS)                              \
    MESSAGE(ITCH_BROKEN_TRADE, broken_trade, broken_trade, 19, BROKEN_TRADE_FIELDS)                          \
    MESSAGE(ITCH_IMBALANCE, imbalance, imbalance, 50, IMBALANCE_FIELDS)                                      \
    MESSAGE(ITCH_RETAIL_INTEREST, retail_interest, retail_interest, 20, RETAIL_INTEREST_FIELDS)              \
    MESSAGE(ITCH_PRICE_DISCOVERY, price_discovery, price_discovery, 48, PRICE_DISCOVERY_FIELDS)
