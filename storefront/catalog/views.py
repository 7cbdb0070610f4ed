"""The window: home, lists, search, product pages, text pages, and what robots fetch."""

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import get_locale, gettext as _

from storefront import store
from storefront.catalog import (
    cards,
    carts,
    categories,
    deliveries,
    feeds,
    narrowing,
    product_page,
    search,
    structured,
)
from storefront.catalog.drawing import drawn
from storefront.kit import weights
from storefront.kit.errors import NotFound
from storefront.kit.pages import absolute, public_url
from storefront.store import accent

bp = Blueprint("catalog", __name__)
bp.add_app_template_global(drawn)
NEW_GOODS = 8


@bp.get("/")
def home():
    shop, opening = store.current(), store.greeting()
    new_goods = cards.newest(NEW_GOODS, shop.currency)
    words = opening.get("text") or opening.get("line") or ""
    return render_template(
        "catalog/home.html",
        opening=opening,
        new_goods=new_goods,
        tiles=categories.tiles(),
        canonical=public_url("catalog.home"),
        description=structured.description_of_list(shop.name, (card.title for card in new_goods), words),
    )


@bp.get("/categories/<path:path>")
def category(path):
    place = categories.at(path.rstrip("/"))
    if not place:
        raise NotFound(_("There is no such category."))
    if path != place.path:
        query = request.query_string.decode("ascii", "ignore")
        return redirect(f"{place.url}?{query}" if query else place.url, code=308)
    wish = narrowing.read(request.args, store.current().currency)
    shelf = _page_that_is_there(cards.of_category(place.id, wish, place.goods), wish)
    trail = [(_("Shop"), "/"), *((step.name, step.url) for step in categories.trail(place))]
    return render_template(
        "catalog/category.html",
        place=place,
        trail=trail,
        wish=wish,
        shelf=shelf,
        facets=cards.facets(place.id),
        sorts=_sorts(),
        canonical=absolute(wish.canonical(place.url)),
        description=structured.description_of_list(place.name, (card.title for card in shelf.cards)),
        linked_data=[structured.block(structured.trail([(name, absolute(url)) for name, url in trail]))],
    )


@bp.get("/search")
def search_page():
    text = request.args.get("q", "").strip()
    wish = narrowing.read(
        request.args, store.current().currency, usual_sort=narrowing.BEST, base=(("q", text),) if text else ()
    )
    asked = search.typed(text)
    shelf = cards.found(asked, text, wish) if asked else cards.Shelf([], 0)
    better = None
    if asked and not shelf.total and wish.page == 1:
        better, shelf = _past_a_slip(asked, wish, shelf)
    _page_that_is_there(shelf, wish)
    nothing = asked and not shelf.total
    return render_template(
        "catalog/search.html",
        text=text,
        wish=wish,
        shelf=shelf,
        better=" ".join(better) if better and shelf.total else None,
        sorts=((narrowing.BEST, _("Best match")), *_sorts()),
        nearest=search.nearest(asked) if nothing and not wish.narrows else [],
    )


@bp.get("/products/<slug>")
def product(slug):
    return product_as_it_is(slug, request.args.get("sku", ""))


def product_as_it_is(slug, sku="", **more):
    """The page of a product at this moment, with one variant chosen; `more` is for what was typed on it."""
    shop = store.current()
    goods = product_page.goods(slug, shop.currency, sku)
    place = categories.tree().by_id.get(goods.category_id or 0)
    url = public_url("catalog.product", slug=goods.slug)
    delivery = _delivery(goods)
    trail = [(_("Shop"), "/"), *((step.name, step.url) for step in categories.trail(place))]
    steps = [(name, absolute(path)) for name, path in trail] + [(goods.title, url)]
    facts, pictures = structured.product(goods, url, shop, delivery), goods.pictures
    return render_template(
        "catalog/product.html",
        goods=goods,
        trail=trail,
        delivery=delivery,
        weight=_weight(goods.weights),
        canonical=url,
        description=structured.description(goods),
        social_type="product",
        social_picture=absolute(pictures[0].largest) if pictures else None,
        linked_data=[structured.block(each) for each in (facts, structured.trail(steps))],
        **_waiting(goods),
        **more,
    )


@bp.get("/pages/<slug>")
def page(slug):
    return render_template("catalog/page.html", page=store.page(slug), canonical=public_url("catalog.page", slug=slug))


@bp.get("/colours/<digits>.css")
def colours(digits) -> Response:
    """The shop's own colours. Others have another address, so these may be kept for ever."""
    colour = store.current().accent
    if colour != f"#{digits}":
        raise NotFound(_("There is no such page."))
    answer = Response(accent.stylesheet(colour), mimetype="text/css")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    return feeds.sitemap()


@bp.get("/sitemaps/<int:number>.xml")
def sitemap_part(number) -> Response:
    return feeds.sitemap_part(number)


@bp.get("/robots.txt")
def robots() -> Response:
    return feeds.robots()


@bp.get("/feeds/products.xml")
def product_feed() -> Response:
    return feeds.products()


def _page_that_is_there(shelf, wish):
    """The page of a list. Raises NotFound for one after the last."""
    if wish.page > max(1, shelf.pages) or (wish.page > 1 and not shelf.cards):
        raise NotFound(_("The list is not that long."))
    return shelf


def _past_a_slip(asked, wish, shelf):
    """The goods for the words as they were probably meant, if that finds any."""
    better = search.respelled(asked)
    return better, cards.found(better, " ".join(better), wish) if better else shelf


def _waiting(goods):
    """What others hold and the visitor may wait for; and whether the visitor is who holds it."""
    awaited = goods.awaited
    own = carts.of_visitor([choice.id for choice in awaited])
    return {"in_own_cart": bool(own), "awaited": goods.named(choice for choice in awaited if choice.id not in own)}


def _delivery(goods):
    chosen = goods.selected
    return deliveries.usual(chosen.weight_g, chosen.price_minor) if chosen and chosen.requires_shipping else None


def _sorts():
    return (
        (narrowing.NEWEST, _("Newest")),
        (narrowing.PRICE, _("Price, lowest first")),
        (narrowing.PRICE_DESCENDING, _("Price, highest first")),
        (narrowing.NAME, _("Name")),
    )


def _weight(grams):
    """The weights of the variants, lightest first, as whoever is spoken to reads them: 320 g, or 1.2–2 kg."""
    if not grams:
        return ""
    return weights.span(grams[0], grams[-1], str(get_locale() or "en")).replace(" ", "\u00a0")
