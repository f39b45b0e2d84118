/* match: from an Ethernet frame to one of the port's channels. */
#pragma once
#include "tickwire/packet.h"
#include <string.h>

#define MATCH_NONE      (-1) /* a sound datagram, but not for us */
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

static inline uint16_t match_u16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* match_frame finds the datagram's channel and its payload (data and size).  Checksums are left to the NIC,
 * which has verified the frame's own. */
static inline int match_frame(const struct match_table *table, const uint8_t *frame, uint32_t size,
                              const uint8_t **data, uint32_t *payload_size) {
    uint32_t at = 14;
    if (size < at + 28) return MATCH_MALFORMED;
    if (match_u16(frame + 12) == 0x8100) at += 4;
    if (size < at + 28) return MATCH_MALFORMED;
    const uint8_t *ip = frame + at;
    if (match_u16(ip - 2) != 0x0800 || ip[0] >> 4 != 4 || ip[9] != 17) return MATCH_MALFORMED;
    if (match_u16(ip + 6) & 0x3fff) return MATCH_MALFORMED;
    uint32_t header_size = (ip[0] & 15u) * 4u;
    uint32_t total_size = match_u16(ip + 2);
    if (header_size < 20 || total_size < header_size + 8 || total_size > size - at) return MATCH_MALFORMED;
    const uint8_t *udp = ip + header_size;
    uint32_t udp_size = match_u16(udp + 4);
    if (udp_size < 8 || udp_size > total_size - header_size) return MATCH_MALFORMED;
    uint32_t address;
    memcpy(&address, ip + 16, sizeof address);
    uint64_t key = match_key(__builtin_bswap32(address), match_u16(udp + 2));
    *data = udp + 8;
    *payload_size = udp_size - 8;
    for (uint32_t i = 0; i < table->count; i++)
        if (table->keys[i] == key) return (int)i;
    return MATCH_NONE;
}
