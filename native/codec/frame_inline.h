/* frame_inline: from an Ethernet frame to its UDP or TCP payload, for the hot path.  Contract: codec_frame.h.
 */
#pragma once
#include "codec/bytes.h"
#include "tickwire/codec_frame.h"

enum {
    FRAME_ETHERNET_SIZE = 14,
    FRAME_VLAN_SIZE = 4,
    FRAME_IPV4_SIZE_MIN = 20,
    FRAME_UDP_SIZE = 8,
    FRAME_TCP_SIZE_MIN = 20,
    FRAME_TYPE_IPV4 = 0x0800,
    FRAME_TYPE_VLAN = 0x8100,
    FRAME_TYPE_QINQ = 0x88a8,
    FRAME_TYPE_QINQ_OLD = 0x9100,
};

/* Reads the VLAN tags; returns where the network header starts, or an error. */
static inline int frame_read_link(const uint8_t *data, size_t size, struct frame_view *view) {
    size_t at = FRAME_ETHERNET_SIZE;
    if (__builtin_expect(size < at, 0)) return ERROR_TRUNCATED;
    uint16_t type = load_be16(data + 12);
    view->vlan_count = 0;
    while (__builtin_expect(type == FRAME_TYPE_VLAN || type == FRAME_TYPE_QINQ || type == FRAME_TYPE_QINQ_OLD,
                            0)) {
        if (view->vlan_count == FRAME_VLAN_COUNT_MAX) return ERROR_UNSUPPORTED;
        if (size < at + FRAME_VLAN_SIZE) return ERROR_TRUNCATED;
        view->vlan[view->vlan_count++] = load_be16(data + at) & 0x0fff;
        type = load_be16(data + at + 2);
        at += FRAME_VLAN_SIZE;
    }
    return type == FRAME_TYPE_IPV4 ? (int)at : ERROR_UNSUPPORTED;
}

/* Both read the transport header that fills the bytes given, which end where the IP packet ends. */
static inline int frame_read_udp(const uint8_t *data, size_t size, struct frame_view *view) {
    if (__builtin_expect(size < FRAME_UDP_SIZE, 0)) return ERROR_MALFORMED;
    size_t length = load_be16(data + 4);
    if (__builtin_expect(length < FRAME_UDP_SIZE || length > size, 0)) return ERROR_MALFORMED;
    view->payload = data + FRAME_UDP_SIZE;
    view->payload_size = (uint32_t)(length - FRAME_UDP_SIZE);
    view->tcp_sequence = 0;
    view->tcp_flags = 0;
    return 0;
}

static inline int frame_read_tcp(const uint8_t *data, size_t size, struct frame_view *view) {
    if (size < FRAME_TCP_SIZE_MIN) return ERROR_MALFORMED;
    size_t header = (size_t)(data[12] >> 4) * 4;
    if (header < FRAME_TCP_SIZE_MIN || header > size) return ERROR_MALFORMED;
    view->payload = data + header;
    view->payload_size = (uint32_t)(size - header);
    view->tcp_sequence = load_be32(data + 4);
    view->tcp_flags = data[13];
    return 0;
}

static inline int frame_decode_inline(const uint8_t *data, size_t size, struct frame_view *view) {
    int at = frame_read_link(data, size, view);
    if (__builtin_expect(at < 0, 0)) return at;
    data += at;
    size -= (size_t)at;
    if (__builtin_expect(size < FRAME_IPV4_SIZE_MIN, 0)) return ERROR_TRUNCATED;
    if (__builtin_expect(data[0] >> 4 != 4, 0)) return ERROR_MALFORMED;
    size_t header = (size_t)(data[0] & 15) * 4;
    size_t length = load_be16(data + 2);
    if (__builtin_expect(header < FRAME_IPV4_SIZE_MIN || length < header, 0)) return ERROR_MALFORMED;
    if (__builtin_expect(length > size, 0)) return ERROR_TRUNCATED;
    /* More fragments, or an offset: either way this is not a whole datagram. */
    if (__builtin_expect((load_be16(data + 6) & 0x3fff) != 0, 0)) return ERROR_UNSUPPORTED;
    view->protocol = data[9];
    if (view->protocol != FRAME_PROTOCOL_UDP && view->protocol != FRAME_PROTOCOL_TCP)
        return ERROR_UNSUPPORTED;
    if (length < header + 4) return ERROR_MALFORMED;
    view->source_address = load_be32(data + 12);
    view->destination_address = load_be32(data + 16);
    view->source_port = load_be16(data + header);
    view->destination_port = load_be16(data + header + 2);
    return view->protocol == FRAME_PROTOCOL_UDP ? frame_read_udp(data + header, length - header, view)
                                                : frame_read_tcp(data + header, length - header, view);
}
