/* fuzz_feed: any packets on any line at any time.  Input: 4 bytes of settings, then steps of 4 bytes (line
 * and kind, time to pass, size) each followed by its payload.  Kind 0 is the payload as it is, the others put
 * a header of the session in use before it, so that the fuzzer gets past the first checks.  Messages must be
 * consecutive within a session, requests inside the window, and the window empty at the end of every gap. */
#include "codec/bytes.h"
#include "fuzz.h"
#include "tickwire/feed.h"

#define HOLD_COUNT  64
#define PACKET_SIZE 512

/* shape builds the packet of one step in packet; returns its size. */
static size_t shape(const struct feed_status *status, uint32_t kind, const uint8_t *payload, size_t size,
                    uint8_t *packet) {
    if (kind == 0 || size < 2) {
        memcpy(packet, payload, size);
        return size;
    }
    uint64_t offset = (uint64_t)payload[0] << (kind == 3 ? 40 : 0);
    memset(packet, 'S', MOLD_SESSION_SIZE);
    store_be64(packet + 10, status->next + offset - (kind == 2 ? 8 : 0));
    uint16_t count = payload[1] == 0xff ? MOLD_END_OF_SESSION : payload[1] % 16;
    store_be16(packet + 18, count);
    memcpy(packet + MOLD_HEADER_SIZE, payload + 2, size - 2);
    return MOLD_HEADER_SIZE + size - 2;
}

struct stream {
    uint64_t session;
    uint64_t next;
};

static void take(struct feed *feed, struct stream *stream, int lossless) {
    struct feed_status status;
    struct feed_message message;
    uint64_t sum = 0;
    while (feed_next(feed, &message)) {
        feed_get_status(feed, &status);
        CHECK(status.next == message.sequence + 1);
        if (lossless && stream->session == status.session) CHECK(message.sequence == stream->next);
        *stream = (struct stream){status.session, message.sequence + 1};
        for (uint32_t i = 0; i < message.size; i++) sum += message.data[i]; /* all of it must be readable */
    }
    feed_get_status(feed, &status);
    CHECK(status.held <= HOLD_COUNT && status.target >= status.next && sum < UINT64_MAX);
    if (status.target == status.next) CHECK(status.held == 0);
}

static void pass_time(struct feed *feed, struct stream *stream, int lossless, uint64_t now_ns) {
    struct feed_status status;
    uint64_t first;
    uint32_t count;
    feed_poll(feed, now_ns);
    take(feed, stream, lossless);
    feed_get_status(feed, &status);
    for (int i = 0; feed_request(feed, now_ns, &first, &count); i++) {
        CHECK(i < FEED_PIECE_COUNT_MAX && count > 0);
        CHECK(first >= status.next && first + count - status.next <= HOLD_COUNT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4) return 0;
    struct feed_config config = {.stale_ns = 1000,
                                 .gap_wait_ns = 10,
                                 .request_retry_ns = 20,
                                 .hold_count = HOLD_COUNT,
                                 .request_size = data[0] % 32,
                                 .attempts_max = data[1] % 4,
                                 .accept_partial = data[2] & 1};
    struct feed *feed;
    CHECK(feed_open(&config, &feed) == ERROR_NONE);
    struct stream stream = {0, 0};
    uint64_t now_ns = 0;
    for (size_t at = 4; at + 4 <= size;) {
        uint8_t packet[PACKET_SIZE];
        const uint8_t *step = data + at;
        size_t length = step[3];
        at += 4;
        if (length > size - at) length = size - at;
        struct feed_status status;
        feed_get_status(feed, &status);
        length = shape(&status, step[0] >> 4 & 3, data + at, length, packet);
        at += step[3] < size - at ? step[3] : size - at;
        now_ns += (uint64_t)step[1] * step[2];
        int result = feed_push(feed, step[0] & 3, packet, length, now_ns);
        CHECK(result <= 1 && result != ERROR_BUSY);
        take(feed, &stream, config.attempts_max == 0);
        pass_time(feed, &stream, config.attempts_max == 0, now_ns);
    }
    feed_close(feed);
    return 0;
}
