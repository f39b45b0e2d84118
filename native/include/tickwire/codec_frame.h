/* codec_frame: Ethernet frames down to the UDP or TCP payload, and capture files in memory.  The hot path
 * reads frames with native/codec/frame_inline.h. */
#pragma once
#include "tickwire/base.h"

#define FRAME_VLAN_COUNT_MAX 2 /* QinQ */
#define FRAME_PROTOCOL_TCP   6
#define FRAME_PROTOCOL_UDP   17

enum frame_tcp_flag { FRAME_TCP_FIN = 1, FRAME_TCP_SYN = 2, FRAME_TCP_RST = 4 };

struct frame_view { /* payload points into the frame */
    const uint8_t *payload;
    uint32_t payload_size;        /* by the IP and UDP lengths: Ethernet padding is not in it */
    uint32_t source_address;      /* IPv4, host order */
    uint32_t destination_address; /* IPv4, host order */
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t vlan[FRAME_VLAN_COUNT_MAX]; /* identifiers, outer first */
    uint8_t vlan_count;
    uint8_t protocol;  /* FRAME_PROTOCOL_TCP or FRAME_PROTOCOL_UDP */
    uint8_t tcp_flags; /* enum frame_tcp_flag and the others of the header */
    uint8_t reserved;
    uint32_t tcp_sequence;
};

/* frame_decode finds the payload: 0; ERROR_UNSUPPORTED for what is not IPv4 with UDP or TCP, or is a fragment
 * (a lone piece of a datagram is never looked into); ERROR_TRUNCATED when the frame ends before its lengths
 * do; ERROR_MALFORMED when they contradict each other.  Checksums are the network card's business. */
int frame_decode(const uint8_t *data, size_t size, struct frame_view *view);

#define CAPTURE_LINK_ETHERNET       1
#define CAPTURE_INTERFACE_COUNT_MAX 16

struct capture_interface {
    uint32_t link_type;
    uint32_t reserved;
    uint64_t ticks_per_second; /* of its time stamps */
};

struct capture { /* a pcap or pcapng file in memory, being walked */
    const uint8_t *data;
    size_t size;
    size_t offset;            /* of the next record */
    uint32_t swapped;         /* written on a machine of the other byte order */
    uint32_t next_generation; /* pcapng */
    uint32_t interface_count; /* pcap: 1 */
    uint32_t reserved;
    struct capture_interface interfaces[CAPTURE_INTERFACE_COUNT_MAX];
};

struct capture_packet {
    const uint8_t *data; /* the bytes captured */
    uint32_t size;
    uint32_t wire_size; /* what went over the wire; more than size when the capture was cut */
    uint32_t link_type; /* CAPTURE_LINK_ETHERNET or another */
    uint32_t reserved;
    uint64_t time_ns; /* since the Unix epoch */
};

/* capture_open starts on a file: 0, ERROR_TRUNCATED, or ERROR_MALFORMED when it is neither pcap nor pcapng.
 * capture_next gives the next packet: 1; 0 at the end; ERROR_TRUNCATED when the file ends inside a record;
 * ERROR_MALFORMED.  What was given before an error was good. */
int capture_open(struct capture *capture, const uint8_t *data, size_t size);
int capture_next(struct capture *capture, struct capture_packet *packet);
