"""What the workshop hears of. It keeps its own diary, a file beside the shop's data."""

from pathlib import Path

from flask import current_app

from storefront.cart.models import Cart
from storefront.checkout.attempt import Refused
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order

CROWD = 50


def refuse_crowds(cart: Cart) -> None:
    """The workshop wraps no more than this at a time."""
    if sum(line.qty for line in cart.lines) > CROWD:
        raise Refused(f"We wrap at most {CROWD} pieces at a time.", reason="crowd")


def note_the_paper(order: Order) -> None:
    """The paper is chosen before the order is saved, and stays with it."""
    if order.custom.get("note"):
        order.custom = {**order.custom, "paper": "stars" if "star" in order.custom["note"] else "plain"}


def tell_the_workshop(order: Order) -> None:
    """The workshop may be closed: then it is told later."""
    if workshop().joinpath("closed").exists():
        raise RuntimeError("The workshop is closed.")
    _write(f"placed {order.number}")


def ring_the_bell(event: OrderEvent) -> None:
    """A bell for each paid order."""
    _write(f"paid {event.order_id}")


def order_ribbon(event: OrderEvent) -> None:
    """Ribbon for each gift."""
    _write(f"ribbon for {event.data['paper']}")


def tidy_the_workshop() -> dict[str, int]:
    """The diary is read once an hour."""
    return {"lines": len(diary())}


def workshop() -> Path:
    """The folder of the workshop."""
    folder = Path(current_app.config["DATA_DIR"]) / "workshop"
    folder.mkdir(exist_ok=True)
    return folder


def diary() -> list[str]:
    """What was written down, oldest first."""
    file = workshop() / "diary.txt"
    return file.read_text().splitlines() if file.exists() else []


def _write(line):
    with (workshop() / "diary.txt").open("a") as file:
        file.write(line + "\n")
