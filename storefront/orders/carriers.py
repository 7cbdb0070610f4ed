"""Where a parcel is looked for: the carriers of the shop, each with the pattern of its tracking pages."""

import re
from urllib.parse import quote, urlsplit

from flask_babel import gettext as _

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.orders.models import Shipment
from storefront.store.models import Setting

KEY, PLACE, MOST = "carriers", "{number}", 100
CARRIERS = {  # until the shop has a table of its own
    "An Post": "https://www.anpost.com/Post-Parcels/Track/History?item={number}",
    "Correos": "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={number}",
    "DHL": "https://www.dhl.com/en/express/tracking.html?AWB={number}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{number}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "GLS": "https://gls-group.com/track/{number}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
}


def carriers() -> dict[str, str]:
    """The shop's carriers: name: pattern of an address, in which {number} stands for the tracking number."""
    row = db.session.get(Setting, KEY)
    return dict(row.value) if row else dict(CARRIERS)


def set_carriers(table: dict[str, str], actor: str) -> tuple[dict[str, str], dict[str, str]]:
    """Another table; gives it as it was and as it is. Raises Invalid, naming the line that cannot be."""
    if len(table) > MOST:
        raise Invalid(_("At most %(most)s carriers.", most=MOST))
    for name, pattern in table.items():
        _check(name, pattern)
    before, row = carriers(), db.session.get(Setting, KEY) or Setting(key=KEY)
    row.value, row.changed_by, row.changed_at = table, actor, clock.now()
    db.session.add(row)
    return before, table


def tracking_links(shipments: list[Shipment]) -> dict[int, str]:
    """Parcel id: where it can be followed, for those with a number whose carrier has a page."""
    told = [parcel for parcel in shipments if parcel.tracking and parcel.carrier]
    table = {_folded(name): pattern for name, pattern in carriers().items()} if told else {}
    found = {parcel.id: table.get(_folded(parcel.carrier)) for parcel in told}
    number = {parcel.id: quote("".join(parcel.tracking.split()), safe="") for parcel in told}
    return {one: pattern.replace(PLACE, number[one]) for one, pattern in found.items() if pattern}


def _check(name, pattern):
    if not 0 < len(name) <= 60:
        raise Invalid(_("A carrier needs a name of at most 60 letters."))
    try:
        parts = urlsplit(pattern.replace(PLACE, "1"))
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    fine = parts is not None and parts.scheme == "https" and re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", host)
    if not fine or PLACE not in pattern or len(pattern) > 500 or re.search(r"[\s\"'<>\\]", pattern):
        sentence = "%(name)s: enter an address that begins with https:// and has {number} where the number belongs."
        raise Invalid(_(sentence, name=name))


def _folded(name):
    return " ".join(name.casefold().split())
