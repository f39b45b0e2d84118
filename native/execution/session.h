/* session: the client's side of SoupBinTCP and the way to being live, as a pure state machine.  Whoever owns
 * the socket calls session_advance and does what it says, hands bytes in and takes bytes out.
 *
 *   DOWN -> CONNECTING -> PROBING: log in with sequence 0 to learn the venue's sequence number N, log out
 *        -> CONNECTING -> LOGGING_IN: log in with 1, or in the same life with the next one expected
 *        -> REPLAYING: ask for the account; until an answer to that comes that is newer than N
 *        -> LIVE -> LOGGING_OUT -> DOWN
 *
 * Venues differ in whether N is the last message or the one after it.  A sequence above N is newer than the
 * probe under both readings, and an answer that new was asked for by this connection: all that came before it
 * has been said.  An answer at N itself may be an old one, so the question is asked once more. */
#pragma once
#include "tickwire/codec_soup.h"
#include "tickwire/execution.h"

#define SESSION_INPUT_SIZE  131072 /* two of the longest packets */
#define SESSION_OUTPUT_SIZE 4096
#define SESSION_REFUSED_RATE                                                                                 \
    16 /* a refused login is tried again after this many times the longest back-off */

struct session {
    uint32_t state;     /* enum session_state */
    uint32_t close;     /* not 0: the socket must be closed */
    uint32_t wanted;    /* the operator wants to be logged in */
    uint32_t probed;    /* probe_sequence is of this attempt */
    uint32_t reset_due; /* events that wait to be handed out */
    uint32_t live_due;
    uint32_t down_due;
    uint32_t announced; /* RESET, or a resume, has been: a disconnect means DOWN */
    uint32_t whole;     /* a replay from the first message has begun and LIVE has not been handed out */
    uint32_t changed;   /* the venue has begun another session since the last RESET */
    uint32_t next_user_ref;
    uint32_t released;    /* it is us who want this connection to end: not a loss */
    uint64_t since_ns;    /* when the state was entered, or the replay last moved */
    uint64_t received_ns; /* when the venue last spoke */
    uint64_t sent_ns;     /* when we last spoke */
    uint64_t retry_ns;    /* no connect before this */
    uint64_t backoff_ns;
    uint64_t chance; /* state of the generator that spreads reconnects; never 0 */
    uint64_t asked_sequence;
    uint64_t probe_sequence;
    uint64_t arriving;      /* sequence of the next sequenced message on this connection */
    uint64_t next_sequence; /* the first one not handed out; 0: start from the first */
    char session_id[SOUP_SESSION_SIZE + 1];
    struct soup_login login;
    uint64_t heartbeat_ns;
    uint64_t silence_ns_max;
    uint64_t reconnect_ns_min;
    uint64_t reconnect_ns_max;
    uint64_t jitter_ppm;
    struct session_counts counts;
    size_t input_taken; /* bytes of input that have been dealt with */
    size_t input_size;
    size_t output_sent; /* bytes of output that the kernel has taken */
    size_t output_size;
    uint8_t output[SESSION_OUTPUT_SIZE];
    uint8_t input[SESSION_INPUT_SIZE];
};

/* session_append queues bytes behind what waits to be sent: whole packets, or the rest of one the kernel took
 * a part of.  ERROR_FULL when they do not fit. */
int session_append(struct session *session, const void *data, size_t size);
/* session_fail gives the connection up, to be tried again after the back-off. */
void session_fail(struct session *session);

/* session_excuse: time does not count against the venue while it is us who do not listen. */
static inline void session_excuse(struct session *session, uint64_t now_ns) {
    session->received_ns = session->since_ns = now_ns;
}

/* session_doubt: what the venue said leaves what we hold unknown; as session_resync, but its fault. */
static inline void session_doubt(struct session *session) {
    uint32_t released = session->released;
    session_resync(session);
    session->released = released;
}

static inline int session_has_input(const struct session *session) {
    return session->input_taken != session->input_size;
}
