/* publisher: the inside of struct publisher, for publisher.c (packets out), line.c (faults of a line),
 * history.c (what was sent) and request.c (sending it again). */
#pragma once
#include "tickwire/codec_mold.h"
#include "tickwire/venue.h"
#include "venue/random.h"

#include <netinet/in.h>

#define LINE_DELAY_MAX 32

struct packet_out { /* one packet, header and messages apart */
    uint8_t header[MOLD_HEADER_SIZE];
    const uint8_t *data;
    size_t size;
};

struct held_packet { /* a whole packet kept back by a fault */
    uint32_t size;
    uint8_t data[PUBLISHER_PAYLOAD_MAX];
};

struct line {
    struct sockaddr_in address;
    struct publisher_line settings;
    struct random random;
    uint32_t held_first, held_count; /* ring of packets kept back, oldest first */
    struct held_packet held[LINE_DELAY_MAX + 1];
};

struct publisher {
    struct publisher_config config;
    struct random random;
    int socket_fd;
    uint32_t faulty; /* some fault is set: packets go out one by one */
    uint64_t sequence_next;
    uint64_t history_size;
    uint64_t tokens_ns; /* request server: time paid for, see request.c */
    uint64_t *stamps;   /* by sequence */
    uint64_t *offsets;  /* of the messages being stored, INDEX_BATCH of them */
    struct line lines[PUBLISHER_LINE_COUNT];
    uint64_t counters[PUBLISHER_COUNTER_COUNT];
};

/* publisher_send sends one packet to one address, counting what fails. */
void publisher_send(struct publisher *publisher, const struct sockaddr_in *address, const void *data,
                    size_t size);

/* line.c */
/* line_send sends a packet on a line as its faults have it; line_flush lets go of what they keep back. */
void line_send(struct publisher *publisher, struct line *line, const struct packet_out *packet);
void line_flush(struct publisher *publisher, struct line *line);

/* history.c */
/* history_append stores framed messages that begin with sequence_next; returns their number or ERROR_SYSTEM.
 */
int64_t history_append(struct publisher *publisher, const uint8_t *data, size_t size);
/* history_read copies whole framed messages from sequence on, at most count, as many as fit; returns the
 * bytes, messages says how many. */
size_t history_read(struct publisher *publisher, uint64_t sequence, uint32_t count, uint8_t *data,
                    size_t capacity, uint32_t *messages);
