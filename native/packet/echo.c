#include "clock/clock_inline.h"
#include "packet/port.h"

#define SPINS_PER_CLOCK 1024

int packet_echo_run(struct packet_port *port, uint64_t count, uint64_t idle_ns_max) {
    if (!port->ops->bounce) return ERROR_UNSUPPORTED;
    uint64_t last_ns = clock_now();
    uint64_t echoed = 0;
    uint32_t spins = 0;
    while (echoed < count) {
        int sent = port->ops->bounce(port);
        echoed += (uint64_t)sent;
        if (sent > 0) {
            spins = 0;
            continue;
        }
        if (++spins % SPINS_PER_CLOCK) continue;
        uint64_t now_ns = clock_now();
        if (spins == SPINS_PER_CLOCK)
            last_ns = now_ns; /* the first look at the clock since the last datagram */
        if (now_ns - last_ns > idle_ns_max) return ERROR_EMPTY;
    }
    return 0;
}
