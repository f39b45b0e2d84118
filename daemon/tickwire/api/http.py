"""The commands over HTTP: GET what only looks, POST what changes, one route for each line of the table."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

import tickwire
from tickwire.api import openapi
from tickwire.api.answers import Failure
from tickwire.api.commands import COMMANDS, Command
from tickwire.api.errors import REASONS, Refused
from tickwire.api.health import HealthCheck
from tickwire.api.metrics import Exposition
from tickwire.api.operations import Operations
from tickwire.api.people import People, Principal, nobody
from tickwire.host.logs import Log

BODY_SIZE_MAX = 65_536
BODY_S_MAX = 5.0
HEADERS_SIZE_MAX = 16_384
JSON = "application/json"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_log = Log("operations")


@dataclass(frozen=True)
class Door:
    """One way in: its name for the record, hosts that may be asked for ((): any), what needs no token."""

    via: str
    hosts: tuple[str, ...] = ()
    open_health: bool = True
    open_metrics: bool = True


class Api:
    """Builds the ASGI application of a door."""

    def __init__(self, operations: Operations, people: People, health: HealthCheck, exposition: Exposition) -> None:
        self._operations = operations
        self._people = people
        self._health = health
        self._exposition = exposition

    def app(self, door: Door) -> FastAPI:
        """The application."""
        app = FastAPI(
            title="Tickwire operator",
            version=tickwire.__version__,
            docs_url=None,  # their pages load scripts from the internet
            redoc_url=None,
            openapi_url="/openapi.json",
        )
        guarded = functools.partial(_guarded, door)
        for command in COMMANDS.values():
            app.add_api_route(
                f"/v1/{command.name}",
                guarded(functools.partial(self._command, door, command)),
                methods=["POST" if command.changes else "GET"],
                summary=command.says,
                operation_id=command.name,
                response_model=None,
                openapi_extra=openapi.operation(command),
            )
        for path, endpoint in (
            ("/health", functools.partial(self._state, door, self._health.health)),
            ("/ready", functools.partial(self._state, door, self._health.ready)),
            ("/metrics", functools.partial(self._metrics, door)),
        ):
            app.add_api_route(path, guarded(endpoint), methods=["GET"], response_model=None)
        app.add_exception_handler(HTTPException, _no_such_route)
        openapi.complete(app)
        return app

    async def _command(self, door: Door, command: Command, request: Request) -> Response:
        who = self._who(door, request)
        if command.changes:
            if who.role is not None and request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
                raise Refused("malformed", f"expected Content-Type: {JSON}")
            body: bytes | dict[str, Any] = await _body(request) if who.role is not None else b""
        else:
            body = dict(request.query_params)
        keys = request.headers.getlist("idempotency-key")
        if len(keys) > 1:
            raise Refused("malformed", "expected one Idempotency-Key")
        answer = await self._operations.execute(who, command.name, body, keys[0] if keys else "")
        return Response(msgspec.json.encode(answer), media_type=JSON)

    def _who(self, door: Door, request: Request) -> Principal:
        """Who the token says it is; nobody without a good one."""
        peer = f"{request.client.host}:{request.client.port}" if request.client else ""
        given = request.headers.getlist("authorization")
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        person = self._people.by_token(token.strip()) if scheme.lower() == "bearer" else None
        return Principal(person.name, person.role, door.via, peer) if person else nobody(door.via, peer)

    async def _admit_reader(self, door: Door, request: Request, what: str) -> None:
        who = self._who(door, request)
        if who.role is None:
            refused = Refused("unauthenticated", f"/{what} needs a token here")
            await self._operations.attempts.refused(who, what, refused)
            raise refused

    async def _state(self, door: Door, look: Callable[[], Any], request: Request) -> Response:
        if not door.open_health:
            await self._admit_reader(door, request, look.__name__)
        state = look()
        return Response(msgspec.json.encode(state), 200 if state.good else 503, media_type=JSON)

    async def _metrics(self, door: Door, request: Request) -> Response:
        if not door.open_metrics:
            await self._admit_reader(door, request, "metrics")
        return Response(self._exposition.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(door: Door, endpoint: Endpoint) -> Endpoint:
    """The endpoint, with every way to fail as an answer that says why and shows nothing of the inside."""

    async def answer(request: Request) -> Response:
        try:
            if sum(len(name) + len(value) for name, value in request.headers.raw) > HEADERS_SIZE_MAX:
                raise Refused("too-large", f"expected at most {HEADERS_SIZE_MAX} bytes of headers")
            if door.hosts and _host_name(request) not in door.hosts:
                raise Refused("malformed", "expected a Host header that names this box's own address")
            return await endpoint(request)
        except Refused as refused:
            return _failure(refused)
        except Exception as error:
            _log.error("request_failed", path=request.url.path, reason=repr(error))
            return _failure(Refused("failed", "the box failed to answer; its log says why"))

    return answer


def _host_name(request: Request) -> str:
    given = request.headers.getlist("host")
    name, colon, port = (given[0] if len(given) == 1 else "").rpartition(":")
    return name if colon and port.isdigit() else (given[0] if len(given) == 1 else "")


async def _body(request: Request) -> bytes:
    """The body, of bounded size and in bounded time."""
    stated = request.headers.get("content-length", "0")
    if not stated.isdigit() or int(stated) > BODY_SIZE_MAX:
        raise Refused("too-large", f"expected at most {BODY_SIZE_MAX} bytes")
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for part in request.stream():
                size += len(part)
                if size > BODY_SIZE_MAX:
                    raise Refused("too-large", f"expected at most {BODY_SIZE_MAX} bytes")
                parts.append(part)
    except TimeoutError as error:
        raise Refused("slow", f"the body did not come within {BODY_S_MAX:.0f} s") from error
    return b"".join(parts)


def _failure(refused: Refused) -> Response:
    headers = {"www-authenticate": "Bearer"} if refused.code == "unauthenticated" else {}
    if refused.code in ("too-large", "slow"):
        headers["connection"] = "close"  # what else of the body may come is not worth reading
    body = msgspec.json.encode(Failure(code=refused.code, text=refused.text))
    return Response(body, refused.status, headers, media_type=JSON)


async def _no_such_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "unknown" if status == 404 else "malformed"
    text = "no such path: /openapi.json lists them" if status == 404 else "not by this method: /openapi.json lists them"
    response = _failure(Refused(code, text))
    response.status_code = status if status in (404, 405) else REASONS[code][0]
    return response
