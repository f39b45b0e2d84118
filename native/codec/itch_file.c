/* itch_file: messages each behind a two-byte length, as the venue's daily files are. */
#include "codec/bytes.h"
#include "tickwire/codec_itch.h"

int itch_file_next(const uint8_t *data, size_t size, size_t *offset, const uint8_t **message) {
    size_t left = size - *offset;
    if (left == 0) return 0;
    if (left < 2) return ERROR_TRUNCATED;
    const uint8_t *frame = data + *offset;
    uint16_t length = load_be16(frame);
    if (length == 0 && left > 2) return ERROR_MALFORMED;
    if (length == 0) { /* the venue's mark that the file is complete: nothing may follow */
        *offset += 2;
        return 0;
    }
    if (left - 2 < length) return ERROR_TRUNCATED;
    *message = frame + 2;
    *offset += 2 + (size_t)length;
    return length;
}

int itch_file_scan(const uint8_t *data, size_t size, size_t *offset, uint64_t *offsets, uint16_t *sizes,
                   int count) {
    for (int found = 0; found < count; found++) {
        const uint8_t *message;
        int length = itch_file_next(data, size, offset, &message);
        if (length <= 0) return found > 0 ? found : length;
        offsets[found] = (uint64_t)(message - data);
        sizes[found] = (uint16_t)length;
    }
    return count;
}
