/* order_encode: struct order as the OUCH message that asks the venue for it. */
#pragma once
#include "execution/order_table.h"
#include "tickwire/codec_ouch.h"

/* order_needs is what a venue must offer (enum venue_offer) for an order to be sent there. */
uint32_t order_needs(const struct order *order);
/* order_inherit gives a replace all that it does not say anew: it keeps its target's owner and attributes,
 * and brings a price, a quantity and a time in force of its own. */
void order_inherit(struct order *order, const struct order_terms *target);
/* order_encode_* write one message into OUCH_MESSAGE_MAX bytes and return its size. */
uint32_t order_encode_enter(const struct order *order, const char symbol[8],
                            const struct ouch_appendage *firm, uint8_t *payload);
uint32_t order_encode_replace(const struct order *order, uint8_t *payload);
uint32_t order_encode_cancel(uint64_t order_id, uint8_t *payload);
