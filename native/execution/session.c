/* session: time and the connection.  What the venue says is read in session_receive.c. */
#include "execution/session.h"

#include "codec/soup_inline.h"

#include <stdlib.h>
#include <string.h>

/* Copies a padded field without its padding; text has room for size_max + 1. */
static int copy_text(char *text, size_t size_max, const char *field, size_t field_size) {
    size_t size = strnlen(field, field_size);
    while (size > 0 && field[size - 1] == ' ') size--;
    if (size > size_max) return ERROR_ARGUMENT;
    memcpy(text, field, size);
    text[size] = '\0';
    return ERROR_NONE;
}

/* Boxes that lost a venue at the same moment must not come back at the same moment: each spreads its attempts
 * by who it is (FNV-1a of that) and by the time, so that the same box at the same times does the same. */
static uint64_t seed_of(const struct execution_config *config) {
    uint64_t seed = 14695981039346656037ULL;
    for (size_t i = 0; i < sizeof config->username; i++)
        seed = (seed ^ (uint8_t)config->username[i]) * 1099511628211ULL;
    seed = (seed ^ config->address) * 1099511628211ULL;
    seed = (seed ^ config->port) * 1099511628211ULL;
    seed = (seed ^ config->venue) * 1099511628211ULL;
    return seed | 1;
}

/* spread is at most the configured fraction of pause_ns, by xorshift (Marsaglia 2003). */
static uint64_t spread(struct session *session, uint64_t pause_ns, uint64_t now_ns) {
    uint64_t range = pause_ns / 1000 * session->jitter_ppm / 1000;
    uint64_t chance = session->chance ^ now_ns << 1; /* the lowest bit stays: not 0 */
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    session->chance = chance | 1;
    return range == 0 ? 0 : chance % (range + 1);
}

int session_create(const struct execution_config *config, struct session **out) {
    if (config->heartbeat_ns == 0 || config->silence_ns_max == 0) return ERROR_ARGUMENT;
    if (config->reconnect_ns_min == 0 || config->reconnect_ns_max < config->reconnect_ns_min)
        return ERROR_ARGUMENT;
    if (config->reconnect_jitter_ppm > 1000000) return ERROR_ARGUMENT;
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) return ERROR_SYSTEM;
    if (copy_text(session->login.username, SOUP_USERNAME_SIZE, config->username, sizeof config->username) ||
        copy_text(session->login.password, SOUP_PASSWORD_SIZE, config->password, sizeof config->password) ||
        copy_text(session->login.session, SOUP_SESSION_SIZE, config->session, sizeof config->session)) {
        free(session);
        return ERROR_ARGUMENT;
    }
    memset(session->input, 0, sizeof session->input); /* touches every page now */
    session->wanted = 1;
    session->heartbeat_ns = config->heartbeat_ns;
    session->silence_ns_max = config->silence_ns_max;
    session->reconnect_ns_min = session->backoff_ns = config->reconnect_ns_min;
    session->reconnect_ns_max = config->reconnect_ns_max;
    session->jitter_ppm = config->reconnect_jitter_ppm;
    session->chance = seed_of(config);
    *out = session;
    return ERROR_NONE;
}

void session_destroy(struct session *session) {
    free(session);
}

int session_append(struct session *session, const void *data, size_t size) {
    if (session->output_sent > 0) {
        memmove(session->output, session->output + session->output_sent,
                session->output_size - session->output_sent);
        session->output_size -= session->output_sent;
        session->output_sent = 0;
    }
    if (size > SESSION_OUTPUT_SIZE - session->output_size) return ERROR_FULL;
    memcpy(session->output + session->output_size, data, size);
    session->output_size += size;
    return ERROR_NONE;
}

/* Packets without a payload of ours: heartbeat, logout.  One that finds no room is not missed: what fills the
 * buffer says that we live. */
static void append_packet(struct session *session, uint8_t type) {
    uint8_t packet[SOUP_HEADER_SIZE];
    session_append(session, packet, soup_frame(packet, type, 0));
}

static void append_login(struct session *session) {
    struct soup_login login = session->login;
    login.sequence = session->asked_sequence;
    uint8_t packet[SOUP_LOGIN_SIZE];
    int size = soup_encode_login(&login, packet, sizeof packet);
    if (size > 0) session_append(session, packet, (size_t)size);
}

void session_fail(struct session *session) {
    session->close = 1;
}

static void enter(struct session *session, enum session_state state, uint64_t now_ns) {
    session->state = state;
    session->since_ns = now_ns;
}

void session_connected(struct session *session, uint64_t now_ns) {
    session->counts.connects++;
    session->received_ns = session->sent_ns = now_ns;
    enter(session, session->probed ? SESSION_LOGGING_IN : SESSION_PROBING, now_ns);
    session->asked_sequence = !session->probed ? 0 : session->next_sequence == 0 ? 1 : session->next_sequence;
    append_login(session);
}

/* The probe has done its work once it knows N: the next connection follows at once.  Everything else waits.
 */
static void plan_retry(struct session *session, uint64_t now_ns) {
    if (session->state == SESSION_PROBING && session->probed) {
        session->retry_ns = now_ns;
        return;
    }
    session->probed = 0;
    session->retry_ns = now_ns + session->backoff_ns + spread(session, session->backoff_ns, now_ns);
    session->backoff_ns *= 2;
    if (session->backoff_ns > session->reconnect_ns_max) session->backoff_ns = session->reconnect_ns_max;
}

static void count_loss(struct session *session) {
    session->counts.losses += session->state == SESSION_LIVE && !session->released;
    session->released = 0;
}

void session_closed(struct session *session, uint64_t now_ns) {
    count_loss(session);
    if (session->state != SESSION_CONNECTING) session->counts.disconnects++;
    session->close = 0;
    session->input_taken = session->input_size = 0;
    session->output_sent = session->output_size = 0;
    session->reset_due = session->live_due = 0;
    if (session->whole) session->next_sequence = 0; /* half a replay is no picture: begin again */
    session->whole = 0;
    session->down_due |= session->announced;
    session->announced = 0;
    if (session->state == SESSION_REFUSED) return; /* retry_ns is far */
    plan_retry(session, now_ns);
    enter(session, SESSION_DOWN, now_ns);
}

void session_refuse(struct session *session, uint64_t now_ns) {
    count_loss(session);
    session->close = session->state != SESSION_DOWN;
    session->probed = 0;
    session->retry_ns = now_ns + SESSION_REFUSED_RATE * session->reconnect_ns_max;
    enter(session, SESSION_REFUSED, now_ns);
}

void session_login(struct session *session, uint64_t now_ns) {
    session->wanted = 1;
    session->backoff_ns = session->reconnect_ns_min;
    session->retry_ns = now_ns;
}

void session_logout(struct session *session, uint64_t now_ns) {
    session->wanted = 0;
    if (session->state == SESSION_LIVE) {
        append_packet(session, SOUP_LOGOUT_REQUEST);
        enter(session, SESSION_LOGGING_OUT, now_ns);
    } else if (session->state == SESSION_REFUSED) {
        enter(session, SESSION_DOWN, now_ns);
    } else if (session->state != SESSION_DOWN) {
        session_fail(session);
    }
}

void session_resync(struct session *session) {
    session->next_sequence = 0;
    if (session->state < SESSION_LOGGING_IN || session->state > SESSION_LIVE) return;
    if (!session->close) session->released = 1; /* what failed before was not us */
    session_fail(session);
}

/* Time since then, 0 when then is ahead: the clock was stepped. */
static uint64_t elapsed(uint64_t then_ns, uint64_t now_ns) {
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

/* A heartbeat says that we live when nothing else has for heartbeat_ns. */
static void keep_alive(struct session *session, uint64_t now_ns) {
    if (elapsed(session->sent_ns, now_ns) < session->heartbeat_ns) return;
    session->sent_ns = now_ns;
    append_packet(session, SOUP_CLIENT_HEARTBEAT);
    session->counts.heartbeats_sent++;
}

/* A connection that is up: what ends it by itself. */
static void watch(struct session *session, uint64_t now_ns) {
    uint64_t patience_ns = session->silence_ns_max;
    if (session->state == SESSION_LOGGING_OUT || (session->state == SESSION_PROBING && session->probed))
        patience_ns = session->reconnect_ns_min; /* logged out: the venue closes, or we do */
    else if (elapsed(session->received_ns, now_ns) > session->silence_ns_max)
        session_fail(session);
    if (session->state != SESSION_LIVE && elapsed(session->since_ns, now_ns) > patience_ns)
        session_fail(session);
}

int session_advance(struct session *session, uint64_t now_ns) {
    switch ((enum session_state)session->state) {
    case SESSION_DOWN:
    case SESSION_REFUSED:
        if (session->close) return SESSION_CLOSE;
        if (!session->wanted || now_ns < session->retry_ns) return SESSION_NOTHING;
        enter(session, SESSION_CONNECTING, now_ns);
        return SESSION_CONNECT;
    case SESSION_CONNECTING:
        if (elapsed(session->since_ns, now_ns) > session->silence_ns_max) session_fail(session);
        break;
    case SESSION_PROBING:
    case SESSION_LOGGING_IN:
    case SESSION_REPLAYING:
    case SESSION_LIVE:
    case SESSION_LOGGING_OUT:
        watch(session, now_ns);
        if (session->state == SESSION_REPLAYING || session->state == SESSION_LIVE)
            keep_alive(session, now_ns);
        break;
    }
    return session->close ? SESSION_CLOSE : SESSION_NOTHING;
}

const uint8_t *session_pending(const struct session *session, size_t *size) {
    *size = session->output_size - session->output_sent;
    return session->output + session->output_sent;
}

void session_sent(struct session *session, size_t size, uint64_t now_ns) {
    session->output_sent += size;
    session->sent_ns = now_ns;
}

void session_get_counts(const struct session *session, struct session_counts *counts) {
    *counts = session->counts;
    counts->next_sequence = session->next_sequence;
    counts->state = session->state;
}
