/* random: splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014),
 * integers only, so that a seed gives the same numbers on every machine. */
#pragma once
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random) {
    uint64_t mixed = random->state += 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31);
}

/* random_below is uniform over 0 to limit - 1, to within limit / 2^32. */
static inline uint32_t random_below(struct random *random, uint32_t limit) {
    return (uint32_t)(((random_next(random) >> 32) * limit) >> 32);
}

/* random_chance is 1 this many times in a million. */
static inline int random_chance(struct random *random, uint32_t million) {
    return random_below(random, 1000000) < million;
}
