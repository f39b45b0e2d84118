/* packet: how datagrams come in and go out, whatever carries them.  One interface (native/packet/port.h),
 * back ends af_xdp, socket and pcap. */
#pragma once
#include "tickwire/base.h"

#define PACKET_CHANNEL_COUNT_MAX 8
#define PACKET_PATH_SIZE         256

enum packet_backend { PACKET_SOCKET = 0, PACKET_AF_XDP = 1, PACKET_PCAP = 2 };

struct packet_channel { /* one group and port that this port listens to; its place in the array is the channel
                         */
    uint32_t address;   /* IPv4, host order; multicast is joined, unicast is bound */
    uint16_t port;
    uint16_t reserved;
};

struct packet_config {
    uint32_t backend; /* enum packet_backend */
    uint32_t channel_count;
    struct packet_channel channels[PACKET_CHANNEL_COUNT_MAX];
    char interface[16];          /* for example veth-box; "lo" for loopback */
    char path[PACKET_PATH_SIZE]; /* pcap file */
    uint32_t interface_address;  /* IPv4, host order: where groups are joined; 0 lets the kernel choose */
    uint32_t queue;              /* AF_XDP receive queue */
    uint32_t frame_count;        /* AF_XDP umem frames, a power of two; 0: 8192 */
    uint32_t busy_poll_us;       /* SO_BUSY_POLL; 0: off */
    uint32_t generic;            /* AF_XDP: do not even try native mode */
    uint32_t receive_buffer;     /* socket: SO_RCVBUF bytes; 0: 8 MiB */
};

struct packet_stats {
    uint64_t received;
    uint64_t received_bytes;
    uint64_t dropped;   /* by the kernel or the NIC for want of room */
    uint64_t malformed; /* frames that were no IPv4/UDP datagram of ours */
    uint64_t transmitted;
    uint64_t wakeups;     /* system calls made to wake the kernel */
    uint32_t native_mode; /* AF_XDP: 1 native, 0 generic */
    uint32_t huge_pages;  /* AF_XDP: umem in huge pages */
    uint32_t zero_copy;
    uint32_t reserved;
};

struct packet_port;
struct packet_view { /* one datagram's payload; valid until released */
    const uint8_t *data;
    uint32_t size;
    uint32_t channel;
    uint64_t rx_ns; /* when the lane saw it (pcap: when it was captured) */
};

/* packet_open opens a port; message receives one line a decision taken (native or generic mode, huge pages or
 * not) or the reason of the failure.  packet_receive fills at most count views and returns how many (0: none,
 * never blocks); packet_release gives back the oldest count views.  Call packet_idle when packet_receive
 * returned 0: some drivers, and busy polling, need a system call to go on.  Stages use the inline forms of
 * native/packet/port.h. */
int packet_open(const struct packet_config *config, struct packet_port **port, char *message,
                size_t message_size);
int packet_receive(struct packet_port *port, struct packet_view *views, int count);
void packet_release(struct packet_port *port, int count);
void packet_idle(struct packet_port *port);
int packet_get_stats(struct packet_port *port, struct packet_stats *stats);
void packet_close(struct packet_port *port);
int packet_have_af_xdp(void); /* 1 when this build has the back end */

/* packet_echo_run sends every frame of the port's channels back to its sender, spinning, with nothing done in
 * between: the floor that wire-to-wire latencies are measured against.  Returns 0 after count datagrams,
 * ERROR_EMPTY when none came for idle_ns_max, ERROR_UNSUPPORTED on a back end without raw frames (all but
 * AF_XDP). */
int packet_echo_run(struct packet_port *port, uint64_t count, uint64_t idle_ns_max);

/* A sender is one outgoing UDP flow of the kernel's (sendmmsg), with the instant before each send.  The paper
 * exchange has a publisher of its own, which also injects faults; this one is for tests and measurements. */
struct packet_sender_config {
    uint32_t address;           /* IPv4, host order; a multicast group or a host */
    uint32_t interface_address; /* IPv4, host order: the source, and where multicast leaves; 0 lets the kernel
                                   choose */
    uint16_t port;
    uint16_t ttl; /* multicast hops; 0: 1 */
};

struct packet_payload {
    const uint8_t *data;
    uint32_t size;
    uint32_t reserved;
};

struct packet_sender;
/* packet_sender_send offers count datagrams to the kernel and returns how many it took, in order; fewer when
 * its buffer is full (offer the rest again), or before one it refuses, which is then ERROR_SYSTEM when it
 * comes first (errno: EMSGSIZE, ENETUNREACH).  *sent_ns, unless NULL, becomes CLOCK_REALTIME just before the
 * first system call: kernel receive stamps minus it are wire-to-wire times.  Never blocks. */
int packet_sender_open(const struct packet_sender_config *config, struct packet_sender **sender,
                       char *message, size_t message_size);
int packet_sender_send(struct packet_sender *sender, const struct packet_payload *payloads, int count,
                       uint64_t *sent_ns);
int packet_sender_fd(const struct packet_sender *sender); /* its socket, where answers to it arrive */
void packet_sender_close(struct packet_sender *sender);
