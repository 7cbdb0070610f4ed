"""Before going live with a payment service: what must be right, and what to do where it is not yet.

Each check is a plain function of the facts that live_facts.py gathers.
"""

from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _, lazy_gettext as _l

from storefront.admin.live_facts import Facts, gather
from storefront.payments import certificates
from storefront.payments.configs import can
from storefront.payments.models import GatewayConfig

HEARTBEAT = timedelta(minutes=2)
MOST_APART = timedelta(seconds=5)  # of two clocks: some services refuse messages that are a few minutes off


class Found(NamedTuple):
    """Whether it is right (None: not needed for this service), and a sentence: what is so, or what to do."""

    ok: bool | None
    says: str


def ready(facts: Facts) -> Found:
    """Its settings are complete, and its adapter holds the rules."""
    if facts.problems:
        return Found(False, " ".join(facts.problems))
    return Found(True, _("Everything is filled in, and the adapter holds the rules of every gateway."))


def seller(facts: Facts) -> Found:
    """Shoppers can read from whom they buy."""
    if facts.unsaid:
        told = _("Shoppers must know from whom they buy, and on which terms. Not written yet: %(what)s.")
        return Found(False, told % {"what": ", ".join(facts.unsaid)})
    return Found(True, _("The shop says who sells, and on which terms."))


def address(facts: Facts) -> Found:
    """The public address is reached over TLS, from outside in."""
    url = current_app.config["PUBLIC_URL"]
    if facts.answer is None:
        return Found(False, _("%(url)s was asked and did not answer: %(why)s", url=url, why=facts.silence))
    if facts.answer.status != 200 or b'"ok"' not in facts.answer.body:
        told = _("%(url)s answers, but not as this shop does (%(status)s). Does it lead to another server?")
        return Found(False, told % {"url": url, "status": facts.answer.status})
    if urlsplit(url).scheme != "https":
        told = _("%(url)s has no TLS: payment services want https://. Set PUBLIC_URL, see docs/operations.md.", url=url)
        return Found(False, told)
    return Found(True, _("%(url)s answers over TLS, with a certificate that is believed.", url=url))


def signature(facts: Facts) -> Found:
    """What we sign is accepted there, and what they sign is verified here; the keys are tried here before."""
    tried, heard = facts.tried, _heard(facts)
    if tried is None or (heard.ok is None and tried.asking is None):
        return heard
    if tried.asking is False:
        return Found(
            False, _("A form that is signed with the key here cannot be verified with it: enter the key anew.")
        )
    if tried.telling is False:
        told = _("A message under the key here is not believed, or one under another key is: enter the key anew.")
        return Found(False, f"{told} {_('If that does not help, do not take money through this adapter.')}")
    return Found(heard.ok, f"{heard.says} {_asking(tried.asking)} {_telling(tried.telling)}")


def clocks(facts: Facts) -> Found:
    """This machine, the database and the public address have the same time."""
    dated = _date_of(facts.answer)
    told = [facts.database, *([dated] if dated else [])]
    if all(abs(one - facts.here) <= MOST_APART for one in told):
        return Found(True, _("The clocks of this machine, the database and the public address agree."))
    apart = max(abs((one - facts.here).total_seconds()) for one in told)
    return Found(
        False, _("The clocks are %(seconds)d seconds apart: let all machines set theirs by NTP.", seconds=apart)
    )


def mail(facts: Facts) -> Found:
    """Letters go out by a mail server, and the last one went."""
    if urlsplit(current_app.config["MAIL_URL"]).scheme not in ("smtp", "smtps"):
        return Found(False, _("Letters stay on this machine: set MAIL_URL to a mail server."))
    if facts.failing_letters:
        return Found(False, _("Letters wait or were given up: look at the first page of the admin, and at MAIL_URL."))
    if facts.last_letter is None:
        return Found(False, _("No letter was sent yet: place an order with your own e-mail."))
    return Found(True, _("The last letter was taken by the mail server."))


def scheduler(facts: Facts) -> Found:
    """What happens by itself happens."""
    if facts.heartbeat_age is None:
        return Found(False, _("No scheduler has ever run: set SCHEDULER to embedded, or start flask jobs run."))
    if facts.heartbeat_age > HEARTBEAT:
        return Found(False, _("The scheduler is silent: start the shop, or flask jobs run, again."))
    return Found(True, _("The scheduler was heard a moment ago."))


def certificate(facts: Facts) -> Found:
    """No certificate of it ends within 30 days."""
    files = [file for file in facts.config.certificates.values() if file]
    if not files:
        return Found(None, _("It has no certificates."))
    if soon := [file for file in files if certificates.about(file).ends_soon]:
        told = _("%(files)s ends within 30 days: ask for a new one, and upload it.", files=", ".join(soon))
        return Found(False, told)
    return Found(True, _("No certificate ends within 30 days."))


def notification(facts: Facts) -> Found:
    """Its server has called ours."""
    if not can(facts.config).notifies:
        return Found(None, _("It sends no notifications."))
    if facts.heard_at is None:
        url = f"{current_app.config['PUBLIC_URL']}/payments/{facts.config.name}/notify"
        return Found(False, _("It has not called us yet in this mode: enter %(url)s there, and pay an order.", url=url))
    return Found(True, _("Its server has called ours."))


def payment(facts: Facts) -> Found:
    """A small real payment was made, found, and sent back."""
    if facts.paid is None:
        return Found(False, _("Nothing was paid through it yet in this mode: buy something small, and pay it."))
    if not facts.paid.refunded:
        return Found(False, _("Order %(order)s was paid. Now send its money back.", order=facts.paid.order))
    return Found(True, _("Order %(order)s was paid, found and sent back.", order=facts.paid.order))


CHECKS: dict[str, tuple[Any, Callable[[Facts], Found]]] = {
    "ready": (_l("Settings"), ready),
    "seller": (_l("Who sells"), seller),
    "address": (_l("Public address"), address),
    "signature": (_l("Signatures, both ways"), signature),
    "clocks": (_l("Clocks"), clocks),
    "mail": (_l("Letters"), mail),
    "scheduler": (_l("Scheduler"), scheduler),
    "certificate": (_l("Certificates"), certificate),
    "notification": (_l("Notifications"), notification),
    "payment": (_l("A small payment"), payment),
}


def look(config: GatewayConfig) -> dict[str, Found]:
    """Every check by its name. Uses the network; call it outside a transaction."""
    facts = gather(config)
    return {name: check(facts) for name, (_label, check) in CHECKS.items()}


def _heard(facts):
    """What the last message that it signed says of the keys."""
    if facts.last_message is None:
        told = _("Nothing that it signed has come yet in this mode: pay a small order through it.")
        return Found(False if _tells(facts) else None, told if _tells(facts) else _("It tells nothing that is signed."))
    if not facts.last_message.authentic:
        return Found(False, _("Its last message was refused: compare the keys there with those here."))
    return Found(True, _("It took what we signed, and its last message was verified."))


def _asking(tried):
    if tried:
        return _("Tried here: a form under the key for forms is read, and refused under another key.")
    return _("Not tried here: what the shop asks for, which is not signed, or begins by a call.")


def _telling(tried):
    if tried:
        return _("Tried here: a message under the key for messages is believed, and refused under another key.")
    return _("Not tried here: its messages, for which only the service has a key, or which it is asked about.")


def _tells(facts):
    able = can(facts.config)
    return able.notifies or able.return_is_signed


def _date_of(answer):
    try:
        return parsedate_to_datetime(answer.headers["date"]) if answer else None
    except (KeyError, ValueError, TypeError):
        return None
