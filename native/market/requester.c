/* requester: asking the MoldUDP64 request server for what both lines lost.  Only touched while a gap is open.
 */
#include "codec/bytes.h"
#include "market/market_state.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE_MAX 9216 /* a jumbo frame */
#define RECEIVE_BUFFER  (8 << 20)

struct market_requester {
    int fd;
    struct market_batch batch; /* answers not given to the feed yet: their bytes are in buffers */
    struct mmsghdr messages[MARKET_BATCH];
    struct iovec vectors[MARKET_BATCH];
    uint8_t buffers[MARKET_BATCH][ANSWER_SIZE_MAX];
};

int market_requester_open(uint32_t address, uint16_t port, struct market_requester **requester) {
    struct market_requester *opened = calloc(1, sizeof *opened);
    if (!opened) return ERROR_SYSTEM;
    for (int i = 0; i < MARKET_BATCH; i++) {
        opened->vectors[i] = (struct iovec){opened->buffers[i], ANSWER_SIZE_MAX};
        opened->messages[i].msg_hdr = (struct msghdr){.msg_iov = &opened->vectors[i], .msg_iovlen = 1};
    }
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
    const int wanted = RECEIVE_BUFFER;
    opened->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Connected: the kernel drops what comes from anybody else. */
    if (opened->fd < 0 || connect(opened->fd, (struct sockaddr *)&server, sizeof server) != 0) {
        market_requester_close(opened);
        return ERROR_SYSTEM;
    }
    if (setsockopt(opened->fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
        setsockopt(opened->fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted); /* as much as we may have */
    *requester = opened;
    return ERROR_NONE;
}

void market_requester_close(struct market_requester *requester) {
    if (!requester) return;
    if (requester->fd >= 0) close(requester->fd);
    free(requester);
}

/* receive_answers refills the batch once it is used up.  An error (the server is not there) is as good as
 * nothing. */
static void receive_answers(struct market_requester *requester, uint64_t now_ns) {
    struct market_batch *batch = &requester->batch;
    if (batch->next < batch->count) return;
    batch->count = batch->next = 0;
    int received = recvmmsg(requester->fd, requester->messages, MARKET_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < received; i++)
        batch->views[batch->count++] = (struct packet_view){.data = requester->buffers[i],
                                                            .size = requester->messages[i].msg_len,
                                                            .channel = FEED_LINE_RECOVERY,
                                                            .rx_ns = now_ns};
}

static void send_request(const struct market *market, uint64_t first, uint32_t count) {
    struct mold_header request = {.sequence = first, .count = (uint16_t)count};
    uint8_t packet[MOLD_HEADER_SIZE];
    memcpy(request.session, market->feed->session_name, MOLD_SESSION_SIZE);
    (void)mold_encode(&request, packet, sizeof packet);
    /* What the kernel will not take now is lost like any datagram: the feed asks again. */
    (void)send(market->requester->fd, packet, sizeof packet, MSG_DONTWAIT);
}

void market_recover(struct market *market, uint64_t now_ns) {
    uint64_t first;
    uint32_t count;
    receive_answers(market->requester, now_ns);
    if (!market_take_batch(market, &market->requester->batch, now_ns)) return;
    while (feed_request(market->feed, now_ns, &first, &count)) send_request(market, first, count);
}

void market_discard_answers(struct market *market) {
    struct market_requester *requester = market->requester;
    if (!requester || market->feed->requesting || feed_ready(market->feed)) return;
    requester->batch.count = requester->batch.next = 0;
    while (recvmmsg(requester->fd, requester->messages, MARKET_BATCH, MSG_DONTWAIT, NULL) == MARKET_BATCH) {
    }
}
