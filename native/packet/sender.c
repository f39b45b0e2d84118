/* sender: outgoing UDP through the kernel, many datagrams a system call. */
#include "packet/group.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SEND_BATCH 64

struct packet_sender {
    int fd;
    struct sockaddr_in address;
    struct mmsghdr messages[SEND_BATCH];
    struct iovec vectors[SEND_BATCH];
};

static int open_flow(struct packet_sender *sender, const struct packet_sender_config *config,
                     struct packet_message *message) {
    if (config->address == 0 || config->port == 0) {
        packet_say(message, "a sender needs an address and a port");
        return ERROR_ARGUMENT;
    }
    sender->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender->fd < 0) return packet_fail(message, "socket");
    int ttl = config->ttl ? config->ttl : 1;
    if (setsockopt(sender->fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) != 0)
        return packet_fail(message, "IP_MULTICAST_TTL");
    if (config->interface_address == 0) return 0;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr = group_address(config->interface_address)};
    struct ip_mreqn interface = {.imr_address = source.sin_addr};
    if (setsockopt(sender->fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) != 0)
        return packet_fail(message, "IP_MULTICAST_IF");
    if (bind(sender->fd, (struct sockaddr *)&source, sizeof source) != 0) return packet_fail(message, "bind");
    return 0;
}

int packet_sender_open(const struct packet_sender_config *config, struct packet_sender **sender,
                       char *message, size_t message_size) {
    struct packet_message lines = {message, message_size, 0};
    if (message_size > 0) message[0] = '\0';
    *sender = NULL;
    struct packet_sender *made = calloc(1, sizeof *made);
    if (!made) return packet_fail(&lines, "sender");
    made->fd = -1;
    int error = open_flow(made, config, &lines);
    if (error) {
        packet_sender_close(made);
        return error;
    }
    /* Addressed per datagram and not connected: a connected socket would hand us the peer's ICMP errors. */
    made->address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr = group_address(config->address), .sin_port = htons(config->port)};
    for (int i = 0; i < SEND_BATCH; i++)
        made->messages[i].msg_hdr = (struct msghdr){.msg_name = &made->address,
                                                    .msg_namelen = sizeof made->address,
                                                    .msg_iov = &made->vectors[i],
                                                    .msg_iovlen = 1};
    *sender = made;
    return 0;
}

int packet_sender_send(struct packet_sender *sender, const struct packet_payload *payloads, int count,
                       uint64_t *sent_ns) {
    int sent = 0;
    if (sent_ns) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        *sent_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    }
    while (sent < count) {
        int batch = count - sent < SEND_BATCH ? count - sent : SEND_BATCH;
        for (int i = 0; i < batch; i++)
            sender->vectors[i] =
                (struct iovec){(void *)(uintptr_t)payloads[sent + i].data, payloads[sent + i].size};
        int taken = sendmmsg(sender->fd, sender->messages, (unsigned)batch, MSG_DONTWAIT);
        if (taken < 0) {
            bool full = errno == EAGAIN || errno == ENOBUFS || errno == EINTR;
            return sent > 0 || full ? sent : ERROR_SYSTEM;
        }
        sent += taken;
        if (taken < batch) break;
    }
    return sent;
}

int packet_sender_fd(const struct packet_sender *sender) {
    return sender->fd;
}

void packet_sender_close(struct packet_sender *sender) {
    if (!sender) return;
    if (sender->fd >= 0) close(sender->fd);
    free(sender);
}
