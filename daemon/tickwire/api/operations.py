"""The one way to ask anything of a box: who may, what is recorded, what a retry does.  HTTP and ZeroMQ call this.

A command that changes something is on disk in the record before it is done, and its outcome after.  A kill is done
first and recorded second, so that no disk can stop it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from tickwire.api.attempts import Attempts
from tickwire.api.collaborators import Collaborators
from tickwire.api.commands import COMMANDS, Command
from tickwire.api.controls import Controls
from tickwire.api.entry import Entry
from tickwire.api.errors import Refused
from tickwire.api.idempotency import UNSURE, Remembered, digest_of
from tickwire.api.people import Principal
from tickwire.api.queries import Queries
from tickwire.api.stopping import Stopping
from tickwire.api.trading import Trading
from tickwire.host.logs import Log

RECALLED_LINES = 2000  # of the record, at a start
KEY_SIZE_MAX = 64
AT_ONCE_MAX = 32
HIDDEN = ("code",)  # arguments that are not written down
UNREPEATED = ("rearm-prepare",)  # its answer is a secret, and asking again is harmless


class Operations:
    """Every command of the table, for whoever has proved who they are."""

    def __init__(self, parts: Collaborators, attempts: Attempts | None = None) -> None:
        self.parts = parts
        self.attempts = attempts or Attempts(parts.audit, parts.clock_ns)
        self._log = Log("operations")
        self._queries = Queries(parts)
        self._stopping = Stopping(parts, self._queries)
        self._handlers = self._find_handlers(
            self._queries,
            self._stopping,
            Trading(parts, self._queries, self._stopping),
            Controls(parts, self._queries),
            Entry(parts),
        )
        self._remembered = Remembered()
        self._remembered.load(parts.audit.last(RECALLED_LINES))
        self._running = 0

    @staticmethod
    def _find_handlers(*owners: object) -> dict[str, Callable[[Principal, Any], Any]]:
        handlers = {}
        for name in COMMANDS:
            method = name.replace("-", "_")
            handlers[name] = next(getattr(owner, method) for owner in owners if hasattr(owner, method))
        return handlers

    async def execute(self, who: Principal, name: str, body: bytes | dict[str, Any], key: str = "") -> Any:
        """Do the command with its arguments as JSON (bytes) or builtins; raises Refused, and nothing else."""
        try:
            command, request = await self._admit(who, name, body, key)
            if not command.changes:
                await self.attempts.query(who, name)
                return await self._answer(command, who, request)
            if name == "kill":
                return await self._kill(command, who, request, key)
            if name in UNREPEATED:
                key = ""
            return await self._change(command, who, request, key)
        except Refused:
            raise
        except Exception as error:  # our own bug: the person learns that it failed, the log why
            self._log.error("command_failed", command=name, person=who.name, reason=repr(error))
            raise Refused("failed", "the box failed to do this; its log says why") from error

    async def _admit(
        self, who: Principal, name: str, body: bytes | dict[str, Any], key: str
    ) -> tuple[Command, msgspec.Struct]:
        """The command and its arguments; an attempt that is not admitted is recorded."""
        command = COMMANDS.get(name)
        try:
            if who.role is None:
                raise Refused("unauthenticated", "no valid token or key: see `tickwire operator --help`")
            if command is None:
                raise Refused("unknown", f"no command {name[:40]!r}")
            if who.role not in command.roles:
                allowed = ", ".join(sorted(command.roles))
                raise Refused("role", f"{name} is for: {allowed}; {who.name} is a {who.role}")
            if len(key) > KEY_SIZE_MAX or not key.isascii() or not (key == "" or key.isprintable()):
                raise Refused("malformed", f"an idempotency key has at most {KEY_SIZE_MAX} visible ASCII characters")
            return command, _parse(command, body)
        except Refused as refused:
            await self.attempts.refused(who, name[:40], refused)
            raise

    async def _kill(self, command: Command, who: Principal, request: msgspec.Struct, key: str) -> Any:
        """Do it, then say so."""
        digest = digest_of(command.name, request)
        if key and (asked := await self._remembered.begin(who.name, key, digest)) is not None:
            await self.attempts.repeated(who, command.name, key)
            return asked.answer
        try:
            answer = await self._handlers[command.name](who, request)
        except BaseException as error:
            if key:
                self._remembered.forget(who.name, key, acted=False)
            if isinstance(error, Refused):
                await self.attempts.refused(who, command.name, error, _arguments(request))
            raise
        if key:
            self._remembered.end(who.name, key, msgspec.to_builtins(answer))
        await self.attempts.done(who, command.name, _arguments(request), key, digest, msgspec.to_builtins(answer))
        return answer

    async def _change(self, command: Command, who: Principal, request: msgspec.Struct, key: str) -> Any:
        """Record, do, record the outcome."""
        if self._running >= AT_ONCE_MAX:
            raise Refused("busy", "too many commands at once: try again")
        digest = digest_of(command.name, request)
        if key and (asked := await self._remembered.begin(who.name, key, digest)) is not None:
            await self.attempts.repeated(who, command.name, key)
            return asked.answer
        self._running += 1
        acted = False
        try:
            await self.attempts.begun(who, command.name, _arguments(request), key, digest)
            acted = True
            answer = await self._answer(command, who, request)
        except BaseException as error:
            sure = isinstance(error, Refused) and error.code not in UNSURE
            if key:
                self._remembered.forget(who.name, key, acted=acted and not sure)
            if acted:
                said = error if isinstance(error, Refused) else Refused("failed", repr(error))
                await self.attempts.refused(who, command.name, said, _arguments(request), key, digest, begun=True)
            raise
        finally:
            self._running -= 1
        kept = None if command.name in UNREPEATED else msgspec.to_builtins(answer)
        if key:
            self._remembered.end(who.name, key, kept)
        await self.attempts.done(who, command.name, _arguments(request), key, digest, kept)
        return answer

    async def _answer(self, command: Command, who: Principal, request: msgspec.Struct) -> Any:
        try:
            async with asyncio.timeout(command.seconds_max):
                return await self._handlers[command.name](who, request)
        except TimeoutError as error:
            raise Refused("slow", f"{command.name} took longer than {command.seconds_max:.0f} s") from error


def _parse(command: Command, body: bytes | dict[str, Any]) -> msgspec.Struct:
    try:
        if isinstance(body, dict):
            return msgspec.convert(body, command.request, strict=False)
        return msgspec.json.decode(body or b"{}", type=command.request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # a ValidationError is one, too
        raise Refused("malformed", f"{command.name}: {error}") from error


def _arguments(request: msgspec.Struct) -> dict[str, Any]:
    builtins: dict[str, Any] = msgspec.to_builtins(request)
    return {name: "(hidden)" if name in HIDDEN else value for name, value in builtins.items()}
