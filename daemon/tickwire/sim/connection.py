"""One client's TCP connection: bytes in as SoupBinTCP packets, bytes out without ever blocking."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from tickwire.native import ffi, lib
from tickwire.sim.latency import SO_TIMESTAMPNS, receive_stamp

RECEIVE_SIZE = 65536
LOG_MESSAGES = 512  # moved to the send buffer at a time


class ProtocolError(Exception):
    """The client does not speak the protocol."""


class DisconnectedError(Exception):
    """The connection is over."""


@dataclass(frozen=True)
class Login:
    """What a login request says."""

    username: str
    password: str
    session: str
    sequence: int


def decode_login(payload: bytes) -> Login:
    """The payload of a login request; ProtocolError when its sequence is no number."""
    packet = ffi.new("struct soup_packet *")
    data = ffi.from_buffer(payload)
    packet.payload, packet.payload_size, packet.type = data, len(payload), lib.SOUP_LOGIN_REQUEST
    login = ffi.new("struct soup_login *")
    if lib.soup_decode_login(packet, login) < 0:
        raise ProtocolError("login request")
    username, password, session = (
        ffi.string(field).decode("latin-1") for field in (login.username, login.password, login.session)
    )
    return Login(username, password, session, int(login.sequence))


class Connection:
    """The bytes of one client; who it is and what it may do is the server's business."""

    def __init__(self, sock: socket.socket, now_ns: int) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock = sock
        self.account: int | None = None  # once logged in
        self.next_sequence = 0  # of its account's log, the next one to send
        self.closing = False  # close when everything is sent
        self.heard_ns = now_ns
        self.said_ns = now_ns
        self.progress_ns = now_ns  # when the peer last took bytes, or had taken all
        self._received = bytearray()
        self._pending = bytearray()

    @property
    def pending(self) -> int:
        """Bytes waiting for the peer to read."""
        return len(self._pending)

    def receive(self, now_ns: int) -> int:
        """Take what has arrived; the kernel's stamp of it.  DisconnectedError when there is no more."""
        try:
            data, ancillary, _, _ = self.sock.recvmsg(RECEIVE_SIZE, 256)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise DisconnectedError(str(error)) from error
        if not data:
            raise DisconnectedError("closed by the client")
        self.heard_ns = now_ns
        self._received += data
        return receive_stamp(ancillary)

    def packets(self) -> Iterator[tuple[int, bytes]]:
        """Type and payload of every whole packet received.  ProtocolError when the bytes are no SoupBinTCP."""
        data = bytes(self._received)
        view = ffi.from_buffer(data)
        packet = ffi.new("struct soup_packet *")
        offset = 0
        try:
            while True:
                size = lib.soup_next(view + offset, len(data) - offset, packet)
                if size == 0:
                    return
                if size < 0:
                    raise ProtocolError("not SoupBinTCP")
                offset += size
                yield packet.type, bytes(ffi.buffer(packet.payload, packet.payload_size))
        finally:
            del self._received[:offset]

    def say(self, packet: bytes, now_ns: int) -> None:
        """Queue a whole packet."""
        if not self._pending:
            self.progress_ns = now_ns
        self._pending += packet
        self.said_ns = now_ns

    def send(self, now_ns: int) -> None:
        """Give the kernel what it takes.  DisconnectedError when it takes nothing any more."""
        while self._pending:
            try:
                sent = self.sock.send(self._pending)
            except BlockingIOError:
                return
            except OSError as error:
                raise DisconnectedError(str(error)) from error
            del self._pending[:sent]
            self.progress_ns = now_ns
        if self.closing:
            raise DisconnectedError("all said")
