"""The doors of the services that the sandbox plays: where their forms are posted, and their APIs."""

from flask import Blueprint, Response, redirect, request, url_for

from storefront.kit.db import transaction
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways.base import Form, Message
from storefront.sandbox.books import state_of
from storefront.sandbox.models import SandboxPayment
from storefront.sandbox.players import Player, player_of
from storefront.sandbox.scenario import Notice

LARGEST = 256 * 1024
bp = Blueprint("rehearsal", __name__, url_prefix="/sandbox/as")


@bp.route("/<name>/page", methods=["GET", "POST"])
def receive(name):
    """The shop's form arrives in the shopper's browser, in the service's own protocol."""
    player = _player(name)
    with transaction("sandbox_receive"):
        reference = player.open(player.asked(_message())).reference
    return redirect(url_for("sandbox.page", reference=reference), code=303)


@bp.route("/<name>/api/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
def call(name, path):
    """The shop's server calls the service's API."""
    player = _player(name)
    with transaction("sandbox_play"):
        answer = player.answer(path, _message())
    return Response(answer.body, status=answer.status, content_type=answer.content_type)


def notice_of(payment: SandboxPayment, planned: Notice) -> tuple[str, str, dict[str, str]] | None:
    """Address, body and headers of what the played service says; None when it says nothing."""
    told = _player(payment.player).notice(payment, planned.turn or planned.says or state_of(payment))
    return (told.url, told.body, dict(told.headers)) if told else None


def way_back(payment: SandboxPayment) -> Form | str:
    """How the browser leaves the played service's page."""
    return _player(payment.player).way_back(payment, state_of(payment))


def _player(name) -> Player:
    player = player_of(name)
    if player is None:
        raise NotFound("Nobody plays this service here.")
    return player


def _message():
    if (request.content_length or 0) > LARGEST or b"%00" in request.query_string + request.get_data(
        parse_form_data=False
    ):
        raise Invalid("The service does not read this.")
    return Message(
        method=request.method,
        query=request.query_string.decode("latin-1"),
        body=request.get_data(parse_form_data=False),
        headers={name.lower(): value for name, value in request.headers.items()},
        remote_addr=request.remote_addr or "",
    )
