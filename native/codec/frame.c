/* frame: frame_decode for callers that are not in a hurry. */
#include "codec/frame_inline.h"

int frame_decode(const uint8_t *data, size_t size, struct frame_view *view) {
    *view = (struct frame_view){0};
    return frame_decode_inline(data, size, view);
}
