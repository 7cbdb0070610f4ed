"""Names of attempts for gateways that allow few letters."""

import hashlib
import re

from storefront.payments.gateways.base import BillView


def compact(bill: BillView, most: int, digits: int = 0) -> str:
    """A name of letters and digits for this attempt alone, at most so long, with so many digits first.

    Shops that share an account at a gateway count alike: an attempt of one must not be called as one of another, or
    what is paid in one would be paid in both. The order's number can be read in it as far as it fits; four letters or
    more of the attempt's own key make it nobody else's. The same attempt has the same name always.
    """
    own = hashlib.sha256(bill.key.encode()).hexdigest()
    number = re.sub(r"[^A-Za-z0-9]", "", bill.order_number)
    if digits:
        number = "".join(re.findall(r"\d", number)).zfill(digits)
    return f"{number[-(most - 6) :]}x{own}"[:most]
