/* bytes: big-endian loads and stores at any alignment, one instruction each on the machines we run on. */
#pragma once
#include <stdint.h>
#include <string.h>

static inline uint16_t load_be16(const uint8_t *data) {
    uint16_t value;
    memcpy(&value, data, sizeof value);
    return __builtin_bswap16(value);
}

static inline uint32_t load_be32(const uint8_t *data) {
    uint32_t value;
    memcpy(&value, data, sizeof value);
    return __builtin_bswap32(value);
}

static inline uint64_t load_be64(const uint8_t *data) {
    uint64_t value;
    memcpy(&value, data, sizeof value);
    return __builtin_bswap64(value);
}

static inline uint64_t load_be48(const uint8_t *data) {
    return (uint64_t)load_be16(data) << 32 | load_be32(data + 2);
}

static inline void store_be16(uint8_t *data, uint16_t value) {
    value = __builtin_bswap16(value);
    memcpy(data, &value, sizeof value);
}

static inline void store_be32(uint8_t *data, uint32_t value) {
    value = __builtin_bswap32(value);
    memcpy(data, &value, sizeof value);
}

static inline void store_be64(uint8_t *data, uint64_t value) {
    value = __builtin_bswap64(value);
    memcpy(data, &value, sizeof value);
}

static inline void store_be48(uint8_t *data, uint64_t value) {
    store_be16(data, (uint16_t)(value >> 32));
    store_be32(data + 2, (uint32_t)value);
}
