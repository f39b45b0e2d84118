/* port: what every back end is behind the one interface, and the hot calls inlined to one indirect call each.
 */
#pragma once
#include "tickwire/packet.h"
#include <stdbool.h>
#include <stdint.h>

struct packet_ops {
    int (*receive)(struct packet_port *port, struct packet_view *views, int count);
    void (*release)(struct packet_port *port, int count);
    void (*wake)(struct packet_port *port);  /* the system call the kernel waits for; NULL: it never does */
    int (*bounce)(struct packet_port *port); /* one batch sent back to its senders; NULL: no raw frames */
    void (*refresh_stats)(struct packet_port *port); /* asks the kernel for its share; NULL: it has none */
    void (*close)(struct packet_port *port);
};

struct packet_port { /* the first member of every back end's own struct */
    const struct packet_ops *ops;
    bool wants_wake; /* set by receive: nothing came, and the kernel waits for a system call */
    struct packet_stats stats;
};

static inline int packet_port_receive(struct packet_port *port, struct packet_view *views, int count) {
    return port->ops->receive(port, views, count);
}

static inline void packet_port_release(struct packet_port *port, int count) {
    port->ops->release(port, count);
}

static inline void packet_port_idle(struct packet_port *port) {
    if (__builtin_expect(port->wants_wake, 0)) port->ops->wake(port);
}

/* The lines packet_open gives back. */
struct packet_message {
    char *text;
    size_t size;
    size_t length;
};

/* packet_say appends one line; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) void packet_say(struct packet_message *message, const char *format,
                                                      ...);

/* packet_fail appends "what: reason", the reason taken from errno, and returns ERROR_SYSTEM. */
int packet_fail(struct packet_message *message, const char *what);

int socket_open(const struct packet_config *config, struct packet_port **port,
                struct packet_message *message);
int pcap_open(const struct packet_config *config, struct packet_port **port, struct packet_message *message);
int af_xdp_open(const struct packet_config *config, struct packet_port **port,
                struct packet_message *message);
