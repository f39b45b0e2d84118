/* codec_mold: MoldUDP64, the transport of ITCH: a 20-byte header, then messages each behind a two-byte
 * length.  The hot path iterates with native/codec/mold_inline.h. */
#pragma once
#include "tickwire/base.h"

#define MOLD_HEADER_SIZE    20
#define MOLD_SESSION_SIZE   10
#define MOLD_HEARTBEAT      0     /* count of a packet that only says which sequence comes next */
#define MOLD_END_OF_SESSION 65535 /* count of the packets that close a session */

struct mold_header { /* of a packet downstream, and all there is to a request upstream */
    char session[MOLD_SESSION_SIZE];
    uint16_t count;    /* messages; a request: how many are wanted */
    uint64_t sequence; /* of the first message; heartbeat and end: of the next one to come */
};

/* mold_decode reads the header of a packet or request: MOLD_HEADER_SIZE or ERROR_TRUNCATED.  mold_encode
 * writes one: MOLD_HEADER_SIZE or ERROR_FULL. */
int mold_decode(const uint8_t *data, size_t size, struct mold_header *header);
int mold_encode(const struct mold_header *header, uint8_t *data, size_t capacity);

struct mold_iterator { /* over the messages of one packet */
    const uint8_t *next;
    const uint8_t *end;
    uint32_t left; /* messages still to come by the header's count */
    uint32_t reserved;
    uint64_t sequence; /* of the next message */
};

/* mold_open starts on a packet and reads its header too.  Returns the messages it announces (0 for a
 * heartbeat and for an end of session), ERROR_TRUNCATED, or ERROR_MALFORMED for bytes behind a header that
 * announces none. mold_next gives the next message and its size: 1; 0 when the count is done and the packet
 * with it; ERROR_MALFORMED when a length lies, is zero, or bytes are left over.  What was given before an
 * error was good. */
int mold_open(struct mold_iterator *iterator, const uint8_t *data, size_t size, struct mold_header *header);
int mold_next(struct mold_iterator *iterator, const uint8_t **message, uint32_t *size);
/* mold_check walks a whole packet without looking into its messages: their number, or the error. */
int mold_check(const uint8_t *data, size_t size);

struct mold_builder { /* a packet being filled, in the caller's buffer */
    uint8_t *data;
    uint32_t capacity;
    uint32_t size;
    uint32_t count;
    uint32_t reserved;
};

/* mold_begin starts a packet whose first message has the given sequence: 0 or ERROR_FULL.  mold_append adds a
 * message: 0, ERROR_FULL when the packet has no room left (send it and begin the next), ERROR_ARGUMENT for no
 * bytes.  The packet is complete after every call: builder->size bytes of builder->data, a heartbeat until
 * something was appended. */
int mold_begin(struct mold_builder *builder, uint8_t *data, size_t capacity, const char *session,
               uint64_t sequence);
int mold_append(struct mold_builder *builder, const uint8_t *message, size_t size);
