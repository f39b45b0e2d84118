/* request: the MoldUDP64 request server.  One answer a request, as many messages as one packet holds: who
 * wants more asks again.  Requests over the rate are dropped, as a venue drops them. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "codec/bytes.h"
#include "venue/publisher.h"

#define SECOND_NS 1000000000ULL
#define BURST_NS  (SECOND_NS / 10) /* answers saved up at most: a tenth of a second's worth */

/* afford pays for one answer.  tokens_ns is the moment up to which answers have been paid for. */
static int afford(struct publisher *publisher, uint64_t now_ns) {
    uint64_t price_ns = SECOND_NS / publisher->config.request_rate_max;
    if (publisher->tokens_ns + BURST_NS < now_ns) publisher->tokens_ns = now_ns - BURST_NS;
    if (publisher->tokens_ns + price_ns > now_ns) return 0;
    publisher->tokens_ns += price_ns;
    return 1;
}

static void answer(struct publisher *publisher, int socket_fd, const struct sockaddr_in *from,
                   const struct mold_header *request) {
    uint8_t packet[PUBLISHER_PAYLOAD_MAX];
    uint32_t messages;
    size_t size = history_read(publisher, request->sequence, request->count, packet + MOLD_HEADER_SIZE,
                               publisher->config.payload_max - MOLD_HEADER_SIZE, &messages);
    struct mold_header header = {.count = (uint16_t)messages, .sequence = request->sequence};
    memcpy(header.session, publisher->config.session, sizeof header.session);
    (void)mold_encode(&header, packet, sizeof packet);
    publisher->counters[PUBLISHER_COUNT_ANSWERED] += messages;
    if (sendto(socket_fd, packet, MOLD_HEADER_SIZE + size, MSG_DONTWAIT, (const struct sockaddr *)from,
               sizeof *from) < 0) {
        publisher->counters[PUBLISHER_COUNT_SEND_ERRORS]++;
    }
}

static int acceptable(const struct publisher *publisher, const struct mold_header *request) {
    if (memcmp(request->session, publisher->config.session, sizeof request->session) != 0) return 0;
    if (request->sequence == 0 || request->sequence >= publisher->sequence_next) return 0;
    return request->count > 0;
}

int publisher_answer(struct publisher *publisher, int socket_fd, int count, uint64_t now_ns) {
    int read = 0;
    while (read < count) {
        uint8_t data[MOLD_HEADER_SIZE + 1]; /* one more, to see what is too long */
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        ssize_t size =
            recvfrom(socket_fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) break;
        read++;
        publisher->counters[PUBLISHER_COUNT_REQUESTS]++;
        struct mold_header request;
        if (size != MOLD_HEADER_SIZE || mold_decode(data, MOLD_HEADER_SIZE, &request) < 0 ||
            !acceptable(publisher, &request)) {
            publisher->counters[PUBLISHER_COUNT_REQUESTS_REFUSED]++;
        } else if (!afford(publisher, now_ns)) {
            publisher->counters[PUBLISHER_COUNT_REQUESTS_LIMITED]++;
        } else {
            answer(publisher, socket_fd, &from, &request);
        }
    }
    return read;
}
