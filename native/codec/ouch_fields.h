/* ouch_fields: the layout of every OUCH 5.0 message up to its appendage (see fields.h), and the tables of
 * messages. */
#pragma once

#define ENTER_FIELDS(FIELD)                                                                                  \
    FIELD(NUMBER, 1, 4, user_ref)                                                                            \
    FIELD(CHAR, 5, 1, side)                                                                                  \
    FIELD(NUMBER, 6, 4, quantity)                                                                            \
    FIELD(TEXT, 10, 8, symbol)                                                                               \
    FIELD(PRICE, 18, 8, price)                                                                               \
    FIELD(CHAR, 26, 1, time_in_force)                                                                        \
    FIELD(CHAR, 27, 1, display)                                                                              \
    FIELD(CHAR, 28, 1, capacity)                                                                             \
    FIELD(CHAR, 29, 1, intermarket_sweep)                                                                    \
    FIELD(CHAR, 30, 1, cross_type)                                                                           \
    FIELD(TEXT, 31, 14, client_order_id)

#define REPLACE_FIELDS(FIELD)                                                                                \
    FIELD(NUMBER, 1, 4, original_user_ref)                                                                   \
    FIELD(NUMBER, 5, 4, user_ref)                                                                            \
    FIELD(NUMBER, 9, 4, quantity)                                                                            \
    FIELD(PRICE, 13, 8, price)                                                                               \
    FIELD(CHAR, 21, 1, time_in_force)                                                                        \
    FIELD(CHAR, 22, 1, display)                                                                              \
    FIELD(CHAR, 23, 1, intermarket_sweep)                                                                    \
    FIELD(TEXT, 24, 14, client_order_id)

#define CANCEL_FIELDS(FIELD)                                                                                 \
    FIELD(NUMBER, 1, 4, user_ref)                                                                            \
    FIELD(NUMBER, 5, 4, quantity)

#define MODIFY_FIELDS(FIELD)                                                                                 \
    FIELD(NUMBER, 1, 4, user_ref)                                                                            \
    FIELD(CHAR, 5, 1, side)                                                                                  \
    FIELD(NUMBER, 6, 4, quantity)

#define MASS_CANCEL_FIELDS(FIELD)                                                                            \
    FIELD(NUMBER, 1, 4, user_ref)                                                                            \
    FIELD(TEXT, 5, 4, firm)                                                                                  \
    FIELD(TEXT, 9, 8, symbol)

#define ORDER_ENTRY_FIELDS(FIELD)                                                                            \
    FIELD(NUMBER, 1, 4, user_ref)                                                                            \
    FIELD(TEXT, 5, 4, firm)

#define SYSTEM_EVENT_FIELDS(FIELD)                                                                           \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(CHAR, 9, 1, event_code)

#define ACCEPTED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(CHAR, 13, 1, side)                                                                                 \
    FIELD(NUMBER, 14, 4, quantity)                                                                           \
    FIELD(TEXT, 18, 8, symbol)                                                                               \
    FIELD(PRICE, 26, 8, price)                                                                               \
    FIELD(CHAR, 34, 1, time_in_force)                                                                        \
    FIELD(CHAR, 35, 1, display)                                                                              \
    FIELD(NUMBER, 36, 8, order_reference)                                                                    \
    FIELD(CHAR, 44, 1, capacity)                                                                             \
    FIELD(CHAR, 45, 1, intermarket_sweep)                                                                    \
    FIELD(CHAR, 46, 1, cross_type)                                                                           \
    FIELD(CHAR, 47, 1, order_state)                                                                          \
    FIELD(TEXT, 48, 14, client_order_id)

#define REPLACED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, original_user_ref)                                                                   \
    FIELD(NUMBER, 13, 4, user_ref)                                                                           \
    FIELD(CHAR, 17, 1, side)                                                                                 \
    FIELD(NUMBER, 18, 4, quantity)                                                                           \
    FIELD(TEXT, 22, 8, symbol)                                                                               \
    FIELD(PRICE, 30, 8, price)                                                                               \
    FIELD(CHAR, 38, 1, time_in_force)                                                                        \
    FIELD(CHAR, 39, 1, display)                                                                              \
    FIELD(NUMBER, 40, 8, order_reference)                                                                    \
    FIELD(CHAR, 48, 1, capacity)                                                                             \
    FIELD(CHAR, 49, 1, intermarket_sweep)                                                                    \
    FIELD(CHAR, 50, 1, cross_type)                                                                           \
    FIELD(CHAR, 51, 1, order_state)                                                                          \
    FIELD(TEXT, 52, 14, client_order_id)

#define CANCELED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(NUMBER, 13, 4, quantity)                                                                           \
    FIELD(CHAR, 17, 1, reason)

#define AIQ_CANCELED_FIELDS(FIELD)                                                                           \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(NUMBER, 13, 4, quantity)                                                                           \
    FIELD(CHAR, 17, 1, reason)                                                                               \
    FIELD(NUMBER, 18, 4, prevented_quantity)                                                                 \
    FIELD(PRICE, 22, 8, execution_price)                                                                     \
    FIELD(CHAR, 30, 1, liquidity)                                                                            \
    FIELD(CHAR, 31, 1, aiq_strategy)

#define EXECUTED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(NUMBER, 13, 4, quantity)                                                                           \
    FIELD(PRICE, 17, 8, price)                                                                               \
    FIELD(CHAR, 25, 1, liquidity)                                                                            \
    FIELD(NUMBER, 26, 8, match_number)

#define BROKEN_TRADE_FIELDS(FIELD)                                                                           \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(NUMBER, 13, 8, match_number)                                                                       \
    FIELD(CHAR, 21, 1, reason)                                                                               \
    FIELD(TEXT, 22, 14, client_order_id)

#define REJECTED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(NUMBER, 13, 2, reason)                                                                             \
    FIELD(TEXT, 15, 14, client_order_id)

#define NOTICE_FIELDS(FIELD)                                                                                 \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)

#define PRIORITY_UPDATE_FIELDS(FIELD)                                                                        \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(PRICE, 13, 8, price)                                                                               \
    FIELD(CHAR, 21, 1, display)                                                                              \
    FIELD(NUMBER, 22, 8, order_reference)

#define MODIFIED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(CHAR, 13, 1, side)                                                                                 \
    FIELD(NUMBER, 14, 4, quantity)

#define RESTATED_FIELDS(FIELD)                                                                               \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(CHAR, 13, 1, reason)

#define MASS_CANCEL_RESPONSE_FIELDS(FIELD)                                                                   \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(TEXT, 13, 4, firm)                                                                                 \
    FIELD(TEXT, 17, 8, symbol)

#define ORDER_ENTRY_RESPONSE_FIELDS(FIELD)                                                                   \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, user_ref)                                                                            \
    FIELD(TEXT, 13, 4, firm)

#define ACCOUNT_QUERY_RESPONSE_FIELDS(FIELD)                                                                 \
    FIELD(NUMBER, 1, 8, timestamp_ns)                                                                        \
    FIELD(NUMBER, 9, 4, next_user_ref)

#define ACCOUNT_QUERY_FIELDS(FIELD) /* none */

/* MESSAGE(type, name and member of the union, length before the appendage, appendage, fields) */
#define OUCH_INBOUND(MESSAGE)                                                                                \
    MESSAGE(OUCH_ENTER, enter, 45, REQUIRED, ENTER_FIELDS)                                                   \
    MESSAGE(OUCH_REPLACE, replace, 38, REQUIRED, REPLACE_FIELDS)                                             \
    MESSAGE(OUCH_CANCEL, cancel, 9, OPTIONAL, CANCEL_FIELDS)                                                 \
    MESSAGE(OUCH_MODIFY, modify, 10, OPTIONAL, MODIFY_FIELDS)                                                \
    MESSAGE(OUCH_ACCOUNT_QUERY, account_query, 1, OPTIONAL, ACCOUNT_QUERY_FIELDS)                            \
    MESSAGE(OUCH_MASS_CANCEL, mass_cancel, 17, REQUIRED, MASS_CANCEL_FIELDS)                                 \
    MESSAGE(OUCH_DISABLE, disable, 9, REQUIRED, ORDER_ENTRY_FIELDS)                                          \
    MESSAGE(OUCH_ENABLE, enable, 9, REQUIRED, ORDER_ENTRY_FIELDS)

#define OUCH_OUTBOUND(MESSAGE)                                                                               \
    MESSAGE(OUCH_SYSTEM_EVENT, system_event, 10, NONE, SYSTEM_EVENT_FIELDS)                                  \
    MESSAGE(OUCH_ACCEPTED, accepted, 62, REQUIRED, ACCEPTED_FIELDS)                                          \
    MESSAGE(OUCH_REPLACED, replaced, 66, REQUIRED, REPLACED_FIELDS)                                          \
    MESSAGE(OUCH_CANCELED, canceled, 18, OPTIONAL, CANCELED_FIELDS)                                          \
    MESSAGE(OUCH_AIQ_CANCELED, aiq_canceled, 32, OPTIONAL, AIQ_CANCELED_FIELDS)                              \
    MESSAGE(OUCH_EXECUTED, executed, 34, REQUIRED, EXECUTED_FIELDS)                                          \
    MESSAGE(OUCH_BROKEN_TRADE, broken_trade, 36, OPTIONAL, BROKEN_TRADE_FIELDS)                              \
    MESSAGE(OUCH_REJECTED, rejected, 29, OPTIONAL, REJECTED_FIELDS)                                          \
    MESSAGE(OUCH_CANCEL_PENDING, cancel_pending, 13, OPTIONAL, NOTICE_FIELDS)                                \
    MESSAGE(OUCH_CANCEL_REJECTED, cancel_rejected, 13, OPTIONAL, NOTICE_FIELDS)                              \
    MESSAGE(OUCH_PRIORITY_UPDATE, priority_update, 30, OPTIONAL, PRIORITY_UPDATE_FIELDS)                     \
    MESSAGE(OUCH_MODIFIED, modified, 18, OPTIONAL, MODIFIED_FIELDS)                                          \
    MESSAGE(OUCH_RESTATED, restated, 14, REQUIRED, RESTATED_FIELDS)                                          \
    MESSAGE(OUCH_MASS_CANCEL_RESPONSE, mass_cancel_response, 25, REQUIRED, MASS_CANCEL_RESPONSE_FIELDS)      \
    MESSAGE(OUCH_DISABLE_RESPONSE, disable_response, 17, REQUIRED, ORDER_ENTRY_RESPONSE_FIELDS)              \
    MESSAGE(OUCH_ENABLE_RESPONSE, enable_response, 17, REQUIRED, ORDER_ENTRY_RESPONSE_FIELDS)                \
    MESSAGE(OUCH_ACCOUNT_QUERY_RESPONSE, account_query_response, 13, OPTIONAL, ACCOUNT_QUERY_RESPONSE_FIELDS)
