"""What the form on a product's page asks for; and the page once more, as it was filled in, when it cannot be had so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask_babel import gettext as _

from storefront import catalog, store
from storefront.cart.custom import cleaned
from storefront.cart.service import parse_quantity
from storefront.catalog.views import product_as_it_is
from storefront.kit.errors import Conflict, Invalid

NO_CHOICE = "no_choice"


def asked(form: Mapping[str, str]) -> tuple[str, int, dict[str, str]]:
    """The SKU, how many of it, and the words for it.

    Raises Invalid with everything that is wrong, by field; Conflict if nothing is but that no variant was chosen.
    """
    wrong: dict[str, list[str]] = {}
    with _noted(wrong, "sku"):
        chosen = sku(form)
    with _noted(wrong, "quantity"):
        quantity = parse_quantity(form.get("quantity") or "1")
    with _noted(wrong, "note"):
        words = cleaned(form)
    if list(wrong) == ["sku"]:
        raise Conflict(wrong["sku"][0], state=NO_CHOICE)
    if wrong:
        raise Invalid(next(iter(wrong.values()))[0], fields=wrong)
    return chosen, quantity, words


def sku(form: Mapping[str, str]) -> str:
    """The variant that was chosen. Raises Conflict if none was."""
    typed = form.get("sku", "").strip()
    if not typed or len(typed) > 200:
        raise Conflict(_("Choose what you would like first."), state=NO_CHOICE)
    return typed


def page_again(form: Mapping[str, str], error: Invalid | Conflict) -> tuple[str, int]:
    """The product's page with what is wrong and what was typed. Raises the error if it is nobody's page."""
    slug, chosen = form.get("product", "")[:300], form.get("sku", "").strip()[:200]
    if not slug and (offer := catalog.offer_of(chosen, store.current().currency)):
        slug = offer.slug
    if not slug:
        raise error
    fields = error.fields if isinstance(error, Invalid) else {}
    wrong = {name: sentences[0] for name, sentences in fields.items()}
    if error.data.get("state") == NO_CHOICE:
        wrong["sku"] = error.message
    typed = {"quantity": form.get("quantity", ""), "note": form.get("note", "")}
    problems: list[tuple[str | None, str]] = [*wrong.items()] or [(None, error.message)]
    page = product_as_it_is(slug, chosen, failed=True, problems=problems, wrong=wrong, typed=typed)
    return page, 400 if fields else 409


@contextmanager
def _noted(wrong: dict[str, list[str]], name: str) -> Iterator[None]:
    """What is wrong with a field stands under its name, and the next one is read."""
    try:
        yield
    except (Invalid, Conflict) as error:
        wrong[name] = [error.message]
