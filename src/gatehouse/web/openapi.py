"""The OpenAPI 3.1 document of the API, made from the endpoints and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gatehouse.web.cookies import SESSION
from gatehouse.web.endpoint import Endpoint
from gatehouse.web.problem import MEDIA_TYPE, Problem

VERSION: Final = "3.1.1"
_REF: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


def document(endpoints: Iterable[Endpoint], *, title: str, version: str) -> dict[str, Any]:
    """Return the document. Every endpoint stands in it, with every status that it may answer."""
    known = list(endpoints)
    taken = {model for each in known for model in (each.body, each.query) if model is not None}
    given = {model for each in known for model in each.answers.values() if model is not None}
    references, definitions = models_json_schema(
        [
            *((model, "validation") for model in sorted(taken, key=_name)),
            *((model, "serialization") for model in sorted(given | {Problem}, key=_name)),
        ],
        ref_template=_REF,
    )
    paths: dict[str, dict[str, Any]] = {}
    for each in known:
        path = _PARAMETER.sub(r"{\1}", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _operation(each, references, definitions)
    return {
        "openapi": VERSION,
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": SESSION},
                "camera": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Gatehouse-Signature",
                    "description": "Ed25519 signature by the camera's key",
                },
            },
        },
    }


def _operation(
    endpoint: Endpoint, references: Mapping[Any, Any], definitions: Mapping[str, Any]
) -> dict[str, Any]:
    parameters: list[Mapping[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    parameters += _query(endpoint.query, references, definitions)
    parameters += endpoint.parameters
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "responses": {
            **{
                str(status): _response(status, model, endpoint.media, references)
                for status, model in endpoint.answers.items()
            },
            **{
                str(status): _response(status, Problem, MEDIA_TYPE, references)
                for status in endpoint.problems
            },
        },
    }
    if parameters:
        found["parameters"] = parameters
    if endpoint.body is not None:
        schema = references[endpoint.body, "validation"]
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif endpoint.takes is not None:
        found["requestBody"] = {
            "required": True,
            "content": {endpoint.takes: {"schema": {"type": "string", "format": "binary"}}},
        }
    if endpoint.security is not None:
        found["security"] = [{endpoint.security: []}]
    elif endpoint.roles is not None:
        found["security"] = [{"session": []}]
        found["x-roles"] = sorted(role.value for role in endpoint.roles)
    return found


def _query(
    model: type[BaseModel] | None, references: Mapping[Any, Any], definitions: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    if model is None:
        return []
    name = references[model, "validation"]["$ref"].rpartition("/")[2]
    schema = definitions["$defs"][name]
    return [
        {"name": each, "in": "query", "required": each in schema.get("required", ()), "schema": what}
        for each, what in schema["properties"].items()
    ]


def _response(
    status: int, model: type[BaseModel] | None, media: str, references: Mapping[Any, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if model is not None:
        found["content"] = {media: {"schema": references[model, "serialization"]}}
    elif media not in ("application/json",) and status == 200:
        found["content"] = {media: {"schema": {"type": "string"}}}
    return found


def _name(model: type[BaseModel]) -> str:
    return model.__name__
