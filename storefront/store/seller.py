"""Who sells: what only a shop to try may say of itself, and what a new shop has still to say."""

from typing import Any

NEW = "New shop"  # until its owner gives it a name; its e-mail is a guess until then
DEMO = {
    "name": "Kalm",
    "legal_name": "Kalm SIA",
    "address": "Miera iela 12, Rīga, LV-1001, Latvia",
    "email": "hello@kalm.example",
    "phone": "+371 2000 0000",
    "vat_number": "LV40000000000",
}


def unsaid(shop: Any) -> list[str]:
    """The columns of the shop's row that shoppers must be able to believe, and cannot yet."""
    wanted = ("name", "legal_name", "address", "email")
    lacking = {name for name in wanted if not getattr(shop, name) or getattr(shop, name) == DEMO[name]}
    if shop.name == NEW:
        lacking |= {"name", "email"}
    return [name for name in wanted if name in lacking]
