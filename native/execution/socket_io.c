#include "execution/socket_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void set_option(int descriptor, int level, int name, int value) {
    (void)setsockopt(descriptor, level, name, &value, sizeof value); /* a wish: the session works without */
}

int socket_connect(const struct execution_config *config) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return ERROR_SYSTEM;
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_QUICKACK, 1);
    if (config->busy_poll_us) set_option(descriptor, SOL_SOCKET, SO_BUSY_POLL, (int)config->busy_poll_us);
    if (config->send_buffer) set_option(descriptor, SOL_SOCKET, SO_SNDBUF, (int)config->send_buffer);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)config->port),
                                  .sin_addr.s_addr = htonl(config->address)};
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        close(descriptor);
        return ERROR_SYSTEM;
    }
    return descriptor;
}

int socket_connected(int descriptor) {
    struct pollfd poller = {.fd = descriptor, .events = POLLOUT};
    if (poll(&poller, 1, 0) <= 0) return 0;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) return ERROR_SYSTEM;
    return 1;
}

int socket_read(int descriptor, uint8_t *data, size_t size) {
    ssize_t got = recv(descriptor, data, size, MSG_DONTWAIT);
    if (got > 0) {
        set_option(descriptor, IPPROTO_TCP, TCP_QUICKACK, 1); /* the kernel forgets it */
        return (int)got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return 0;
    return ERROR_EMPTY;
}

void socket_close(int descriptor) {
    close(descriptor);
}
