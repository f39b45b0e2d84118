/* fuzz_frame: the input is a frame, and a capture file as well.  A payload that is found lies inside its
 * frame, and so does every packet in its file. */
#include "codec/frame_inline.h"
#include "fuzz.h"

static void check_frame(const uint8_t *data, size_t size) {
    struct frame_view view, again;
    memset(&again, 0, sizeof again);
    int result = frame_decode(data, size, &view);
    CHECK(frame_decode_inline(data, size, &again) == result);
    if (result < 0) return;
    CHECK(view.payload >= data && view.payload + view.payload_size <= data + size);
    CHECK(view.payload == again.payload && view.payload_size == again.payload_size);
    CHECK(view.vlan_count <= FRAME_VLAN_COUNT_MAX);
    CHECK(view.protocol == FRAME_PROTOCOL_UDP || view.protocol == FRAME_PROTOCOL_TCP);
}

static void check_capture(const uint8_t *data, size_t size) {
    struct capture capture;
    struct capture_packet packet;
    if (capture_open(&capture, data, size) < 0) return;
    size_t before = capture.offset;
    int result;
    while ((result = capture_next(&capture, &packet)) > 0) {
        CHECK(capture.offset > before && capture.offset <= size);
        CHECK(packet.data >= data && packet.data + packet.size <= data + size);
        uint8_t *copy = exact_copy(packet.data, packet.size);
        check_frame(copy, packet.size);
        free(copy);
        before = capture.offset;
    }
    CHECK(result < 0 || capture.offset == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_frame(data, size);
    check_capture(data, size);
    return 0;
}
