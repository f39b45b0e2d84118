/* run: street messages at their time, through the venue, to the publisher.  The only loop here that reads a
 * clock. */
#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <time.h>

#include "codec/itch_inline.h"
#include "tickwire/venue.h"

#define SECOND_NS 1000000000ULL
#define BATCH_BYTES                                                                                          \
    16384 /* of the public stream before it goes out: some packets' worth, microseconds of work */

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* due_ns is when, on the clock, the market reaches a time. */
static uint64_t due_ns(const struct venue_run *run, uint64_t market_ns) {
    return run->base_clock_ns + (market_ns - run->base_market_ns + run->speed - 1) / run->speed;
}

/* limit_at is the market time up to which messages are due at now_ns. */
static uint64_t limit_at(const struct venue_run *run, uint64_t now_ns) {
    if (run->speed == 0) return UINT64_MAX;
    if (run->base_clock_ns == 0) return run->origin_ns > 0 ? run->origin_ns - 1 : 0;
    return run->base_market_ns + (now_ns - run->base_clock_ns) * run->speed;
}

static int flush(struct venue *venue, struct publisher *publisher) {
    size_t size;
    const uint8_t *data = venue_stream(venue, &size);
    if (size == 0) return ERROR_NONE;
    int error = publisher_publish(publisher, data, size);
    venue_stream_clear(venue);
    return error;
}

/* wait sleeps until the clock reaches until_ns or wake_fd is readable: 1 in the second case. */
static int wait(int wake_fd, uint64_t now_ns, uint64_t until_ns) {
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left_ns / SECOND_NS),
                               .tv_nsec = (long)(left_ns % SECOND_NS)};
    return ppoll(&wake, 1, &timeout, NULL) > 0;
}

/* take consumes the messages that are due by market time limit_ns, up to a batch.  Returns TAKE_LATER with
 * the time of the first message that is not due, TAKE_MORE after a whole batch, TAKE_DRAINED at the end of
 * the data, or the error of a frame that is none. */
enum { TAKE_LATER = 1, TAKE_MORE = 2, TAKE_DRAINED = 3 };

static int take(struct venue *venue, struct venue_run *run, const uint8_t *data, size_t size, size_t *at,
                uint64_t limit_ns, uint64_t *next_ns) {
    for (size_t waiting = 0; waiting < BATCH_BYTES; (void)venue_stream(venue, &waiting)) {
        const uint8_t *message;
        size_t after = *at;
        int length = itch_file_next(data, size, &after, &message);
        if (length == 0 || length == ERROR_TRUNCATED) return TAKE_DRAINED;
        if (length < 0) return length;
        uint64_t time_ns = length >= ITCH_HEADER_SIZE ? itch_timestamp_ns(message) : 0;
        if (time_ns > limit_ns) {
            *next_ns = time_ns;
            return TAKE_LATER;
        }
        venue_street(venue, message, (size_t)length);
        if (time_ns > run->market_ns) run->market_ns = time_ns;
        run->messages++;
        *at = after;
    }
    return TAKE_MORE;
}

int venue_run_street(struct venue *venue, struct publisher *publisher, struct venue_run *run,
                     const uint8_t *data, size_t size, size_t *consumed, int wake_fd, uint64_t until_ns) {
    prctl(PR_SET_TIMERSLACK, 1UL); /* this thread's sleeps end on time; 50 us late is the default */
    *consumed = 0;
    uint64_t told = venue_drop_copy_count(venue);
    int error = flush(venue, publisher); /* what account messages caused since */
    while (error == ERROR_NONE) {
        uint64_t now_ns = monotonic_ns();
        if (now_ns >= until_ns) return VENUE_RUN_TIMEOUT;
        uint64_t limit_ns = limit_at(run, now_ns);
        uint64_t wake_ns = now_ns;
        uint64_t next_ns = 0;
        int taken = take(venue, run, data, size, consumed, limit_ns, &next_ns);
        error = flush(venue, publisher);
        if (error == ERROR_NONE && taken < 0) return taken;
        if (error != ERROR_NONE) break;
        if (venue_drop_copy_count(venue) != told) return VENUE_RUN_TOLD;
        if (taken == TAKE_DRAINED) {
            /* Nothing at all is left: the recording is over, and its day goes on without it. */
            if (size == 0 && run->base_clock_ns != 0) run->market_ns = limit_ns;
            return VENUE_RUN_DRAINED;
        }
        if (taken == TAKE_LATER && run->base_clock_ns == 0) {
            run->base_market_ns = next_ns;
            run->base_clock_ns = now_ns;
        } else if (taken == TAKE_LATER) {
            run->market_ns = limit_ns;
            wake_ns = due_ns(run, next_ns);
        }
        if (wait(wake_fd, now_ns, wake_ns < until_ns ? wake_ns : until_ns)) return VENUE_RUN_WOKEN;
    }
    return error;
}
