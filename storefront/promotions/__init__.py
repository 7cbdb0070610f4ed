"""What is taken off: rules that look at a cart, the codes that open them, and the uses that orders hold.

Rules: CONDITIONS and BENEFITS (tables that a package may add to, with Condition, Benefit and Param), apply,
off_shipping, Line, Facts, Rule, Result; standing (which stand for a cart), purchases_told_by, places_of, groups_of,
has_bought, why_not (in words), Words. Codes: folded, find_code, look_up, add_code, generate, end_code.
Uses: Who, Use, UsedUp, hashed_email, hold, hand_over, commit, retake, release,
users_among, issue.
Staff: problems, warnings, by_id, save, switch, remove, put_part, drop_part.
"""

from storefront.promotions.benefits import BENEFITS, Benefit
from storefront.promotions.checking import problems, warnings
from storefront.promotions.codes import CodeRefused, add_code, end_code, find_code, folded, generate, issue, look_up
from storefront.promotions.conditions import CONDITIONS, Condition
from storefront.promotions.opening import (
    Standing,
    groups_of,
    has_bought,
    places_of,
    purchases_told_by,
    rule_of,
    standing,
)
from storefront.promotions.params import Param
from storefront.promotions.rules import Result, apply, off_shipping
from storefront.promotions.saying import Words
from storefront.promotions.service import by_id, drop_part, put_part, remove, save, switch
from storefront.promotions.using import (
    Use,
    UsedUp,
    Who,
    commit,
    hand_over,
    hashed_email,
    hold,
    release,
    retake,
    users_among,
)
from storefront.promotions.values import Basket, Facts, Line, Rule, Taking
from storefront.promotions.wording import why_not, words_for

__all__ = [
    "BENEFITS",
    "CONDITIONS",
    "Basket",
    "Benefit",
    "CodeRefused",
    "Condition",
    "Facts",
    "Line",
    "Param",
    "Result",
    "Rule",
    "Standing",
    "Taking",
    "Use",
    "UsedUp",
    "Who",
    "Words",
    "add_code",
    "apply",
    "by_id",
    "commit",
    "drop_part",
    "end_code",
    "find_code",
    "folded",
    "generate",
    "groups_of",
    "hand_over",
    "has_bought",
    "hashed_email",
    "hold",
    "issue",
    "look_up",
    "off_shipping",
    "places_of",
    "problems",
    "purchases_told_by",
    "put_part",
    "release",
    "remove",
    "retake",
    "rule_of",
    "save",
    "standing",
    "switch",
    "users_among",
    "warnings",
    "why_not",
    "words_for",
]
