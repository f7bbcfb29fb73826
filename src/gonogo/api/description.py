"""The API's description (OpenAPI): what every operation has in common is added in one place."""

from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.openapi.utils import get_openapi
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from gonogo.api.answers.shapes import Problem
from gonogo.api.problems import MEDIA_TYPE
from gonogo.domain.errors import InvalidInput

_API = "/api/v1/"
_SENT_BY_OTHERS = "/api/v1/sign-in/openid"
"""Where browsers are sent by an identity provider, which may say more than is asked for."""
_OPEN = frozenset(
    {
        "/api/v1/health",
        "/api/v1/sign-in",
        "/api/v1/sign-in/openid",
        "/api/v1/sign-in/openid/return",
        "/api/v1/invitations/shown",
        "/api/v1/invitations/accepted",
    }
)
"""What takes no proof of who asks."""

_ALWAYS: Mapping[str, str] = {
    "400": "It cannot be read.",
    "403": "You may not do that; the sentence says who may.",
    "429": "Too many requests; Retry-After says when to ask again.",
    "431": "The headers are too large.",
    "500": "A fault of the desk; its log says more under the request's id.",
    "503": "Something that is needed does not answer; the same request may succeed later.",
}
_NOT_SIGNED_IN: Mapping[str, str] = {
    "401": "The token is missing, wrong, expired or revoked.",
}
_OF_WHAT_IS_ASKED: Mapping[str, str] = {
    "404": "What is named does not exist.",
    "409": "It does not fit the present state; nothing was changed.",
    "422": "It can be read, but is not what is asked for; the sentence says where.",
}
_CHANGING: Mapping[str, str] = {
    "408": "The request's body did not come.",
    "412": "It was changed since it was read (If-Match).",
    "413": "The body is too large.",
}
_HEADERS: Mapping[str, tuple[str, str]] = {
    "X-Request-Id": ("string", "The id under which the log tells of this request."),
    "RateLimit": ("string", "What is left: requests, and seconds until more are."),
    "RateLimit-Policy": ("string", "The limit that is counted against."),
}
_DESCRIPTION = """The desk that takes a release from handoff to verified production, or back.

Errors are problems (RFC 9457). Lists come page by page. Single resources have ETags. Every change
takes an Idempotency-Key. docs/api.md tells of each with examples."""

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key is done once and answered alike for 24 hours.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "maxLength": 255, "minLength": 1},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what you have seen; 412 when it has changed since.",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH = {
    **_IF_MATCH,
    "name": "If-None-Match",
    "description": "The ETag of what you have; 304 when it is still that.",
}
_TAGGED = frozenset(
    {"get_release", "get_service", "get_spec", "get_person", "get_paper"},
)
_MATCHING = frozenset({"register_service", "instruct_release", "change_roles", "remove_person"})
_LINKS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "start_release": (
        ("get_release", "reference", "$response.body#/id"),
        ("instruct_release", "reference", "$response.body#/id"),
        ("follow_release", "reference", "$response.body#/id"),
    ),
    "add_person": (
        ("get_person", "name", "$response.body#/name"),
        ("issue_token", "name", "$response.body#/name"),
        ("change_roles", "name", "$response.body#/name"),
        ("remove_person", "name", "$response.body#/name"),
    ),
    "issue_token": (("revoke_token", "token_id", "$response.body#/id"),),
    "waive_gate": (
        ("get_paper", "paper", "$response.body#/paper"),
        ("withdraw_paper", "paper", "$response.body#/paper"),
    ),
}


def named(route: APIRoute) -> str:
    """An operation is called like its function."""
    return route.name


async def only_known_parameters(request: HTTPConnection) -> None:
    """Raises InvalidInput for a query parameter that the endpoint does not know: a misspelt filter
    must not answer with everything."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    if not route.path.startswith(_API) or route.path.startswith(_SENT_BY_OTHERS):
        return
    known = _parameters(request.app, route)
    for name in request.query_params:
        if name not in known:
            told = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"query.{name[:80]}: no such parameter here (known: {told})")


def _parameters(application: FastAPI, route: APIRoute) -> frozenset[str]:
    """What the endpoint may be asked; looked up once in the life of the application."""
    cache: dict[str, frozenset[str]] = application.state.parameters
    if route.unique_id not in cache:
        found = get_flat_params(route.dependant)
        cache[route.unique_id] = frozenset(
            each.alias for each in found if isinstance(each.field_info, Query)
        )
    return cache[route.unique_id]


def complete(application: FastAPI) -> None:
    """Make `application.openapi()` tell all of it. Endpoints may be added until it is first called."""

    def describe() -> dict[str, Any]:
        if application.openapi_schema is None:
            found = get_openapi(
                title=application.title,
                version=application.version,
                description=_DESCRIPTION,
                routes=application.routes,
            )
            application.openapi_schema = _completed(found)
        return application.openapi_schema

    application.state.parameters = {}
    # How FastAPI says that it is done.
    application.openapi = describe  # type: ignore[method-assign]


def _completed(found: dict[str, Any]) -> dict[str, Any]:
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    components["headers"] = {
        name: {"description": said, "schema": {"type": kind}}
        for name, (kind, said) in _HEADERS.items()
    }
    for path, methods in found.get("paths", {}).items():
        for method, operation in methods.items():
            if path.startswith(_API):
                _complete_operation(path, method, operation)
    return found


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    name = operation.get("operationId", "")
    operation["tags"] = [path.removeprefix(_API).split("/")[0]]
    reading = method == "get"
    told = {**_ALWAYS, **_OF_WHAT_IS_ASKED, **({} if reading else _CHANGING)}
    if path not in _OPEN:
        told |= _NOT_SIGNED_IN
        operation["security"] = [{"token": []}]
    parameters = cast("list[dict[str, Any]]", operation.setdefault("parameters", []))
    if not reading:
        parameters.append(_KEY)
    if name in _MATCHING:
        parameters.append(_IF_MATCH)
    responses = operation["responses"]
    responses.pop("422", None)
    for response in responses.values():
        response.setdefault("headers", {}).update(
            {each: {"$ref": f"#/components/headers/{each}"} for each in _HEADERS}
        )
        if name in _LINKS:
            response["links"] = {
                target: {"operationId": target, "parameters": {parameter: where}}
                for target, parameter, where in _LINKS[name]
            }
    if name in _TAGGED:
        parameters.append(_IF_NONE_MATCH)
        tag = {"ETag": {"description": "Of what is told.", "schema": {"type": "string"}}}
        responses["200"].setdefault("headers", {}).update(tag)
        responses["304"] = {"description": "You have it already.", "headers": tag}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, said in told.items():
        responses.setdefault(status, {"description": said, "content": content})
