#include "packet/af_xdp.h"
#include "base/huge_pages.h"
#include "packet/group.h"
#include <errno.h>
#include <linux/if_xdp.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_COUNT_DEFAULT 8192
#define FRAME_COUNT_MIN     64
#define FRAME_COUNT_MAX     (1 << 20)
#define BUSY_POLL_BUDGET    64

static struct af_xdp_port *self(struct packet_port *port) {
    return (struct af_xdp_port *)port;
}

void af_xdp_wake(struct packet_port *port) {
    port->stats.wakeups++;
    recvfrom(xsk_socket__fd(self(port)->socket), NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

void af_xdp_wake_transmit(struct af_xdp_port *xdp) {
    xdp->port.stats.wakeups++;
    sendto(xsk_socket__fd(xdp->socket), NULL, 0, MSG_DONTWAIT, NULL, 0);
}

static void refresh_stats(struct packet_port *port) {
    struct xdp_statistics kernel;
    socklen_t size = sizeof kernel;
    if (getsockopt(xsk_socket__fd(self(port)->socket), SOL_XDP, XDP_STATISTICS, &kernel, &size) != 0) return;
    port->stats.dropped = kernel.rx_dropped + kernel.rx_ring_full;
}

static void drop_socket(struct af_xdp_port *xdp) {
    if (xdp->socket) xsk_socket__delete(xdp->socket);
    if (xdp->umem) xsk_umem__delete(xdp->umem);
    xdp->socket = NULL;
    xdp->umem = NULL;
}

static void af_xdp_close(struct packet_port *port) {
    struct af_xdp_port *xdp = self(port);
    af_xdp_steer_close(&xdp->steer); /* first, so that nothing is steered to a socket that is going */
    drop_socket(xdp);
    if (xdp->area) munmap(xdp->area, xdp->area_size);
    if (xdp->group_fd >= 0) close(xdp->group_fd);
    free(xdp->held);
    free(xdp);
}

static const struct packet_ops OPS = {
    .receive = af_xdp_receive,
    .release = af_xdp_release,
    .wake = af_xdp_wake,
    .bounce = af_xdp_bounce,
    .refresh_stats = refresh_stats,
    .close = af_xdp_close,
};

static int map_frames(struct af_xdp_port *xdp, struct packet_message *message) {
    const int protection = PROT_READ | PROT_WRITE;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    size_t size = (size_t)xdp->frame_count * AF_XDP_FRAME_SIZE;
    xdp->area_size = (size + HUGE_PAGE_SIZE - 1) & ~(HUGE_PAGE_SIZE - 1);
    void *area = mmap(NULL, xdp->area_size, protection, flags | MAP_HUGETLB | (int)MAP_HUGE_2MB, -1, 0);
    xdp->port.stats.huge_pages = area != MAP_FAILED;
    if (area == MAP_FAILED) area = mmap(NULL, xdp->area_size, protection, flags, -1, 0);
    if (area == MAP_FAILED) return packet_fail(message, "frame memory");
    if (!xdp->port.stats.huge_pages) huge_pages_wish(area, xdp->area_size);
    xdp->area = area;
    packet_say(message, "%u frames in %s pages", xdp->frame_count,
               xdp->port.stats.huge_pages ? "huge" : "ordinary");
    return 0;
}

/* One attempt at a socket on the queue; 0 or a negative errno. */
static int try_socket(struct af_xdp_port *xdp, const struct packet_config *config, uint16_t copy_mode) {
    const struct xsk_umem_config umem = {
        .fill_size = xdp->frame_count, .comp_size = xdp->frame_count, .frame_size = AF_XDP_FRAME_SIZE};
    const struct xsk_socket_config socket = {.rx_size = xdp->frame_count,
                                             .tx_size = xdp->frame_count,
                                             .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                                             .bind_flags = (uint16_t)(copy_mode | XDP_USE_NEED_WAKEUP)};
    int error = xsk_umem__create(&xdp->umem, xdp->area, xdp->area_size, &xdp->fill, &xdp->completion, &umem);
    if (!error)
        error = xsk_socket__create(&xdp->socket, config->interface, config->queue, xdp->umem, &xdp->rx,
                                   &xdp->tx, &socket);
    if (error) drop_socket(xdp);
    return error;
}

static int open_socket(struct af_xdp_port *xdp, const struct packet_config *config,
                       struct packet_message *message) {
    const uint16_t modes[] = {XDP_ZEROCOPY, XDP_COPY};
    int error = 0;
    for (size_t mode = xdp->port.stats.native_mode ? 0 : 1; mode < 2; mode++) {
        for (int i = 0; i < AF_XDP_BUSY_TRIES; i++) {
            error = try_socket(xdp, config, modes[mode]);
            if (error != -EBUSY) break;
            af_xdp_busy_pause();
        }
        if (error) continue;
        xdp->port.stats.zero_copy = modes[mode] == XDP_ZEROCOPY;
        packet_say(message, "%s queue %u: %s", config->interface, config->queue,
                   xdp->port.stats.zero_copy ? "zero copy" : "copying");
        return 0;
    }
    errno = -error;
    return packet_fail(message, "AF_XDP socket");
}

static void fill_all(struct af_xdp_port *xdp) {
    uint32_t index;
    uint32_t reserved = xsk_ring_prod__reserve(&xdp->fill, xdp->frame_count, &index);
    for (uint32_t i = 0; i < reserved; i++)
        *xsk_ring_prod__fill_addr(&xdp->fill, index + i) = (uint64_t)i * AF_XDP_FRAME_SIZE;
    xsk_ring_prod__submit(&xdp->fill, reserved);
}

static void prefer_busy_poll(struct af_xdp_port *xdp, const struct packet_config *config,
                             struct packet_message *message) {
    const int values[] = {1, (int)config->busy_poll_us, BUSY_POLL_BUDGET};
    const int options[] = {SO_PREFER_BUSY_POLL, SO_BUSY_POLL, SO_BUSY_POLL_BUDGET};
    for (int i = 0; i < 3; i++) {
        if (setsockopt(xsk_socket__fd(xdp->socket), SOL_SOCKET, options[i], &values[i], sizeof values[i]) ==
            0)
            continue;
        packet_fail(message, "no busy polling");
        return;
    }
    xdp->busy_poll = true;
}

static int join_groups(struct af_xdp_port *xdp, const struct packet_config *config,
                       struct packet_message *message) {
    xdp->group_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (xdp->group_fd < 0) return packet_fail(message, "socket");
    for (uint32_t i = 0; i < config->channel_count; i++) {
        uint32_t address = config->channels[i].address;
        bool joined = !group_is(address);
        for (uint32_t j = 0; j < i && !joined; j++) joined = config->channels[j].address == address;
        int error = joined ? 0 : group_join(xdp->group_fd, config, address, message);
        if (error) return error;
    }
    return 0;
}

static int open_port(struct af_xdp_port *xdp, const struct packet_config *config,
                     struct packet_message *message) {
    xdp->frame_count = config->frame_count ? config->frame_count : FRAME_COUNT_DEFAULT;
    if (xdp->frame_count < FRAME_COUNT_MIN || xdp->frame_count > FRAME_COUNT_MAX ||
        (xdp->frame_count & (xdp->frame_count - 1)) != 0) {
        packet_say(message, "frame_count is %u, expected a power of two from %d to %d", xdp->frame_count,
                   FRAME_COUNT_MIN, FRAME_COUNT_MAX);
        return ERROR_ARGUMENT;
    }
    int interface = group_interface(config, message);
    if (interface < 0) return interface;
    if (interface == 0) {
        packet_say(message, "AF_XDP needs an interface");
        return ERROR_ARGUMENT;
    }
    match_table_fill(&xdp->table, config);
    xdp->held_mask = xdp->frame_count - 1;
    xdp->held = calloc(xdp->frame_count, sizeof *xdp->held);
    if (!xdp->held) return packet_fail(message, "frame list");
    int error = map_frames(xdp, message);
    if (!error)
        error = af_xdp_steer_attach(&xdp->steer, config, interface, &xdp->port.stats.native_mode, message);
    if (!error) error = open_socket(xdp, config, message);
    if (error) return error;
    if (config->busy_poll_us > 0) prefer_busy_poll(xdp, config, message);
    fill_all(xdp);
    error = af_xdp_steer_start(&xdp->steer, config, xsk_socket__fd(xdp->socket), message);
    return error ? error : join_groups(xdp, config, message);
}

int af_xdp_open(const struct packet_config *config, struct packet_port **port,
                struct packet_message *message) {
    struct af_xdp_port *xdp = calloc(1, sizeof *xdp);
    if (!xdp) return packet_fail(message, "port");
    xdp->port.ops = &OPS;
    xdp->group_fd = -1;
    xdp->steer.link_fd = -1;
    int error = open_port(xdp, config, message);
    if (error)
        af_xdp_close(&xdp->port);
    else
        *port = &xdp->port;
    return error;
}
