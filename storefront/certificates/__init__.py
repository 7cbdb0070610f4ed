"""Gift certificates: bought as goods, used as money, each with a ledger of its own.

Verbs: find_code, look, folded (a code that was typed); create, activate, lapse, renew, bought_in, used_of, take_back
(what orders buy); plan, hold, capture, release, give_back, uses_of, users_among, with_certificates, taken_of,
refundable, refund_refs, parts_given_back, hashes_of, has_moved, forget (what orders use); issue, void, extend, overdue,
end_certificate, last_moment (staff and time); by_id, listed, transactions_of, why_not, code_of, in_groups (for pages
and letters).
"""

from storefront.certificates.codes import code_of, folded, in_groups
from storefront.certificates.finding import CodeRefused, Found, by_id, find_code, listed, look, transactions_of, why_not
from storefront.certificates.issuing import end_certificate, extend, issue, overdue, void
from storefront.certificates.selling import activate, bought_in, create, lapse, last_moment, renew, take_back, used_of
from storefront.certificates.using import (
    CertificateShort,
    capture,
    forget,
    give_back,
    has_moved,
    hashes_of,
    hold,
    parts_given_back,
    plan,
    refund_refs,
    refundable,
    release,
    taken_of,
    users_among,
    uses_of,
    with_certificates,
)

__all__ = [
    "CertificateShort",
    "CodeRefused",
    "Found",
    "activate",
    "bought_in",
    "by_id",
    "capture",
    "code_of",
    "create",
    "end_certificate",
    "extend",
    "find_code",
    "folded",
    "forget",
    "give_back",
    "has_moved",
    "hashes_of",
    "hold",
    "in_groups",
    "issue",
    "lapse",
    "last_moment",
    "listed",
    "look",
    "overdue",
    "parts_given_back",
    "plan",
    "refund_refs",
    "refundable",
    "release",
    "renew",
    "take_back",
    "taken_of",
    "transactions_of",
    "used_of",
    "users_among",
    "uses_of",
    "void",
    "why_not",
    "with_certificates",
]
