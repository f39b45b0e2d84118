/* soup_inline: the header of a SoupBinTCP packet, for whoever encodes a payload in place behind it. */
#pragma once
#include "codec/bytes.h"
#include "tickwire/codec_soup.h"

/* soup_frame writes the header at data; the payload belongs at data + SOUP_HEADER_SIZE.  Returns the packet's
 * size. */
static inline uint32_t soup_frame(uint8_t *data, uint8_t type, uint32_t payload_size) {
    store_be16(data, (uint16_t)(payload_size + 1));
    data[2] = type;
    return SOUP_HEADER_SIZE + payload_size;
}
