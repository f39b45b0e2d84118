/* session_receive: what the venue says, one packet at a time. */
#include "execution/session.h"

#include "codec/bytes.h"
#include "codec/soup_inline.h"
#include "tickwire/codec_ouch.h"

#include <string.h>

size_t session_receive(struct session *session, const uint8_t *data, size_t size, uint64_t now_ns) {
    if (session->input_taken > 0) {
        session->input_size -= session->input_taken;
        memmove(session->input, session->input + session->input_taken, session->input_size);
        session->input_taken = 0;
    }
    size_t room = SESSION_INPUT_SIZE - session->input_size;
    if (size > room) size = room;
    memcpy(session->input + session->input_size, data, size);
    session->input_size += size;
    if (size > 0) session->received_ns = now_ns;
    return size;
}

static void garbage(struct session *session) {
    session->counts.malformed++;
    session_fail(session);
}

/* The venue has begun another session: its messages are numbered from 1 again, and what we knew belongs to
 * the past. */
static void forget_session(struct session *session) {
    if (session->next_sequence != 0 || session->session_id[0] != '\0') session->changed = 1;
    session->next_sequence = 0;
    session->session_id[0] = '\0';
}

static void ask_for_account(struct session *session) {
    uint8_t packet[SOUP_HEADER_SIZE + 1];
    uint32_t size = soup_frame(packet, SOUP_UNSEQUENCED, 1);
    packet[SOUP_HEADER_SIZE] = OUCH_ACCOUNT_QUERY;
    if (session_append(session, packet, size) < 0) session_fail(session);
}

static void probe_accepted(struct session *session, const struct soup_accepted *accepted, uint64_t now_ns) {
    if (strcmp(session->session_id, accepted->session) != 0) {
        forget_session(session);
        memcpy(session->session_id, accepted->session, sizeof session->session_id);
    } else if (accepted->sequence + 1 < session->next_sequence) {
        forget_session(session); /* the same name, but a shorter record than we have read */
        memcpy(session->session_id, accepted->session, sizeof session->session_id);
    }
    session->probe_sequence = accepted->sequence;
    session->probed = 1;
    session->since_ns = now_ns;
    uint8_t packet[SOUP_HEADER_SIZE];
    session_append(session, packet, soup_frame(packet, SOUP_LOGOUT_REQUEST, 0));
}

static void login_accepted(struct session *session, const struct soup_accepted *accepted, uint64_t now_ns) {
    if (strcmp(session->session_id, accepted->session) != 0) { /* it changed since the probe: start over */
        forget_session(session);
        session_fail(session);
        return;
    }
    if (accepted->sequence >
        session->asked_sequence) { /* messages are missing: only the whole record will do */
        session->next_sequence = 0;
        garbage(session);
        return;
    }
    session->arriving = accepted->sequence;
    if (session->asked_sequence == 1) {
        session->next_sequence = 1;
        session->reset_due = session->whole = 1;
    }
    session->announced = 1;
    session->state = SESSION_REPLAYING;
    session->since_ns = now_ns;
    ask_for_account(session);
}

static void accepted(struct session *session, const struct soup_packet *packet, uint64_t now_ns) {
    struct soup_accepted answer;
    if (soup_decode_accepted(packet, &answer) < 0 || answer.sequence == 0)
        garbage(session);
    else if (session->state == SESSION_PROBING && !session->probed)
        probe_accepted(session, &answer, now_ns);
    else if (session->state == SESSION_LOGGING_IN)
        login_accepted(session, &answer, now_ns);
    else
        garbage(session);
}

static void rejected(struct session *session, const struct soup_packet *packet, uint64_t now_ns) {
    uint8_t reason = 0;
    if (soup_decode_rejected(packet, &reason) < 0 ||
        (session->state != SESSION_PROBING && session->state != SESSION_LOGGING_IN))
        garbage(session);
    else if (reason == SOUP_REJECT_NOT_AUTHORIZED)
        session_refuse(session, now_ns);
    else /* no such session (yet) */
        session_fail(session);
}

/* An answer to our question about the account, while replaying. */
static void account(struct session *session, const struct session_event *event, uint64_t now_ns) {
    if (event->sequence < session->probe_sequence) return; /* asked by an earlier connection */
    if (event->sequence == session->probe_sequence) {      /* maybe too: see session.h */
        ask_for_account(session);
        return;
    }
    struct ouch_outbound message;
    if (ouch_decode_outbound(event->data, event->size, &message) < 0) {
        garbage(session);
        return;
    }
    session->next_user_ref = message.account_query_response.next_user_ref;
    session->live_due = 1;
    session->backoff_ns = session->reconnect_ns_min;
    session->state = SESSION_LIVE;
    session->since_ns = now_ns;
}

/* 1 when the message is for the owner. */
static int sequenced(struct session *session, const struct soup_packet *packet, uint64_t now_ns,
                     struct session_event *event) {
    if (session->state == SESSION_PROBING && session->probed) return 0; /* read again after the login */
    if (session->state < SESSION_REPLAYING || session->state > SESSION_LOGGING_OUT) {
        garbage(session);
        return 0;
    }
    *event = (struct session_event){.kind = SESSION_EVENT_MESSAGE,
                                    .size = packet->payload_size,
                                    .data = packet->payload,
                                    .sequence = session->arriving++,
                                    .replayed = session->state == SESSION_REPLAYING};
    if (event->sequence >= session->next_sequence) session->next_sequence = event->sequence + 1;
    if (session->state == SESSION_REPLAYING) {
        session->since_ns = now_ns;
        if (packet->payload_size > 0 && packet->payload[0] == OUCH_ACCOUNT_QUERY_RESPONSE)
            account(session, event, now_ns);
    }
    return 1;
}

static int handle(struct session *session, const struct soup_packet *packet, uint64_t now_ns,
                  struct session_event *event) {
    switch ((enum soup_type)packet->type) {
    case SOUP_LOGIN_ACCEPTED: accepted(session, packet, now_ns); return 0;
    case SOUP_LOGIN_REJECTED: rejected(session, packet, now_ns); return 0;
    case SOUP_SEQUENCED: return sequenced(session, packet, now_ns, event);
    case SOUP_SERVER_HEARTBEAT: session->counts.heartbeats_received++; return 0;
    case SOUP_END_OF_SESSION:
        forget_session(session);
        session_fail(session);
        return 0;
    case SOUP_DEBUG:
    case SOUP_UNSEQUENCED: return 0;
    case SOUP_LOGIN_REQUEST:
    case SOUP_CLIENT_HEARTBEAT:
    case SOUP_LOGOUT_REQUEST: garbage(session); return 0; /* what only a client says */
    }
    return 0;
}

static int due(struct session *session, struct session_event *event) {
    *event = (struct session_event){.kind = SESSION_EVENT_NONE};
    if (session->down_due) {
        session->down_due = 0;
        event->kind = SESSION_EVENT_DOWN;
    } else if (session->reset_due) {
        session->reset_due = 0;
        event->kind = SESSION_EVENT_RESET;
        event->another_session = session->changed;
        session->changed = 0;
    } else if (session->live_due) {
        session->live_due = session->whole = 0;
        event->kind = SESSION_EVENT_LIVE;
        event->next_user_ref = session->next_user_ref;
    }
    return event->kind != SESSION_EVENT_NONE;
}

int session_next(struct session *session, uint64_t now_ns, struct session_event *event) {
    while (!due(session, event)) {
        if (session->close) return 0; /* nothing more is believed of this connection */
        struct soup_packet packet;
        int size = soup_next(session->input + session->input_taken,
                             session->input_size - session->input_taken, &packet);
        if (size == 0) return 0;
        if (size < 0) {
            garbage(session);
            return 0;
        }
        session->input_taken += (size_t)size;
        if (handle(session, &packet, now_ns, event)) return 1;
    }
    return 1;
}
