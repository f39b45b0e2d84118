#include "packet/port.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void packet_say(struct packet_message *message, const char *format, ...) {
    if (message->length + 1 >= message->size) return;
    if (message->length > 0) message->text[message->length++] = '\n';
    va_list arguments;
    va_start(arguments, format);
    int written =
        vsnprintf(message->text + message->length, message->size - message->length, format, arguments);
    va_end(arguments);
    if (written < 0) return;
    size_t room = message->size - message->length - 1;
    message->length += (size_t)written < room ? (size_t)written : room;
}

int packet_fail(struct packet_message *message, const char *what) {
    int error = errno;
    packet_say(message, "%s: %s", what, strerror(error));
    errno = error;
    return ERROR_SYSTEM;
}

static int check_channels(const struct packet_config *config, struct packet_message *message) {
    if (config->channel_count == 0 || config->channel_count > PACKET_CHANNEL_COUNT_MAX) {
        packet_say(message, "channel_count is %u, expected 1 to %d", config->channel_count,
                   PACKET_CHANNEL_COUNT_MAX);
        return ERROR_ARGUMENT;
    }
    for (uint32_t i = 0; i < config->channel_count; i++) {
        const struct packet_channel *channel = &config->channels[i];
        bool recorded = config->backend == PACKET_PCAP; /* captures made anonymous have zeroes in them */
        if (!recorded && (channel->address == 0 || channel->port == 0)) {
            packet_say(message, "channel %u has no %s", i, channel->port == 0 ? "port" : "address");
            return ERROR_ARGUMENT;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (config->channels[j].address != channel->address || config->channels[j].port != channel->port)
                continue;
            packet_say(message, "channels %u and %u are the same", j, i);
            return ERROR_DUPLICATE;
        }
    }
    return 0;
}

int packet_open(const struct packet_config *config, struct packet_port **port, char *message,
                size_t message_size) {
    struct packet_message lines = {message, message_size, 0};
    if (message_size > 0) message[0] = '\0';
    *port = NULL;
    int error = check_channels(config, &lines);
    if (error) return error;
    if (memchr(config->interface, '\0', sizeof config->interface) == NULL ||
        memchr(config->path, '\0', sizeof config->path) == NULL) {
        packet_say(&lines, "interface or path is too long");
        return ERROR_ARGUMENT;
    }
    switch ((enum packet_backend)config->backend) {
    case PACKET_SOCKET: return socket_open(config, port, &lines);
    case PACKET_PCAP: return pcap_open(config, port, &lines);
    case PACKET_AF_XDP:
#ifdef TICKWIRE_HAVE_AF_XDP
        return af_xdp_open(config, port, &lines);
#else
        packet_say(&lines, "this build has no AF_XDP (needs clang, libbpf-dev and libxdp-dev)");
        return ERROR_UNSUPPORTED;
#endif
    }
    packet_say(&lines, "back end %u does not exist", config->backend);
    return ERROR_ARGUMENT;
}

int packet_receive(struct packet_port *port, struct packet_view *views, int count) {
    return packet_port_receive(port, views, count);
}

void packet_release(struct packet_port *port, int count) {
    packet_port_release(port, count);
}

void packet_idle(struct packet_port *port) {
    packet_port_idle(port);
}

int packet_get_stats(struct packet_port *port, struct packet_stats *stats) {
    if (port->ops->refresh_stats) port->ops->refresh_stats(port);
    *stats = port->stats;
    return 0;
}

void packet_close(struct packet_port *port) {
    if (port) port->ops->close(port);
}

int packet_have_af_xdp(void) {
#ifdef TICKWIRE_HAVE_AF_XDP
    return 1;
#else
    return 0;
#endif
}
