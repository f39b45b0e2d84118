/* kill_venue: the far end of bench_kill: a SoupBinTCP/OUCH server in a thread, as fast as it can be.  It
 * accepts every order, executes at once all but every fourth, and cancels what it is told to. */
#pragma once
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/soup_inline.h"
#include "tickwire/codec_ouch.h"

#define KILL_VENUE_RESTS  4 /* one order in so many stays open */
#define KILL_VENUE_SIZE   100
#define KILL_VENUE_BUFFER (1 << 20)

struct kill_venue {
    int listener;
    uint16_t port;
    int peer;
    uint64_t sequence;
    uint32_t user_ref_last;
    uint64_t matches;
    size_t in_size, out_size;
    uint8_t in[KILL_VENUE_BUFFER];
    uint8_t out[2 * KILL_VENUE_BUFFER];
};

static inline void kill_venue_packet(struct kill_venue *venue, uint8_t type, const uint8_t *payload,
                                     size_t size) {
    int made =
        soup_encode(type, payload, size, venue->out + venue->out_size, sizeof venue->out - venue->out_size);
    if (made > 0) venue->out_size += (size_t)made;
}

static inline void kill_venue_say(struct kill_venue *venue, const struct ouch_outbound *message) {
    uint8_t payload[OUCH_MESSAGE_MAX];
    int size = ouch_encode_outbound(message, payload, sizeof payload);
    if (size < 0) abort();
    kill_venue_packet(venue, SOUP_SEQUENCED, payload, (size_t)size);
    venue->sequence++;
}

static inline void kill_venue_enter(struct kill_venue *venue, const struct ouch_enter *enter) {
    struct ouch_outbound accepted = {.type = OUCH_ACCEPTED};
    accepted.accepted = (struct ouch_accepted){.user_ref = enter->user_ref,
                                               .side = enter->side,
                                               .quantity = enter->quantity,
                                               .price = enter->price,
                                               .time_in_force = enter->time_in_force,
                                               .display = enter->display,
                                               .capacity = enter->capacity,
                                               .intermarket_sweep = 'N',
                                               .cross_type = 'N',
                                               .order_state = 'L'};
    memcpy(accepted.accepted.symbol, enter->symbol, 8);
    memcpy(accepted.accepted.client_order_id, enter->client_order_id, 14);
    venue->user_ref_last = enter->user_ref;
    kill_venue_say(venue, &accepted);
    if (enter->user_ref % KILL_VENUE_RESTS == 0) return;
    struct ouch_outbound executed = {.type = OUCH_EXECUTED};
    executed.executed = (struct ouch_executed){.user_ref = enter->user_ref,
                                               .quantity = enter->quantity,
                                               .price = enter->price,
                                               .liquidity = 'R',
                                               .match_number = ++venue->matches};
    kill_venue_say(venue, &executed);
}

static inline void kill_venue_order(struct kill_venue *venue, const struct soup_packet *packet) {
    struct ouch_inbound message;
    if (ouch_decode_inbound(packet->payload, packet->payload_size, &message) < 0) abort();
    if (message.type == OUCH_ENTER) kill_venue_enter(venue, &message.enter);
    if (message.type == OUCH_CANCEL && message.cancel.user_ref % KILL_VENUE_RESTS == 0) {
        struct ouch_outbound canceled = {.type = OUCH_CANCELED};
        canceled.canceled = (struct ouch_canceled){
            .user_ref = message.cancel.user_ref, .quantity = KILL_VENUE_SIZE, .reason = 'U'};
        kill_venue_say(venue, &canceled);
    }
    if (message.type == OUCH_ACCOUNT_QUERY) {
        struct ouch_outbound answer = {.type = OUCH_ACCOUNT_QUERY_RESPONSE};
        answer.account_query_response.next_user_ref = venue->user_ref_last + 1;
        kill_venue_say(venue, &answer);
    }
}

/* 0 when the client has logged out. */
static inline int kill_venue_hear(struct kill_venue *venue, const struct soup_packet *packet) {
    if (packet->type == SOUP_LOGIN_REQUEST) {
        const struct soup_accepted accepted = {.session = "BENCH", .sequence = venue->sequence};
        int made = soup_encode_accepted(&accepted, venue->out + venue->out_size,
                                        sizeof venue->out - venue->out_size);
        if (made > 0) venue->out_size += (size_t)made;
    }
    if (packet->type == SOUP_UNSEQUENCED) kill_venue_order(venue, packet);
    return packet->type != SOUP_LOGOUT_REQUEST;
}

/* One read and everything it completes; 0 when the connection is over. */
static inline int kill_venue_turn(struct kill_venue *venue) {
    ssize_t got = recv(venue->peer, venue->in + venue->in_size, sizeof venue->in - venue->in_size, 0);
    if (got <= 0) return 0;
    venue->in_size += (size_t)got;
    size_t taken = 0;
    int size, stays = 1;
    struct soup_packet packet;
    while (stays && (size = soup_next(venue->in + taken, venue->in_size - taken, &packet)) > 0) {
        stays = kill_venue_hear(venue, &packet);
        taken += (size_t)size;
    }
    venue->in_size -= taken;
    memmove(venue->in, venue->in + taken, venue->in_size);
    for (size_t sent = 0; sent < venue->out_size;) {
        ssize_t took = send(venue->peer, venue->out + sent, venue->out_size - sent, MSG_NOSIGNAL);
        if (took <= 0) return 0;
        sent += (size_t)took;
    }
    venue->out_size = 0;
    return stays;
}

static inline void *kill_venue_run(void *argument) {
    struct kill_venue *venue = argument;
    int on = 1;
    while ((venue->peer = accept(venue->listener, NULL, NULL)) >= 0) {
        setsockopt(venue->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        venue->in_size = venue->out_size = 0;
        while (kill_venue_turn(venue)) {
        }
        close(venue->peer);
    }
    return NULL;
}

static inline int kill_venue_open(struct kill_venue *venue) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    venue->sequence = 1;
    venue->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (venue->listener < 0 || bind(venue->listener, (struct sockaddr *)&address, size) < 0 ||
        listen(venue->listener, 4) < 0 ||
        getsockname(venue->listener, (struct sockaddr *)&address, &size) < 0)
        return ERROR_SYSTEM;
    venue->port = ntohs(address.sin_port);
    return 0;
}
