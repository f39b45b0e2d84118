/* af_xdp: frames straight from the driver into our own memory (umem).  The hot half is af_xdp_hot.c, which
 * makes no system call; set-up, waking the kernel and statistics are in af_xdp.c, the steering program in
 * af_xdp_steer.c.
 *
 * A frame is always in exactly one place: the fill ring (the kernel's to write), the receive ring, `held`
 * (with the caller), or, for the echo, the transmit and completion rings.  Every ring has room for all
 * frames, so giving one back cannot fail. */
#pragma once
#include "packet/match.h"
#include "packet/port.h"
#include <xdp/xsk.h>

#define AF_XDP_FRAME_SIZE 2048

struct bpf_object;

struct af_xdp_steer { /* the steering program; detaches when link_fd is closed, by whatever end of the process
                       */
    struct bpf_object *object;
    int link_fd;
};

struct af_xdp_port {
    struct packet_port port;
    bool busy_poll; /* every empty receive wants a system call, in which the driver is polled */
    uint32_t held_mask;
    uint32_t held_head;
    uint32_t held_tail;
    uint64_t *held; /* frames with the caller, oldest at tail */
    uint8_t *area;
    struct xsk_ring_cons rx;
    struct xsk_ring_prod fill;
    struct xsk_ring_prod tx;
    struct xsk_ring_cons completion;
    struct match_table table;

    size_t area_size; /* from here on: set-up, close, statistics */
    uint32_t frame_count;
    int group_fd; /* the kernel socket whose memberships keep the groups coming */
    struct xsk_umem *umem;
    struct xsk_socket *socket;
    struct af_xdp_steer steer;
};

int af_xdp_receive(struct packet_port *port, struct packet_view *views, int count);
void af_xdp_release(struct packet_port *port, int count);
int af_xdp_bounce(struct packet_port *port);
void af_xdp_wake(struct packet_port *port);
void af_xdp_wake_transmit(struct af_xdp_port *xdp);

/* af_xdp_steer_attach loads and attaches the program, native mode first unless the configuration says
 * generic; the outcome stands in *native.  af_xdp_steer_start lets the channels' datagrams through to the
 * socket. */
int af_xdp_steer_attach(struct af_xdp_steer *steer, const struct packet_config *config, int interface,
                        uint32_t *native, struct packet_message *message);
int af_xdp_steer_start(struct af_xdp_steer *steer, const struct packet_config *config, int socket_fd,
                       struct packet_message *message);
void af_xdp_steer_close(struct af_xdp_steer *steer);

/* What a process leaves when it dies (a socket on the queue, a program on the link) is freed by kernel
 * workers some milliseconds later; its successor tries again this often before it believes that somebody else
 * is there. */
#define AF_XDP_BUSY_TRIES    50
#define AF_XDP_BUSY_PAUSE_NS 10000000

void af_xdp_busy_pause(void);
