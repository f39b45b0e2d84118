/* codec_soup: SoupBinTCP 3.0, the session under OUCH: packets of a two-byte length (which does not count
 * itself), a type and a payload.  Packets point into the caller's buffer; nothing is copied or allocated. */
#pragma once
#include "tickwire/base.h"

#define SOUP_HEADER_SIZE   3 /* length and type */
#define SOUP_PAYLOAD_MAX   65534
#define SOUP_PACKET_MAX    65537
#define SOUP_USERNAME_SIZE 6
#define SOUP_PASSWORD_SIZE 10
#define SOUP_SESSION_SIZE  10
#define SOUP_SEQUENCE_SIZE 20
#define SOUP_LOGIN_SIZE    49 /* whole packets */
#define SOUP_ACCEPTED_SIZE 33
#define SOUP_REJECTED_SIZE 4

enum soup_type {
    SOUP_DEBUG = '+',          /* both ways */
    SOUP_LOGIN_ACCEPTED = 'A', /* server to client */
    SOUP_LOGIN_REJECTED = 'J',
    SOUP_SEQUENCED = 'S',
    SOUP_SERVER_HEARTBEAT = 'H',
    SOUP_END_OF_SESSION = 'Z',
    SOUP_LOGIN_REQUEST = 'L', /* client to server */
    SOUP_UNSEQUENCED = 'U',   /* either side may, by the specification */
    SOUP_CLIENT_HEARTBEAT = 'R',
    SOUP_LOGOUT_REQUEST = 'O',
};

enum soup_reject { SOUP_REJECT_NOT_AUTHORIZED = 'A', SOUP_REJECT_SESSION = 'S' };

struct soup_packet {
    const uint8_t *payload; /* behind the type */
    uint32_t payload_size;
    uint8_t type; /* enum soup_type */
    uint8_t reserved[3];
};

/* soup_next looks for a whole packet at the start of a stream's unread bytes.  Returns the bytes it takes
 * (drop them when the packet has been dealt with), 0 when more bytes are needed, ERROR_MALFORMED when this is
 * no SoupBinTCP: an unknown type, or a length its type cannot have.  The type is judged as soon as it is
 * there. */
int soup_next(const uint8_t *data, size_t size, struct soup_packet *packet);

/* Text is NUL-terminated here and at most as long as its field there.  A blank session means whichever is
 * current. */
struct soup_login {
    char username[7];
    char password[11];
    char session[11];
    uint64_t sequence; /* next wanted: 1 from the start, 0 only what comes from now on */
};

struct soup_accepted {
    char session[11];
    uint64_t sequence; /* of the next sequenced message that will come */
};

/* soup_decode_* read the payload of a packet of that type: 0, or ERROR_MALFORMED (another type, a sequence
 * that is no number).  Fields may be justified to either side, with spaces or NUL
 * bytes. */
int soup_decode_login(const struct soup_packet *packet, struct soup_login *login);
int soup_decode_accepted(const struct soup_packet *packet, struct soup_accepted *accepted);
int soup_decode_rejected(const struct soup_packet *packet, uint8_t *reason);

/* soup_encode writes a packet of any type; the others the packets with fields (session and sequence justified
 * right, as the specification has them).  All return the bytes written, ERROR_FULL when they do not fit, or
 * ERROR_ARGUMENT for a type, size or text that the protocol cannot carry. */
int soup_encode(uint8_t type, const uint8_t *payload, size_t payload_size, uint8_t *data, size_t capacity);
int soup_encode_login(const struct soup_login *login, uint8_t *data, size_t capacity);
int soup_encode_accepted(const struct soup_accepted *accepted, uint8_t *data, size_t capacity);
int soup_encode_rejected(uint8_t reason, uint8_t *data, size_t capacity);
