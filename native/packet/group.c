#include "packet/group.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

int group_interface(const struct packet_config *config, struct packet_message *message) {
    if (config->interface[0] == '\0') return 0;
    unsigned int index = if_nametoindex(config->interface);
    return index ? (int)index : packet_fail(message, config->interface);
}

int group_join(int fd, const struct packet_config *config, uint32_t address, struct packet_message *message) {
    int index = group_interface(config, message);
    if (index < 0) return index;
    struct ip_mreqn request = {.imr_multiaddr = group_address(address),
                               .imr_address = group_address(config->interface_address),
                               .imr_ifindex = index};
    if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0) return 0;
    char text[INET_ADDRSTRLEN + 16] = "joining ";
    inet_ntop(AF_INET, &request.imr_multiaddr, text + 8, INET_ADDRSTRLEN);
    return packet_fail(message, text);
}
