/* capture: pcap and pcapng files in memory.  Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. */
#include "codec/bytes.h"
#include "tickwire/codec_frame.h"

enum {
    PCAP_HEADER_SIZE = 24,
    PCAP_RECORD_SIZE = 16,
    BLOCK_SIZE_MIN = 12, /* type, length, length again */
    BLOCK_INTERFACE = 1,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
    OPTION_TIME_RESOLUTION = 9,
};

static const uint32_t magic_microseconds = 0xa1b2c3d4;
static const uint32_t magic_nanoseconds = 0xa1b23c4d;
static const uint32_t magic_section = 0x0a0d0d0a; /* the same in either byte order */
static const uint32_t magic_byte_order = 0x1a2b3c4d;

static uint16_t read16(const struct capture *capture, const uint8_t *data) {
    uint16_t value = load_be16(data);
    return capture->swapped ? value : __builtin_bswap16(value);
}

static uint32_t read32(const struct capture *capture, const uint8_t *data) {
    uint32_t value = load_be32(data);
    return capture->swapped ? value : __builtin_bswap32(value);
}

int capture_open(struct capture *capture, const uint8_t *data, size_t size) {
    *capture = (struct capture){.data = data, .size = size};
    if (size < 4) return ERROR_TRUNCATED;
    uint32_t magic = load_be32(data);
    if (magic == magic_section) {
        capture->next_generation = 1; /* the byte order comes with the section, which capture_next reads */
        return size < 12 ? ERROR_TRUNCATED : 0;
    }
    capture->swapped = magic == magic_microseconds || magic == magic_nanoseconds;
    magic = read32(capture, data);
    if (magic != magic_microseconds && magic != magic_nanoseconds) return ERROR_MALFORMED;
    if (size < PCAP_HEADER_SIZE) return ERROR_TRUNCATED;
    capture->offset = PCAP_HEADER_SIZE;
    capture->interface_count = 1;
    capture->interfaces[0] = (struct capture_interface){
        .link_type = read32(capture, data + 20) & 0xffff, /* above it: the length of a frame check sequence */
        .ticks_per_second = magic == magic_nanoseconds ? 1000000000 : 1000000,
    };
    return 0;
}

static int next_pcap(struct capture *capture, struct capture_packet *packet) {
    size_t left = capture->size - capture->offset;
    if (left == 0) return 0;
    if (left < PCAP_RECORD_SIZE) return ERROR_TRUNCATED;
    const uint8_t *record = capture->data + capture->offset;
    uint32_t size = read32(capture, record + 8);
    if (left - PCAP_RECORD_SIZE < size) return ERROR_TRUNCATED;
    const struct capture_interface *interface = &capture->interfaces[0];
    *packet = (struct capture_packet){
        .data = record + PCAP_RECORD_SIZE,
        .size = size,
        .wire_size = read32(capture, record + 12),
        .link_type = interface->link_type,
        .time_ns = read32(capture, record) * UINT64_C(1000000000) +
                   read32(capture, record + 4) * (UINT64_C(1000000000) / interface->ticks_per_second),
    };
    capture->offset += PCAP_RECORD_SIZE + (size_t)size;
    return 1;
}

/* A section starts the file anew: its byte order holds until the next, its interfaces are its own. */
static int read_section(struct capture *capture, const uint8_t *block, size_t left) {
    if (left < BLOCK_SIZE_MIN) return ERROR_TRUNCATED;
    uint32_t order = load_be32(block + 8);
    if (order != magic_byte_order && order != __builtin_bswap32(magic_byte_order)) return ERROR_MALFORMED;
    capture->swapped = order == magic_byte_order;
    capture->interface_count = 0;
    return 0;
}

/* How an interface counts time: a power of ten, or of two with the top bit set; without the option,
 * microseconds. */
static uint64_t read_resolution(const struct capture *capture, const uint8_t *options, size_t size) {
    uint64_t ticks = 1000000;
    while (size >= 4) {
        uint16_t code = read16(capture, options);
        size_t length = read16(capture, options + 2);
        size_t padded = 4 + ((length + 3) & ~(size_t)3);
        if (code == 0 || padded > size) break;
        if (code == OPTION_TIME_RESOLUTION && length == 1) {
            uint32_t exponent = options[4] & 0x7f;
            int binary = options[4] & 0x80;
            if (exponent > (binary ? 63 : 19)) return 0;
            ticks = 1;
            for (uint32_t i = 0; i < exponent; i++) ticks *= binary ? 2 : 10;
        }
        options += padded;
        size -= padded;
    }
    return ticks;
}

static int read_interface(struct capture *capture, const uint8_t *body, size_t size) {
    if (size < 8) return ERROR_MALFORMED;
    if (capture->interface_count == CAPTURE_INTERFACE_COUNT_MAX) return ERROR_FULL;
    uint64_t ticks = read_resolution(capture, body + 8, size - 8);
    if (ticks == 0) return ERROR_MALFORMED;
    capture->interfaces[capture->interface_count++] =
        (struct capture_interface){.link_type = read16(capture, body), .ticks_per_second = ticks};
    return 0;
}

static uint64_t to_ns(uint64_t ticks, uint64_t ticks_per_second) {
    return (uint64_t)((unsigned __int128)ticks * 1000000000 / ticks_per_second);
}

static int read_enhanced(struct capture *capture, const uint8_t *body, size_t size,
                         struct capture_packet *packet) {
    if (size < 20) return ERROR_MALFORMED;
    uint32_t number = read32(capture, body);
    uint32_t captured = read32(capture, body + 12);
    if (number >= capture->interface_count || captured > size - 20) return ERROR_MALFORMED;
    uint64_t ticks = (uint64_t)read32(capture, body + 4) << 32 | read32(capture, body + 8);
    *packet = (struct capture_packet){
        .data = body + 20,
        .size = captured,
        .wire_size = read32(capture, body + 16),
        .link_type = capture->interfaces[number].link_type,
        .time_ns = to_ns(ticks, capture->interfaces[number].ticks_per_second),
    };
    return 1;
}

static int read_simple(struct capture *capture, const uint8_t *body, size_t size,
                       struct capture_packet *packet) {
    if (size < 4 || capture->interface_count == 0) return ERROR_MALFORMED;
    uint32_t wire = read32(capture, body);
    uint32_t room = (uint32_t)(size - 4);
    *packet = (struct capture_packet){
        .data = body + 4,
        .size = wire < room ? wire : room,
        .wire_size = wire,
        .link_type = capture->interfaces[0].link_type,
    };
    return 1;
}

/* Reads the block at the offset and moves past it: 1 with a packet, 0 without, or an error. */
static int next_block(struct capture *capture, struct capture_packet *packet) {
    size_t left = capture->size - capture->offset;
    const uint8_t *block = capture->data + capture->offset;
    if (left < BLOCK_SIZE_MIN) return ERROR_TRUNCATED;
    int result = load_be32(block) == magic_section ? read_section(capture, block, left) : 0;
    if (result < 0) return result;
    uint32_t length = read32(capture, block + 4);
    if (length < BLOCK_SIZE_MIN || length % 4 != 0) return ERROR_MALFORMED;
    if (length > left) return ERROR_TRUNCATED;
    const uint8_t *body = block + 8;
    size_t size = length - BLOCK_SIZE_MIN;
    switch (read32(capture, block)) {
    case BLOCK_INTERFACE: result = read_interface(capture, body, size); break;
    case BLOCK_ENHANCED_PACKET: result = read_enhanced(capture, body, size, packet); break;
    case BLOCK_SIMPLE_PACKET: result = read_simple(capture, body, size, packet); break;
    default: break; /* names, statistics, comments */
    }
    if (result >= 0) capture->offset += length;
    return result;
}

int capture_next(struct capture *capture, struct capture_packet *packet) {
    if (!capture->next_generation) return next_pcap(capture, packet);
    while (capture->offset < capture->size) {
        int result = next_block(capture, packet);
        if (result != 0) return result;
    }
    return 0;
}
