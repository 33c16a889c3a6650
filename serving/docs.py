"""The description of the API: made from what the endpoints declare, so that it cannot drift."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from serving.endpoints import Endpoint
from serving.schemas import ErrorAnswer, Health, Wire

_REF: Final = "#/components/schemas/{model}"
_JSON: Final = "application/json"
_SECURITY: Final = {"key": {"type": "http", "scheme": "bearer"}}
_REQUEST_ID: Final = {
    "x-request-id": {
        "description": "Under which the log speaks of this request.",
        "schema": {"type": "string"},
    }
}


def describe(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Describe the API as an OpenAPI 3.1 document.

    BentoML's own description drops what may be null and knows another shape of errors.

    Parameters
    ----------
    endpoints : iterable of Endpoint
        Those that take a body.
    """
    listed = list(endpoints)
    paths = {one.path: {one.method.lower(): _operation(one)} for one in listed}
    paths["/livez"] = {"get": _page("Whether the process is up.", "text/plain", {})}
    paths["/readyz"] = {"get": _page("Whether a bundle is live, and which.", _JSON, _ref(Health))}
    paths["/metrics"] = {
        "get": _page("Metrics, as Prometheus reads them.", "text/plain", {})
        | {"security": [{"key": ["admin"]}]}
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vitrine", "version": "1"},
        "paths": paths,
        "components": {"schemas": _schemas(listed), "securitySchemes": _SECURITY},
    }


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (Health, "serialization"),
        (ErrorAnswer, "serialization"),
    ]
    for one in endpoints:
        models += [(one.takes, "validation"), (one.gives, "serialization")]
    _, schemas = models_json_schema(models, ref_template=_REF)
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "operationId": endpoint.respond.__name__,
        "summary": (endpoint.respond.__doc__ or "").strip(),
        "security": [{"key": [endpoint.scope.value]}],
        "requestBody": {"required": True, "content": _content(_JSON, _ref(endpoint.takes))},
        "responses": _responses(endpoint.media_type, _ref(endpoint.gives)),
    }


def _page(summary: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": _responses(media_type, schema)}


def _responses(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "200": {
            "description": "The answer.",
            "headers": _REQUEST_ID,
            "content": _content(media_type, schema),
        },
        "default": {
            "description": "What is wrong; every 4xx and 5xx has this shape.",
            "headers": _REQUEST_ID,
            "content": _content(_JSON, _ref(ErrorAnswer)),
        },
    }


def _content(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {media_type: {"schema": schema}}


def _ref(model: type[Wire]) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)}
