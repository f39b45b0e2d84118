/* match: from an Ethernet frame to one of the port's channels. */
#pragma once
#include "codec/frame_inline.h"
#include "tickwire/packet.h"

#define MATCH_NONE      (-1) /* other traffic */
#define MATCH_MALFORMED (-2)

struct match_table {
    uint32_t count;
    uint64_t keys[PACKET_CHANNEL_COUNT_MAX]; /* destination address << 16 | port */
};

static inline uint64_t match_key(uint32_t address, uint16_t port) {
    return (uint64_t)address << 16 | port;
}

static inline void match_table_fill(struct match_table *table, const struct packet_config *config) {
    table->count = config->channel_count;
    for (uint32_t i = 0; i < config->channel_count; i++)
        table->keys[i] = match_key(config->channels[i].address, config->channels[i].port);
}

/* match_frame finds the channel of a frame that holds a whole datagram; view's data and size become its
 * payload. Checksums are left to the network card. */
static inline int match_frame(const struct match_table *table, const uint8_t *frame, uint32_t size,
                              struct packet_view *view) {
    struct frame_view decoded;
    int error = frame_decode_inline(frame, size, &decoded);
    if (error == ERROR_UNSUPPORTED) return MATCH_NONE;
    if (error) return MATCH_MALFORMED;
    if (decoded.protocol != FRAME_PROTOCOL_UDP) return MATCH_NONE;
    view->data = decoded.payload;
    view->size = decoded.payload_size;
    uint64_t key = match_key(decoded.destination_address, decoded.destination_port);
    for (uint32_t i = 0; i < table->count; i++)
        if (table->keys[i] == key) return (int)i;
    return MATCH_NONE;
}
