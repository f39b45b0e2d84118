#pragma once
#include <stdint.h>
#include <string.h>
static inline uint16_t load_be16(const uint8_t *data) { uint16_t v; memcpy(&v, data, sizeof v); return __builtin_bswap16(v); }
static inline uint32_t load_be32(const uint8_t *data) { uint32_t v; memcpy(&v, data, sizeof v); return __builtin_bswap32(v); }
static inline uint64_t load_be64(const uint8_t *data) { uint64_t v; memcpy(&v, data, sizeof v); return __builtin_bswap64(v); }
static inline uint64_t load_be48(const uint8_t *data) { return (uint64_t)load_be16(data) << 32 | load_be32(data + 2); }
static const uint8_t WIRE_LENGTH[256] = {['S'] = 12, ['R'] = 39, ['H'] = 25, ['Y'] = 20, ['L'] = 26, ['V'] = 35, ['W'] = 12, ['K'] = 28,
 ['J'] = 35, ['h'] = 21, ['A'] = 36, ['F'] = 40, ['E'] = 31, ['C'] = 36, ['X'] = 23, ['D'] = 19, ['U'] = 35, ['P'] = 44, ['Q'] = 40,
 ['B'] = 19, ['I'] = 50, ['N'] = 20, ['O'] = 48};
