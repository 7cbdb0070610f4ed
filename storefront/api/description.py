"""The description of the API for programs, in the form of OpenAPI 3.1."""

from typing import Any

from storefront.api import shapes
from storefront.api.listing import CRITERIA, WHOSE
from storefront.api.tokens import EVENTS, ORDERS, PERSONAL
from storefront.kit.pages import absolute
from storefront.orders.criteria import FLAGS

_TEXT, _NUMBER, _THING = {"type": "string"}, {"type": "integer"}, {"type": "object"}
_MAYBE = {"type": ["string", "null"]}
_TIME = {"type": ["string", "null"], "format": "date-time"}
WORDS = {
    "after": "The place behind which to go on: `next` of the page before.",
    "limit": "How many at most, from 1 to 500; 100 if nothing is said.",
    "types": "Only these types, 40 at most, separated by commas; ORDER_* stands for all that begin so.",
    "order": "Only events of the order with this number.",
    "status": "The state of the order; IN_PROGRESS is another word for PROCESSING.",
    "reference": "The reference of a payment, ours or that of the payment service.",
    "flags": f"Some of {', '.join(FLAGS)}, with commas.",
    **dict.fromkeys(WHOSE, f"Needs the scope {PERSONAL}."),
}


def document() -> dict[str, Any]:
    """The whole description, with the public address of this shop."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Events and orders of the shop", "version": "1"},
        "servers": [{"url": absolute("")}],
        "security": [{"token": []}],
        "paths": {
            "/api/events": _list(
                EVENTS, "What happened, oldest first.", ("after", "limit", "types", "order"), "events"
            ),
            "/api/orders": _list(ORDERS, "Orders, newest first.", ("after", "limit", *CRITERIA), "orders"),
            "/api/orders/{number}": {"get": _one()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Event": _event(), "Order": _order(), "Error": _error()},
        },
    }


def _list(scope, summary, names, what):
    item = {"events": "Event", "orders": "Order"}[what]
    found = {"type": "array", "items": {"$ref": f"#/components/schemas/{item}"}}
    page = {"type": "object", "properties": {what: found, "next": _TEXT, "more": {"type": "boolean"}}}
    asked = [{"name": name, "in": "query", "schema": _TEXT, "description": WORDS.get(name, "")} for name in names]
    return {"get": {"summary": f"{summary} Scope: {scope}.", "parameters": asked, "responses": _answers(page)}}


def _one():
    number = {"name": "number", "in": "path", "required": True, "schema": _TEXT}
    answers = _answers({"$ref": "#/components/schemas/Order"})
    return {"summary": f"One order as it is now. Scope: {ORDERS}.", "parameters": [number], "responses": answers}


def _answers(schema):
    problems = {
        "400": "A parameter cannot be read.",
        "401": "No token, or not a valid one.",
        "403": "The token lacks a scope.",
        "404": "There is no such thing.",
        "429": "Too often: wait a minute.",
    }
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    good = {"description": "As asked.", "content": {"application/json": {"schema": schema}}}
    others = {status: {"description": words, "content": refused} for status, words in problems.items()}
    return {"200": good, "304": {"description": "Nothing new since the ETag."}, **others}


def _event():
    of_order = {"type": ["object", "null"], "properties": {"number": _TEXT, "sequence": _NUMBER}}
    facts = {"id": _TEXT, "type": _TEXT, "timestamp": _TIME, "actor": _TEXT, "order": of_order, "data": _THING}
    return {"type": "object", "properties": facts}


def _order():
    person = {"email": _TEXT, "locale": _TEXT, "shipping_address": _MAYBE_THING, "billing_address": _MAYBE_THING}
    facts = {
        "number": _TEXT,
        "version": _NUMBER,
        "currency": _TEXT,
        **dict.fromkeys(shapes.STATES, _TEXT),
        **dict.fromkeys(shapes.FIGURES, _NUMBER),
        **dict.fromkeys(shapes.TIMES, _TIME),
        "service_level": _TEXT,
        "payment_method": _TEXT,
        "lines": {"type": "array", "items": _THING},
        "shipments": {"type": "array", "items": _THING},
    }
    return {"type": "object", "properties": {**facts, **person}}


def _error():
    sentences = {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}}
    facts = {"error": _TEXT, "message": _TEXT, "state": _MAYBE, "fields": sentences, "request_id": _TEXT}
    return {"type": "object", "properties": facts}


_MAYBE_THING = {"type": ["object", "null"]}
