/* socket_io: the order session's TCP socket; every system call of the stage but send. */
#pragma once
#include "tickwire/execution.h"

/* socket_connect begins a connection and returns its descriptor, or ERROR_SYSTEM.  socket_connected: 1 when
 * it is up, 0 while it is not, ERROR_SYSTEM when it failed. */
int socket_connect(const struct execution_config *config);
int socket_connected(int descriptor);
/* socket_read returns bytes read, 0 when there are none now, ERROR_EMPTY when the venue has closed (or the
 * connection broke). */
int socket_read(int descriptor, uint8_t *data, size_t size);
void socket_close(int descriptor);
