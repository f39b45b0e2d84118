/* state: the messages that change no order.  Private to native/book. */
#pragma once
#include "book/set.h"

/* state_apply applies a message of the right size that is none of A F E C X D U P Q; returns enum book_change
 * bits. */
uint16_t state_apply(struct book_set *set, const uint8_t *message, uint16_t locate);
/* state_track gives locate a book and a number. */
void state_track(struct book_set *set, uint16_t locate, uint16_t number);
