#include "clock/clock_inline.h"
#include "packet/af_xdp.h"

static struct af_xdp_port *self(struct packet_port *port) {
    return (struct af_xdp_port *)port;
}

static inline void give_back(struct af_xdp_port *xdp, uint64_t frame) {
    uint32_t index;
    if (xsk_ring_prod__reserve(&xdp->fill, 1, &index) == 0)
        return; /* cannot be: it has room for all frames */
    *xsk_ring_prod__fill_addr(&xdp->fill, index) = frame;
    xsk_ring_prod__submit(&xdp->fill, 1);
}

int af_xdp_receive(struct packet_port *port, struct packet_view *views, int count) {
    struct af_xdp_port *xdp = self(port);
    uint32_t index;
    uint32_t arrived = xsk_ring_cons__peek(&xdp->rx, (uint32_t)count, &index);
    if (arrived == 0) {
        port->wants_wake = xdp->busy_poll || xsk_ring_prod__needs_wakeup(&xdp->fill);
        return 0;
    }
    uint64_t now_ns = clock_now();
    int filled = 0;
    for (uint32_t i = 0; i < arrived; i++) {
        const struct xdp_desc *frame = xsk_ring_cons__rx_desc(&xdp->rx, index + i);
        struct packet_view *view = &views[filled];
        int channel = match_frame(&xdp->table, xdp->area + frame->addr, frame->len, view);
        if (__builtin_expect(channel < 0, 0)) {
            port->stats.malformed++;
            give_back(xdp, frame->addr);
            continue;
        }
        view->channel = (uint32_t)channel;
        view->rx_ns = now_ns;
        port->stats.received_bytes += view->size;
        xdp->held[xdp->held_head++ & xdp->held_mask] = frame->addr;
        filled++;
    }
    xsk_ring_cons__release(&xdp->rx, arrived);
    port->stats.received += (uint64_t)filled;
    return filled;
}

void af_xdp_release(struct packet_port *port, int count) {
    struct af_xdp_port *xdp = self(port);
    uint32_t index;
    uint32_t frames = (uint32_t)count;
    if (xsk_ring_prod__reserve(&xdp->fill, frames, &index) == 0) return;
    for (uint32_t i = 0; i < frames; i++)
        *xsk_ring_prod__fill_addr(&xdp->fill, index + i) = xdp->held[xdp->held_tail++ & xdp->held_mask];
    xsk_ring_prod__submit(&xdp->fill, frames);
}
