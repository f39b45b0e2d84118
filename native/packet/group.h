/* group: multicast membership, the same for every back end, because it is always the kernel that joins. */
#pragma once
#include "packet/port.h"
#include <netinet/in.h>

static inline bool group_is(uint32_t address) {
    return address >> 28 == 0xe;
}

static inline struct in_addr group_address(uint32_t address) {
    return (struct in_addr){.s_addr = __builtin_bswap32(address)};
}

/* group_join joins address on the configured interface; the membership lasts until fd is closed. */
int group_join(int fd, const struct packet_config *config, uint32_t address, struct packet_message *message);

/* group_interface is the index of the configured interface, or 0 for none configured; negative errors. */
int group_interface(const struct packet_config *config, struct packet_message *message);
