"""The OpenAPI description, out of the table of commands and the structs it names."""

from functools import cache
from typing import Any

import msgspec
from fastapi import FastAPI

from tickwire.api.answers import Failure
from tickwire.api.commands import COMMANDS, Command
from tickwire.api.errors import REASONS
from tickwire.api.health import Health

REF = "#/components/schemas/{name}"


@cache
def _schemas() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The schema of each type of the table, and the components they refer to."""
    types: list[Any] = [Failure, Health]
    for command in COMMANDS.values():
        types += [kind for kind in (command.request, command.answer) if kind not in types]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    return dict(zip(map(repr, types), schemas, strict=True)), components


def operation(command: Command) -> dict[str, Any]:
    """What FastAPI does not know of a route, since it leaves the parsing to us."""
    schemas, components = _schemas()
    failure = {"content": {"application/json": {"schema": schemas[repr(Failure)]}}}
    described: dict[str, Any] = {
        "security": [{"token": []}],
        "description": f"Roles: {', '.join(sorted(command.roles))}.",
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": schemas[repr(command.answer)]}},
            },
            **{
                str(status): {"description": "Not done.", **failure}
                for status in sorted({status for status, _ in REASONS.values()})
            },
        },
    }
    if command.changes:
        schema = schemas[repr(command.request)]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        described["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "maxLength": 64},
                "description": "A retry under the same key is answered, not done again.",
            }
        ]
    else:
        properties = components[command.request.__name__].get("properties", {})
        described["parameters"] = [{"name": name, "in": "query", "schema": one} for name, one in properties.items()]
    return described


def complete(app: FastAPI) -> None:
    """Add the components that the routes refer to."""
    plain = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(_schemas()[1])
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]
