/* af_xdp_echo: the least a program can do between receiving a frame and sending it: swap the ends, in place.
 */
#include "packet/af_xdp.h"
#include <string.h>

#define ECHO_BATCH 32 /* what the kernel's copying mode takes in one system call */

static void swap(uint8_t *one, uint8_t *other, size_t size) {
    uint8_t kept[8];
    memcpy(kept, one, size);
    memcpy(one, other, size);
    memcpy(other, kept, size);
}

/* payload is where match_frame found it: right after the UDP header. */
static void turn_round(uint8_t *frame, uint8_t *payload) {
    uint8_t *udp = payload - 8;
    uint8_t *ip = frame + (load_be16(frame + 12) == FRAME_TYPE_VLAN ? 18 : 14);
    swap(frame, frame + 6, 6);
    swap(ip + 12, ip + 16, 4); /* the header's checksum is the same either way round */
    swap(udp, udp + 2, 2);
    memset(udp + 6, 0, 2); /* "no checksum": the sender may have left the sum to an offload that never came */
}

static void recycle(struct af_xdp_port *xdp) {
    uint32_t from;
    uint32_t to;
    uint32_t done = xsk_ring_cons__peek(&xdp->completion, ECHO_BATCH, &from);
    if (done == 0) return;
    if (xsk_ring_prod__reserve(&xdp->fill, done, &to) == done) {
        for (uint32_t i = 0; i < done; i++)
            *xsk_ring_prod__fill_addr(&xdp->fill, to + i) =
                *xsk_ring_cons__comp_addr(&xdp->completion, from + i);
        xsk_ring_prod__submit(&xdp->fill, done);
    }
    xsk_ring_cons__release(&xdp->completion, done);
}

/* Wakes the kernel while it has not taken all that was given to it. */
static void push(struct af_xdp_port *xdp) {
    bool pending = __atomic_load_n(xdp->tx.consumer, __ATOMIC_ACQUIRE) != *xdp->tx.producer;
    if (pending && xsk_ring_prod__needs_wakeup(&xdp->tx)) af_xdp_wake_transmit(xdp);
}

int af_xdp_bounce(struct packet_port *port) {
    struct af_xdp_port *xdp = (struct af_xdp_port *)port;
    struct packet_view views[ECHO_BATCH];
    int received = af_xdp_receive(port, views, ECHO_BATCH);
    if (received == 0) {
        packet_port_idle(port);
        push(xdp);
        recycle(xdp);
        return 0;
    }
    uint32_t index;
    if (xsk_ring_prod__reserve(&xdp->tx, (uint32_t)received, &index) == 0) {
        af_xdp_release(port, received); /* cannot be: it has room for all frames */
        return 0;
    }
    for (int i = 0; i < received; i++) {
        uint8_t *payload = xdp->area + (views[i].data - xdp->area);
        uint64_t held = xdp->held[xdp->held_tail++ & xdp->held_mask];
        turn_round(xdp->area + held, payload);
        *xsk_ring_prod__tx_desc(&xdp->tx, index + (uint32_t)i) =
            (struct xdp_desc){.addr = held, .len = (uint32_t)(payload + views[i].size - (xdp->area + held))};
    }
    xsk_ring_prod__submit(&xdp->tx, (uint32_t)received);
    push(xdp);
    port->stats.transmitted += (uint64_t)received;
    recycle(xdp);
    return received;
}
