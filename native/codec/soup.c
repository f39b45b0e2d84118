/* soup: SoupBinTCP 3.0 packets, read from a stream and written. */
#include "codec/soup_inline.h"

enum { SIZE_ANY = -1, SIZE_UNKNOWN = -2 };

/* What the payload of a type must measure. */
static int payload_size_of(uint8_t type) {
    switch (type) {
    case SOUP_LOGIN_ACCEPTED: return SOUP_SESSION_SIZE + SOUP_SEQUENCE_SIZE;
    case SOUP_LOGIN_REQUEST: return SOUP_LOGIN_SIZE - SOUP_HEADER_SIZE;
    case SOUP_LOGIN_REJECTED: return 1;
    case SOUP_SERVER_HEARTBEAT:
    case SOUP_CLIENT_HEARTBEAT:
    case SOUP_END_OF_SESSION:
    case SOUP_LOGOUT_REQUEST: return 0;
    case SOUP_DEBUG:
    case SOUP_SEQUENCED:
    case SOUP_UNSEQUENCED: return SIZE_ANY;
    default: return SIZE_UNKNOWN;
    }
}

static int size_fits(uint8_t type, size_t payload_size) {
    int wanted = payload_size_of(type);
    return wanted == SIZE_ANY || (wanted >= 0 && payload_size == (size_t)wanted);
}

int soup_next(const uint8_t *data, size_t size, struct soup_packet *packet) {
    if (size < 2) return 0;
    uint32_t length = load_be16(data);
    if (length == 0) return ERROR_MALFORMED;
    if (size < SOUP_HEADER_SIZE) return 0;
    if (!size_fits(data[2], length - 1)) return ERROR_MALFORMED;
    if (size - 2 < length) return 0;
    *packet =
        (struct soup_packet){.payload = data + SOUP_HEADER_SIZE, .payload_size = length - 1, .type = data[2]};
    return (int)(2 + length);
}

static int is_padding(uint8_t character) {
    return character == ' ' || character == '\0';
}

/* Copies a field without what pads it on either side; text has room for size + 1.  0, or ERROR_MALFORMED when
 * what remains is no string. */
static int read_text(const uint8_t *field, size_t size, char *text) {
    while (size > 0 && is_padding(field[size - 1])) size--;
    while (size > 0 && is_padding(field[0])) {
        field++;
        size--;
    }
    memcpy(text, field, size);
    text[size] = '\0';
    return memchr(field, '\0', size) == NULL ? 0 : ERROR_MALFORMED;
}

static int read_sequence(const uint8_t *field, uint64_t *sequence) {
    char text[SOUP_SEQUENCE_SIZE + 1];
    if (read_text(field, SOUP_SEQUENCE_SIZE, text) || text[0] == '\0') return ERROR_MALFORMED;
    uint64_t value = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') return ERROR_MALFORMED;
        if (__builtin_mul_overflow(value, 10, &value)) return ERROR_MALFORMED;
        if (__builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value)) return ERROR_MALFORMED;
    }
    *sequence = value;
    return 0;
}

int soup_decode_login(const struct soup_packet *packet, struct soup_login *login) {
    if (packet->type != SOUP_LOGIN_REQUEST || !size_fits(packet->type, packet->payload_size))
        return ERROR_MALFORMED;
    const uint8_t *field = packet->payload;
    if (read_text(field, SOUP_USERNAME_SIZE, login->username)) return ERROR_MALFORMED;
    if (read_text(field + 6, SOUP_PASSWORD_SIZE, login->password)) return ERROR_MALFORMED;
    if (read_text(field + 16, SOUP_SESSION_SIZE, login->session)) return ERROR_MALFORMED;
    return read_sequence(field + 26, &login->sequence);
}

int soup_decode_accepted(const struct soup_packet *packet, struct soup_accepted *accepted) {
    if (packet->type != SOUP_LOGIN_ACCEPTED || !size_fits(packet->type, packet->payload_size))
        return ERROR_MALFORMED;
    if (read_text(packet->payload, SOUP_SESSION_SIZE, accepted->session)) return ERROR_MALFORMED;
    return read_sequence(packet->payload + SOUP_SESSION_SIZE, &accepted->sequence);
}

int soup_decode_rejected(const struct soup_packet *packet, uint8_t *reason) {
    if (packet->type != SOUP_LOGIN_REJECTED || !size_fits(packet->type, packet->payload_size))
        return ERROR_MALFORMED;
    *reason = packet->payload[0];
    return 0;
}

int soup_encode(uint8_t type, const uint8_t *payload, size_t payload_size, uint8_t *data, size_t capacity) {
    if (payload_size > SOUP_PAYLOAD_MAX || !size_fits(type, payload_size)) return ERROR_ARGUMENT;
    if (capacity < SOUP_HEADER_SIZE + payload_size) return ERROR_FULL;
    if (payload_size > 0) memmove(data + SOUP_HEADER_SIZE, payload, payload_size);
    return (int)soup_frame(data, type, (uint32_t)payload_size);
}

/* Both return 0, or ERROR_ARGUMENT for text that is longer than its field. */
static int write_left(uint8_t *field, size_t size, const char *text) {
    size_t length = strlen(text);
    if (length > size) return ERROR_ARGUMENT;
    memset(field, ' ', size);
    memcpy(field, text, length);
    return 0;
}

static int write_right(uint8_t *field, size_t size, const char *text) {
    size_t length = strlen(text);
    if (length > size) return ERROR_ARGUMENT;
    memset(field, ' ', size);
    memcpy(field + size - length, text, length);
    return 0;
}

static void write_sequence(uint8_t *field, uint64_t sequence) {
    memset(field, ' ', SOUP_SEQUENCE_SIZE);
    uint8_t *digit = field + SOUP_SEQUENCE_SIZE; /* 2^64 has 20 digits: it always fits */
    do {
        *--digit = (uint8_t)('0' + sequence % 10);
        sequence /= 10;
    } while (sequence > 0);
}

int soup_encode_login(const struct soup_login *login, uint8_t *data, size_t capacity) {
    uint8_t payload[SOUP_LOGIN_SIZE - SOUP_HEADER_SIZE];
    if (write_left(payload, SOUP_USERNAME_SIZE, login->username)) return ERROR_ARGUMENT;
    if (write_left(payload + 6, SOUP_PASSWORD_SIZE, login->password)) return ERROR_ARGUMENT;
    if (write_right(payload + 16, SOUP_SESSION_SIZE, login->session)) return ERROR_ARGUMENT;
    write_sequence(payload + 26, login->sequence);
    return soup_encode(SOUP_LOGIN_REQUEST, payload, sizeof payload, data, capacity);
}

int soup_encode_accepted(const struct soup_accepted *accepted, uint8_t *data, size_t capacity) {
    uint8_t payload[SOUP_ACCEPTED_SIZE - SOUP_HEADER_SIZE];
    if (write_right(payload, SOUP_SESSION_SIZE, accepted->session)) return ERROR_ARGUMENT;
    write_sequence(payload + SOUP_SESSION_SIZE, accepted->sequence);
    return soup_encode(SOUP_LOGIN_ACCEPTED, payload, sizeof payload, data, capacity);
}

int soup_encode_rejected(uint8_t reason, uint8_t *data, size_t capacity) {
    return soup_encode(SOUP_LOGIN_REJECTED, &reason, 1, data, capacity);
}
