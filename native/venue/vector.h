/* vector: bytes that grow by doubling.  An exchange keeps what it said; there is no bound to it but memory,
 * and without memory it cannot go on. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct vector {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

/* vector_extend makes room for size more bytes and returns where they go; aborts without memory. */
static inline uint8_t *vector_extend(struct vector *vector, size_t size) {
    size_t needed = vector->size + size;
    if (__builtin_expect(needed > vector->capacity, 0)) {
        size_t capacity = vector->capacity == 0 ? 4096 : vector->capacity;
        while (capacity < needed) capacity *= 2;
        uint8_t *data = realloc(vector->data, capacity);
        if (data == NULL) abort();
        vector->data = data;
        vector->capacity = capacity;
    }
    uint8_t *at = vector->data + vector->size;
    vector->size = needed;
    return at;
}

static inline void vector_close(struct vector *vector) {
    free(vector->data);
    *vector = (struct vector){0};
}
