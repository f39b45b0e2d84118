/* fuzz: what every fuzz target needs. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* CHECK stops the run where a property does not hold. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) __builtin_trap();                                                                  \
    } while (0)

/* exact_copy gives the bytes an allocation of their own, so that the sanitizer sees the first byte read
 * behind them. */
static inline uint8_t *exact_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    CHECK(copy != NULL);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}
