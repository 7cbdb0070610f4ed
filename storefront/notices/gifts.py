"""Letters about gift certificates: the codes that were bought, and what came back to one."""

from flask_babel import gettext as _, ngettext

from storefront import certificates
from storefront.certificates.states import ACTIVE
from storefront.kit.events import OrderEvent
from storefront.notices.post import order_of, write


def gift_codes(event: OrderEvent) -> None:
    """The codes of what an order has bought, to whoever bought it: they stand nowhere else. A void one is left out."""
    order = order_of(event)
    bought = [certificates.by_id(one) for one in event.data["ids"]]
    codes = [
        (certificates.in_groups(certificates.code_of(one)), one.initial_minor, one.last_day_at)
        for one in bought
        if one.status == ACTIVE
    ]
    if codes:
        said = ngettext("the gift certificate of order %(number)s", "the gift certificates of order %(number)s",
                        len(codes), number=order.number)  # fmt: skip
        write(event, "gift_codes", order, said, codes=codes)


def gift_back(event: OrderEvent) -> None:
    """What certificates had paid of an order can be used again."""
    order = order_of(event)
    parts = certificates.parts_given_back(order.id, event.data["ref"])
    subject = _("refund for order %(number)s, to your gift certificate", number=order.number)
    write(event, "gift_back", order, subject, amount_minor=event.data["amount"], parts=parts)


GIFT_LETTERS = {"CERTIFICATES_ACTIVATED": (gift_codes,), "CERTIFICATES_REFUNDED": (gift_back,)}
