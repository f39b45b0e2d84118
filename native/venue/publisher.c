/* publisher: the public stream as MoldUDP64 packets on two lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/bytes.h"
#include "venue/publisher.h"

#define PAYLOAD_DEFAULT      1400
#define REQUEST_RATE_DEFAULT 20000
#define SEND_BUFFER          (8 << 20)

static uint64_t realtime_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static int socket_open(const struct publisher_config *config) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return ERROR_SYSTEM;
    int size = SEND_BUFFER;
    unsigned char on = 1;
    struct in_addr interface = {.s_addr = htonl(config->interface_address)};
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
               sizeof size); /* the kernel may give less: then sends block */
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &on, sizeof on) != 0 ||
        (config->interface_address != 0 &&
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) != 0)) {
        close(fd);
        return ERROR_SYSTEM;
    }
    return fd;
}

static void line_open(struct publisher *publisher, uint32_t index) {
    struct line *line = &publisher->lines[index];
    line->settings = publisher->config.lines[index];
    line->random.state = publisher->config.fault_seed * PUBLISHER_LINE_COUNT + index;
    line->address.sin_family = AF_INET;
    line->address.sin_port = htons(line->settings.port);
    line->address.sin_addr.s_addr = htonl(line->settings.address);
    const struct publisher_line *faults = &line->settings;
    if ((faults->loss | faults->duplicate | faults->reorder | faults->delay) != 0) publisher->faulty = 1;
}

static int config_check(struct publisher_config *config) {
    if (config->payload_max == 0) config->payload_max = PAYLOAD_DEFAULT;
    if (config->request_rate_max == 0) config->request_rate_max = REQUEST_RATE_DEFAULT;
    if (config->payload_max > PUBLISHER_PAYLOAD_MAX || config->payload_max < 128) return ERROR_ARGUMENT;
    if (config->request_rate_max > 1000000000U) return ERROR_ARGUMENT;
    for (uint32_t index = 0; index < PUBLISHER_LINE_COUNT; index++) {
        if (config->lines[index].delay > LINE_DELAY_MAX) return ERROR_ARGUMENT;
    }
    return ERROR_NONE;
}

int publisher_open(const struct publisher_config *config, struct publisher **opened) {
    struct publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) return ERROR_SYSTEM;
    publisher->config = *config;
    publisher->socket_fd = -1;
    publisher->sequence_next = 1;
    publisher->random.state = config->fault_seed;
    publisher->faulty = config->gap != 0;
    publisher->stamps = calloc(PUBLISHER_STAMP_COUNT, sizeof *publisher->stamps);
    int error = config_check(&publisher->config);
    if (error == ERROR_NONE && publisher->stamps == NULL) error = ERROR_SYSTEM;
    if (error == ERROR_NONE) {
        publisher->socket_fd = socket_open(config);
        if (publisher->socket_fd < 0) error = publisher->socket_fd;
    }
    if (error != ERROR_NONE) {
        publisher_close(publisher);
        return error;
    }
    for (uint32_t index = 0; index < PUBLISHER_LINE_COUNT; index++) line_open(publisher, index);
    *opened = publisher;
    return ERROR_NONE;
}

void publisher_close(struct publisher *publisher) {
    if (publisher->socket_fd >= 0) close(publisher->socket_fd);
    free(publisher->stamps);
    free(publisher);
}

void publisher_send(struct publisher *publisher, const struct sockaddr_in *address, const void *data,
                    size_t size) {
    if (sendto(publisher->socket_fd, data, size, 0, (const struct sockaddr *)address, sizeof *address) < 0) {
        publisher->counters[PUBLISHER_COUNT_SEND_ERRORS]++;
    }
}

static void packet_header(const struct publisher *publisher, uint64_t sequence, uint16_t count,
                          uint8_t *header) {
    struct mold_header fields = {.count = count, .sequence = sequence};
    memcpy(fields.session, publisher->config.session, sizeof fields.session);
    (void)mold_encode(&fields, header, MOLD_HEADER_SIZE);
}

/* send_both puts one packet on both lines with one system call. */
static void send_both(struct publisher *publisher, const struct packet_out *packet) {
    struct iovec parts[2] = {{.iov_base = (void *)packet->header, .iov_len = sizeof packet->header},
                             {.iov_base = (void *)packet->data, .iov_len = packet->size}};
    struct mmsghdr messages[PUBLISHER_LINE_COUNT] = {0};
    unsigned int count = 0;
    for (uint32_t index = 0; index < PUBLISHER_LINE_COUNT; index++) {
        if (publisher->lines[index].settings.port == 0) continue;
        messages[count].msg_hdr.msg_name = &publisher->lines[index].address;
        messages[count].msg_hdr.msg_namelen = sizeof publisher->lines[index].address;
        messages[count].msg_hdr.msg_iov = parts;
        messages[count].msg_hdr.msg_iovlen = 2;
        count++;
    }
    unsigned int done = 0;
    while (done < count) {
        int sent = sendmmsg(publisher->socket_fd, messages + done, count - done, 0);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) publisher->counters[PUBLISHER_COUNT_SEND_ERRORS]++;
        done += sent > 0 ? (unsigned int)sent : 1; /* the first of the rest failed: go on behind it */
    }
}

static void send_faulty(struct publisher *publisher, const struct packet_out *packet) {
    if (random_chance(&publisher->random, publisher->config.gap)) {
        publisher->counters[PUBLISHER_COUNT_FAULTS]++;
        return;
    }
    for (uint32_t index = 0; index < PUBLISHER_LINE_COUNT; index++) {
        if (publisher->lines[index].settings.port != 0)
            line_send(publisher, &publisher->lines[index], packet);
    }
}

/* packet_fill takes as many whole messages as one packet holds; returns their number. */
static uint32_t packet_fill(const struct publisher *publisher, const uint8_t *data, size_t size,
                            size_t *taken) {
    uint32_t count = 0;
    *taken = 0;
    while (*taken < size && count < MOLD_END_OF_SESSION - 1) {
        size_t framed = 2 + (size_t)load_be16(data + *taken);
        if (count > 0 && MOLD_HEADER_SIZE + *taken + framed > publisher->config.payload_max) break;
        *taken += framed;
        count++;
    }
    return count;
}

int publisher_publish(struct publisher *publisher, const uint8_t *data, size_t size) {
    int64_t stored = history_append(publisher, data, size);
    if (stored < 0) return (int)stored;
    publisher->counters[PUBLISHER_COUNT_MESSAGES] += (uint64_t)stored;
    for (size_t at = 0; at < size;) {
        struct packet_out packet = {.data = data + at};
        uint32_t count = packet_fill(publisher, data + at, size - at, &packet.size);
        packet_header(publisher, publisher->sequence_next, (uint16_t)count, packet.header);
        uint64_t now_ns = realtime_ns();
        for (uint32_t message = 0; message < count; message++) {
            publisher->stamps[publisher->sequence_next++ % PUBLISHER_STAMP_COUNT] = now_ns;
        }
        publisher->counters[PUBLISHER_COUNT_PACKETS]++;
        if (publisher->faulty) {
            send_faulty(publisher, &packet);
        } else {
            send_both(publisher, &packet);
        }
        at += packet.size;
    }
    return ERROR_NONE;
}

void publisher_heartbeat(struct publisher *publisher, int end) {
    uint8_t header[MOLD_HEADER_SIZE];
    packet_header(publisher, publisher->sequence_next, end ? MOLD_END_OF_SESSION : MOLD_HEARTBEAT, header);
    publisher->counters[PUBLISHER_COUNT_HEARTBEATS]++;
    for (uint32_t index = 0; index < PUBLISHER_LINE_COUNT; index++) {
        struct line *line = &publisher->lines[index];
        if (line->settings.port == 0) continue;
        line_flush(publisher, line);
        publisher_send(publisher, &line->address, header, sizeof header);
    }
}

uint64_t publisher_stamp(const struct publisher *publisher, uint64_t sequence) {
    if (sequence == 0 || sequence >= publisher->sequence_next) return 0;
    if (publisher->sequence_next - sequence > PUBLISHER_STAMP_COUNT) return 0;
    return publisher->stamps[sequence % PUBLISHER_STAMP_COUNT];
}

void publisher_counters(const struct publisher *publisher, uint64_t *values) {
    memcpy(values, publisher->counters, sizeof publisher->counters);
    values[PUBLISHER_COUNT_NEXT_SEQUENCE] = publisher->sequence_next;
}
