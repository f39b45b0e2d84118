/* ouch_appendage: the appendage behind the fixed part of an OUCH message. */
#pragma once
#include "codec/bytes.h"
#include "tickwire/codec_ouch.h"

/* ouch_appendage_read finds and checks the appendage of a message whose layout is known and whose fixed part
 * is there. Returns size, or ERROR_TRUNCATED or ERROR_MALFORMED. */
int ouch_appendage_read(const struct codec_layout *layout, const uint8_t *data, size_t size,
                        struct ouch_appendage *appendage);

/* ouch_appendage_write adds the length field and elements behind a fixed part of `fixed` bytes; NULL stands
 * for no elements.  Returns the size of the message or ERROR_FULL. */
static inline int ouch_appendage_write(const struct ouch_appendage *appendage, uint8_t *data, size_t fixed,
                                       size_t capacity) {
    size_t size = appendage != NULL ? appendage->size : 0;
    if (capacity < fixed + 2 + size) return ERROR_FULL;
    store_be16(data + fixed, (uint16_t)size);
    if (size > 0) memcpy(data + fixed + 2, appendage->data, size);
    return (int)(fixed + 2 + size);
}
