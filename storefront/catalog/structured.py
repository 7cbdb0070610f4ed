"""What search engines read: the same facts as the page shows, as JSON-LD in a data block."""

import json
from collections.abc import Iterable

from markupsafe import Markup

from storefront.catalog.deliveries import Delivery
from storefront.catalog.product_page import IN_STOCK, MADE_TO_ORDER, SOLD_OUT, Choice, Goods
from storefront.kit import money
from storefront.kit.html import as_text
from storefront.kit.pages import absolute

_AVAILABILITY = {SOLD_OUT: "OutOfStock", MADE_TO_ORDER: "BackOrder", IN_STOCK: "InStock"}
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def block(data: dict) -> Markup:
    """JSON that can stand inside a <script> element whatever it says."""
    text = json.dumps(data, ensure_ascii=False)
    for letter, escape in _UNSAFE.items():
        text = text.replace(letter, escape)
    return Markup(text)  # noqa: S704 -- nothing in it can end the element


def availability(choice: Choice) -> str:
    """schema.org's word for how a variant stands on the shelf."""
    return _AVAILABILITY.get(choice.state, "InStock")


def description(goods: Goods, most: int = 300) -> str:
    """One line about a product: the merchant's own, or the beginning of its description."""
    return _shortened(goods.seo_description or as_text(goods.description), most)


def description_of_list(name: str, titles: Iterable[str], words: str = "") -> str:
    """One line about a list of goods: the merchant's own words, or its name and what stands first in it."""
    return _shortened(" ".join(words.split()) or ": ".join(filter(None, (name, ", ".join(titles)))), 300)


def _shortened(text, most):
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + "…"


def product(goods: Goods, url: str, store, delivery: Delivery | None) -> dict:
    """A Product with an Offer for each variant."""
    facts = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": goods.title,
        "description": description(goods, 5000),
        "image": [absolute(picture.largest) for picture in goods.pictures],
        "brand": {"@type": "Brand", "name": goods.vendor} if goods.vendor else None,
        "sku": goods.selected.sku if goods.selected else None,
        "url": url,
        "offers": [_offer(choice, goods, url, store, delivery) for choice in goods.choices],
    }
    return {name: value for name, value in facts.items() if value}


def trail(steps: list[tuple[str, str]]) -> dict:
    """A BreadcrumbList of names and public addresses."""
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": url}
        for place, (name, url) in enumerate(steps, start=1)
    ]
    return {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}


def _offer(choice, goods, url, store, delivery):
    offer = {
        "@type": "Offer",
        "name": f"{goods.title} ({choice.label})" if choice.options else goods.title,
        "sku": choice.sku,
        "price": money.plain(choice.price_minor, store.currency),
        "priceCurrency": store.currency,
        "availability": "https://schema.org/" + availability(choice),
        "itemCondition": "https://schema.org/NewCondition",
        "url": f"{url}?sku={choice.sku}" if len(goods.choices) > 1 else url,
    }
    if not choice.gift_certificate:
        offer["hasMerchantReturnPolicy"] = _returns(store)
    if delivery and choice.requires_shipping:
        offer["shippingDetails"] = _shipping(delivery)
    return offer


def _returns(store):
    return {
        "@type": "MerchantReturnPolicy",
        "applicableCountry": store.country,
        "returnPolicyCategory": "https://schema.org/MerchantReturnFiniteReturnWindow",
        "merchantReturnDays": store.return_days,
    }


def _shipping(delivery):
    days = {"minValue": delivery.days_min, "maxValue": delivery.days_max, "unitCode": "DAY"}
    return {
        "@type": "OfferShippingDetails",
        "shippingRate": {
            "@type": "MonetaryAmount",
            "value": money.plain(delivery.from_minor, delivery.currency),
            "currency": delivery.currency,
        },
        "shippingDestination": {"@type": "DefinedRegion", "addressCountry": delivery.country},
        "deliveryTime": {"@type": "ShippingDeliveryTime", "transitTime": {"@type": "QuantitativeValue", **days}},
    }
