/* line: one line of the feed with its faults.  Packets that are kept back wait as whole copies in a small
 * ring. */
#include <stdbool.h>
#include <string.h>

#include "venue/publisher.h"

static uint32_t place(const struct line *line, uint32_t index) {
    return (line->held_first + index) % (LINE_DELAY_MAX + 1);
}

static void hold(struct line *line, const struct packet_out *packet) {
    struct held_packet *held = &line->held[place(line, line->held_count++)];
    memcpy(held->data, packet->header, sizeof packet->header);
    memcpy(held->data + sizeof packet->header, packet->data, packet->size);
    held->size = (uint32_t)(sizeof packet->header + packet->size);
}

static void release(struct publisher *publisher, struct line *line) {
    struct held_packet *held = &line->held[line->held_first];
    publisher_send(publisher, &line->address, held->data, held->size);
    line->held_first = place(line, 1);
    line->held_count--;
}

void line_flush(struct publisher *publisher, struct line *line) {
    while (line->held_count > 0) release(publisher, line);
}

/* A packet that is moved waits for the next one; the lag of a delayed line is the number it holds. */
void line_send(struct publisher *publisher, struct line *line, const struct packet_out *packet) {
    const struct publisher_line *faults = &line->settings;
    uint64_t *counter = &publisher->counters[PUBLISHER_COUNT_FAULTS];
    if (random_chance(&line->random, faults->loss)) {
        (*counter)++;
        return;
    }
    bool moved = random_chance(&line->random, faults->reorder);
    bool twice = random_chance(&line->random, faults->duplicate);
    *counter += (uint64_t)moved + (uint64_t)twice + (faults->delay > 0);
    hold(line, packet);
    if (faults->delay > 0) {
        if (line->held_count > faults->delay) release(publisher, line);
        return;
    }
    if (moved && line->held_count == 1) return;
    /* The newest goes before whatever it overtakes. */
    struct held_packet *newest = &line->held[place(line, line->held_count - 1)];
    publisher_send(publisher, &line->address, newest->data, newest->size);
    if (twice) publisher_send(publisher, &line->address, newest->data, newest->size);
    line->held_count--;
    line_flush(publisher, line);
}
