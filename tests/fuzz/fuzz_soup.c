/* fuzz_soup: the input is a byte stream.  Packets come out the same however the stream is cut, encode to the
 * same bytes, and logins survive being written the way the specification justifies them. */
#include "codec/soup_inline.h"
#include "fuzz.h"

static void check_login(const struct soup_packet *packet) {
    struct soup_login login, again;
    uint8_t data[SOUP_LOGIN_SIZE];
    struct soup_packet written;
    if (soup_decode_login(packet, &login) < 0) return;
    CHECK(soup_encode_login(&login, data, sizeof data) == SOUP_LOGIN_SIZE);
    CHECK(soup_next(data, sizeof data, &written) == SOUP_LOGIN_SIZE &&
          soup_decode_login(&written, &again) == 0);
    CHECK(strcmp(login.username, again.username) == 0 && strcmp(login.password, again.password) == 0);
    CHECK(strcmp(login.session, again.session) == 0 && login.sequence == again.sequence);
}

static void check_accepted(const struct soup_packet *packet) {
    struct soup_accepted accepted, again;
    uint8_t data[SOUP_ACCEPTED_SIZE];
    struct soup_packet written;
    if (soup_decode_accepted(packet, &accepted) < 0) return;
    CHECK(soup_encode_accepted(&accepted, data, sizeof data) == SOUP_ACCEPTED_SIZE);
    CHECK(soup_next(data, sizeof data, &written) == SOUP_ACCEPTED_SIZE);
    CHECK(soup_decode_accepted(&written, &again) == 0);
    CHECK(strcmp(accepted.session, again.session) == 0 && accepted.sequence == again.sequence);
}

static void check_packet(const uint8_t *data, size_t size, const struct soup_packet *packet) {
    static uint8_t again[SOUP_PACKET_MAX];
    int written = soup_encode(packet->type, packet->payload, packet->payload_size, again, sizeof again);
    CHECK(written == (int)size && memcmp(again, data, size) == 0);
    uint8_t reason;
    int rejected = soup_decode_rejected(packet, &reason);
    CHECK((rejected == 0) == (packet->type == SOUP_LOGIN_REJECTED));
    if (rejected == 0) CHECK(soup_encode_rejected(reason, again, sizeof again) == SOUP_REJECTED_SIZE);
    check_login(packet);
    check_accepted(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct soup_packet packet;
    size_t offset = 0;
    int used;
    while ((used = soup_next(data + offset, size - offset, &packet)) > 0) {
        uint8_t *copy = exact_copy(data + offset, (size_t)used);
        for (size_t cut = 0; cut < (size_t)used && cut < 64; cut++) {
            uint8_t *piece = exact_copy(copy, cut);
            CHECK(soup_next(piece, cut, &packet) == 0);
            free(piece);
        }
        CHECK(soup_next(copy, (size_t)used, &packet) == used);
        check_packet(copy, (size_t)used, &packet);
        free(copy);
        offset += (size_t)used;
    }
    return 0;
}
