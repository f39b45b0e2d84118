/* fuzz_mold: the input is one datagram.  A packet that checks out can be built again from its messages, byte
 * for byte. */
#include "codec/mold_inline.h"
#include "fuzz.h"

static void check_rebuilt(const uint8_t *data, size_t size, const struct mold_header *header) {
    struct mold_iterator iterator;
    struct mold_builder builder;
    struct mold_header seen;
    uint8_t *again = malloc(size);
    CHECK(again != NULL && mold_begin(&builder, again, size, header->session, header->sequence) == 0);
    CHECK(mold_open(&iterator, data, size, &seen) >= 0);
    const uint8_t *message;
    uint32_t length;
    while (mold_next(&iterator, &message, &length) > 0) CHECK(mold_append(&builder, message, length) == 0);
    CHECK(iterator.sequence == header->sequence + builder.count);
    CHECK(builder.size == size);
    if (header->count != MOLD_END_OF_SESSION) CHECK(memcmp(again, data, size) == 0);
    uint8_t byte = 0;
    CHECK(mold_append(&builder, &byte, 1) == ERROR_FULL);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mold_header header;
    int result = mold_decode(data, size, &header);
    CHECK((result < 0) == (size < MOLD_HEADER_SIZE));
    int count = mold_check(data, size);
    if (result < 0) {
        CHECK(count == ERROR_TRUNCATED);
        return 0;
    }
    uint8_t again[MOLD_HEADER_SIZE];
    CHECK(mold_encode(&header, again, sizeof again) == MOLD_HEADER_SIZE &&
          memcmp(again, data, sizeof again) == 0);
    if (count >= 0) check_rebuilt(data, size, &header);
    return 0;
}
