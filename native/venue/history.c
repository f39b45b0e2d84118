/* history: every message sent, in a file as framed bytes, and in a second one where each begins.  Memory use
 * does not grow with the day; the page cache keeps what is fresh. */
#include <errno.h>
#include <unistd.h>

#include "codec/bytes.h"
#include "venue/publisher.h"

#define INDEX_BATCH 1024

static int write_all(int fd, const void *data, size_t size, uint64_t offset) {
    const uint8_t *at = data;
    while (size > 0) {
        ssize_t written = pwrite(fd, at, size, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return ERROR_SYSTEM;
        at += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return ERROR_NONE;
}

int64_t history_append(struct publisher *publisher, const uint8_t *data, size_t size) {
    if (write_all(publisher->config.history_fd, data, size, publisher->history_size) != ERROR_NONE)
        return ERROR_SYSTEM;
    uint64_t offsets[INDEX_BATCH];
    uint64_t sequence = publisher->sequence_next;
    uint32_t count = 0;
    int64_t total = 0;
    for (size_t at = 0; at < size; total++) {
        offsets[count++] = publisher->history_size + at;
        at += 2 + (size_t)load_be16(data + at);
        if (count < INDEX_BATCH && at < size) continue;
        uint64_t where = (sequence - 1) * sizeof offsets[0];
        if (write_all(publisher->config.index_fd, offsets, count * sizeof offsets[0], where) != ERROR_NONE) {
            return ERROR_SYSTEM;
        }
        sequence += count;
        count = 0;
    }
    publisher->history_size += size;
    return total;
}

size_t history_read(struct publisher *publisher, uint64_t sequence, uint32_t count, uint8_t *data,
                    size_t capacity, uint32_t *messages) {
    uint64_t offset;
    off_t where = (off_t)((sequence - 1) * sizeof offset);
    *messages = 0;
    if (pread(publisher->config.index_fd, &offset, sizeof offset, where) != (ssize_t)sizeof offset) return 0;
    ssize_t got = pread(publisher->config.history_fd, data, capacity, (off_t)offset);
    size_t taken = 0;
    while (*messages < count && got - (ssize_t)taken >= 2) {
        size_t framed = 2 + (size_t)load_be16(data + taken);
        if (taken + framed > (size_t)got) break;
        taken += framed;
        (*messages)++;
    }
    return taken;
}
