/* bench_decode FILE RUNS: every message of an ITCH file into its struct, RUNS times.  Prints one JSON array:
 * the nanoseconds per message of each run. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tickwire/codec_itch.h"

static uint8_t *read_whole(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*size + 1);
    if (data != NULL && fread(data, 1, *size, file) != *size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* decode_all returns how many messages there were, 0 when one could not be decoded. */
static uint64_t decode_all(const uint8_t *data, size_t size) {
    struct itch_message decoded;
    const uint8_t *message;
    size_t offset = 0;
    uint64_t count = 0;
    int length;
    while ((length = itch_file_next(data, size, &offset, &message)) > 0) {
        if (itch_decode(message, (size_t)length, &decoded) < 0) return 0;
        count++;
    }
    return length == 0 ? count : 0;
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: bench_decode FILE RUNS\n"), 2;
    size_t size = 0;
    uint8_t *data = read_whole(argv[1], &size);
    if (data == NULL || decode_all(data, size) == 0)
        return fprintf(stderr, "%s: not an ITCH file\n", argv[1]), 1;
    for (int run = 0, runs = atoi(argv[2]); run < runs; run++) {
        double start = now_ns();
        uint64_t count = decode_all(data, size);
        printf("%s%.3f", run == 0 ? "[" : ", ", (now_ns() - start) / (double)count);
    }
    printf("]\n");
    free(data);
    return 0;
}
