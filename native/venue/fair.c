/* fair: what a synthetic symbol is worth, for all exchanges that share a fair seed.  A pure function of the
 * seed, the symbol and market time: value noise, which is random numbers at evenly spaced times with straight
 * lines between them, summed over octaves whose amplitudes grow with the root of their period, as a random
 * walk's would. */
#include "codec/bytes.h"
#include "venue/synthetic.h"

#define OCTAVES     15
#define PERIOD_NS   62500000ULL /* of the first; each next one doubles it */
#define AMPLITUDE   49152       /* of the first, in 1/65 536 tick: three ticks at a period of a second */
#define AMPLITUDE_2 69511       /* of the second: the first's times the root of 2 */

static int64_t node(uint64_t seed, uint64_t symbol, uint64_t octave, uint64_t step) {
    struct random random = {.state = seed ^ symbol * 0xD6E8FEB86659FD93ULL};
    random.state ^= random_next(&random) + octave;
    random.state ^= random_next(&random) + step;
    return (int64_t)random_below(&random, 2 * 65536 + 1) - 65536;
}

int64_t synthetic_fair(uint64_t seed, const char *symbol, uint64_t now_ns) {
    uint64_t key = load_be64((const uint8_t *)symbol);
    int64_t total = 0;
    for (uint64_t octave = 0; octave < OCTAVES; octave++) {
        uint64_t period_ns = PERIOD_NS << octave;
        uint64_t step = now_ns / period_ns;
        int64_t fraction = (int64_t)((now_ns % period_ns) * 65536 / period_ns);
        int64_t from = node(seed, key, octave, step), to = node(seed, key, octave, step + 1);
        int64_t amplitude = (int64_t)(octave % 2 == 0 ? AMPLITUDE : AMPLITUDE_2) << octave / 2;
        total += (from + (to - from) * fraction / 65536) * amplitude / 65536;
    }
    return total;
}
