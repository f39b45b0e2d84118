/* socket: UDP through the kernel, the back end that needs no privilege.  One socket a channel, recvmmsg into
 * buffers allocated once. */
#include "clock/clock_inline.h"
#include "packet/group.h"
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOT_COUNT             512 /* datagrams held at once, a power of two */
#define SLOT_SIZE              2048
#define RECEIVE_BUFFER_DEFAULT (8 << 20)

/* Slots [tail, head) are with the caller; the rest are free.  A slot is a place in these arrays, its buffer
 * is whatever its vector points to: a datagram that is refused swaps its buffer to the end of the batch. */
struct socket_port {
    struct packet_port port;
    uint32_t head;
    uint32_t tail;
    uint32_t channel_count;
    uint32_t channel_next; /* which channel the next receive asks first, so that a flood does not starve the
                              others */
    int fds[PACKET_CHANNEL_COUNT_MAX];
    struct mmsghdr messages[SLOT_COUNT];
    struct iovec vectors[SLOT_COUNT];
    uint8_t buffers[SLOT_COUNT][SLOT_SIZE];
};

static struct socket_port *self(struct packet_port *port) {
    return (struct socket_port *)port;
}

static int receive_channel(struct socket_port *sock, uint32_t channel, struct packet_view *views, int count) {
    uint32_t first = sock->head % SLOT_COUNT;
    uint32_t room = SLOT_COUNT - (sock->head - sock->tail);
    if (room > SLOT_COUNT - first) room = SLOT_COUNT - first;
    if (room > (uint32_t)count) room = (uint32_t)count;
    if (room == 0) return 0;
    int received = recvmmsg(sock->fds[channel], &sock->messages[first], room, MSG_DONTWAIT, NULL);
    if (received <= 0) return 0;
    uint64_t now_ns = clock_now();
    uint32_t slot = first;
    for (uint32_t i = first; i < first + (uint32_t)received; i++) {
        uint8_t *data = sock->vectors[i].iov_base;
        if (sock->messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
            sock->port.stats.malformed++;
            continue;
        }
        sock->vectors[i].iov_base = sock->vectors[slot].iov_base;
        sock->vectors[slot].iov_base = data;
        *views = (struct packet_view){data, sock->messages[i].msg_len, channel, now_ns};
        sock->port.stats.received_bytes += views->size;
        views++;
        slot++;
    }
    int filled = (int)(slot - first);
    sock->head += (uint32_t)filled;
    sock->port.stats.received += (uint64_t)filled;
    return filled;
}

static int socket_receive(struct packet_port *port, struct packet_view *views, int count) {
    struct socket_port *sock = self(port);
    int filled = 0;
    for (uint32_t i = 0; i < sock->channel_count && filled < count; i++) {
        uint32_t channel = sock->channel_next;
        sock->channel_next = channel + 1 == sock->channel_count ? 0 : channel + 1;
        filled += receive_channel(sock, channel, views + filled, count - filled);
    }
    return filled;
}

static void socket_release(struct packet_port *port, int count) {
    self(port)->tail += (uint32_t)count;
}

static void socket_refresh_stats(struct packet_port *port) {
    struct socket_port *sock = self(port);
    uint64_t dropped = 0;
    for (uint32_t i = 0; i < sock->channel_count; i++) {
        uint32_t memory[SK_MEMINFO_VARS] = {0};
        socklen_t size = sizeof memory;
        if (getsockopt(sock->fds[i], SOL_SOCKET, SO_MEMINFO, memory, &size) == 0)
            dropped += memory[SK_MEMINFO_DROPS];
    }
    port->stats.dropped = dropped;
}

static void socket_close(struct packet_port *port) {
    struct socket_port *sock = self(port);
    for (uint32_t i = 0; i < sock->channel_count; i++) close(sock->fds[i]);
    free(sock);
}

static const struct packet_ops OPS = {
    .receive = socket_receive,
    .release = socket_release,
    .refresh_stats = socket_refresh_stats,
    .close = socket_close,
};

static void size_buffer(int fd, uint32_t channel, int wanted, struct packet_message *message) {
    int granted = 0;
    socklen_t size = sizeof granted;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size);
    if (granted / 2 < wanted) /* the kernel reports twice what it grants */
        packet_say(message, "channel %u: receive buffer is %d bytes, not %d (net.core.rmem_max)", channel,
                   granted / 2, wanted);
}

static int open_channel(const struct packet_config *config, uint32_t index, int fd,
                        struct packet_message *message) {
    const struct packet_channel *channel = &config->channels[index];
    const int on = 1;
    const int off = 0;
    bool multicast = group_is(channel->address);
    if (multicast) {
        /* Several boxes of one machine may listen to one line; a unicast port stays exclusive.  Without
         * IP_MULTICAST_ALL=0 a socket also gets what other sockets joined on other interfaces. */
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
            return packet_fail(message, "SO_REUSEADDR");
        if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off) != 0)
            return packet_fail(message, "IP_MULTICAST_ALL");
    }
    size_buffer(fd, index, config->receive_buffer ? (int)config->receive_buffer : RECEIVE_BUFFER_DEFAULT,
                message);
    int busy_poll_us = (int)config->busy_poll_us;
    if (busy_poll_us > 0 && setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &busy_poll_us, sizeof busy_poll_us) != 0)
        packet_say(message, "channel %u: no busy polling (needs CAP_NET_ADMIN)", index);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = group_address(channel->address), .sin_port = htons(channel->port)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return packet_fail(message, "bind");
    return multicast ? group_join(fd, config, channel->address, message) : 0;
}

int socket_open(const struct packet_config *config, struct packet_port **port,
                struct packet_message *message) {
    struct socket_port *sock = calloc(1, sizeof *sock);
    if (!sock) return packet_fail(message, "socket buffers");
    sock->port.ops = &OPS;
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        sock->vectors[i] = (struct iovec){sock->buffers[i], SLOT_SIZE};
        sock->messages[i].msg_hdr = (struct msghdr){.msg_iov = &sock->vectors[i], .msg_iovlen = 1};
    }
    for (uint32_t i = 0; i < config->channel_count; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int error = fd < 0 ? packet_fail(message, "socket") : 0;
        if (!error) {
            sock->fds[sock->channel_count++] = fd;
            error = open_channel(config, i, fd, message);
        }
        if (error) {
            socket_close(&sock->port);
            return error;
        }
    }
    *port = &sock->port;
    return 0;
}
