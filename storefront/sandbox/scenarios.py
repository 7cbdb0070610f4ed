"""What can go otherwise at the gateway: one row a scenario, chosen on its page and used by tests by name.

A scenario is told with the words of `sandbox/scenario.py`; how a message is bent stands in `sandbox/bending.py`.
"""

from flask_babel import lazy_gettext as _l

from storefront.sandbox.scenario import (
    AWAY,
    BROKEN,
    CANCELLED,
    CHARGED_BACK,
    CLAIM,
    DECLINED,
    EXPIRED,
    HUGE,
    LINK,
    NONSENSE,
    NOWHERE,
    OPEN,
    PAID,
    PENDING,
    PLAIN,
    POST,
    REFUNDED,
    SLOW,
    WON_BACK,
    Notice,
    Scenario,
)

SOON, LATE, MINUTE, DAY = 3, 20, 60, 24 * 3600  # seconds; LATE: long enough to see the page that waits
NOW = Notice()

IN_ORDER = {
    "before": Scenario(_l("Notify before the return"), (NOW,), early=True),
    "after": Scenario(_l("Notify after the return"), (Notice(SOON),), back=PLAIN),
    "same_moment": Scenario(_l("Notify at the moment of the return"), (NOW,)),
    "late": Scenario(_l("Notify late"), (Notice(LATE),), back=PLAIN, answers=AWAY),
    "never": Scenario(_l("Never notify (signed return only)")),
    "no_return": Scenario(_l("The shopper never returns"), (NOW,), back=NOWHERE),
    "silent": Scenario(_l("Neither a notification nor a return"), back=NOWHERE),
    "walks_away": Scenario(_l("The shopper closes the page and decides nothing"), back=NOWHERE, result=OPEN),
}
REPEATED = {
    "twice": Scenario(_l("Notify twice"), (NOW, Notice(2)), early=True),
    "ten_times": Scenario(_l("Notify ten times at once"), (NOW,) * 10, early=True),
    "other_id": Scenario(_l("The same event with another id"), (NOW, Notice(bent="other_id")), early=True),
    "no_id": Scenario(_l("Events without an id, twice"), (Notice(bent="no_id"),) * 2, early=True),
    "other_channel": Scenario(_l("By question, then by notification"), (Notice(SOON, bent="other_id"),), back=PLAIN),
    "by_get": Scenario(_l("Notify by GET"), (Notice(bent="by_get"),), early=True),
    "pays_twice": Scenario(_l("One page is paid twice"), (NOW, Notice(SOON, PAID, bent="second_payment")), early=True),
}
CONTRADICTIONS = {
    "failure_after_success": Scenario(_l("Failure after success"), (NOW, Notice(SOON, says=DECLINED)), early=True),
    "cancel_after_success": Scenario(_l("Cancel after success"), (NOW, Notice(SOON, says=CANCELLED)), early=True),
    "expiry_after_success": Scenario(_l("Expiry after success"), (NOW, Notice(SOON, says=EXPIRED)), early=True),
    "success_after_failure": Scenario(
        _l("Success after failure"), (NOW, Notice(SOON, PAID)), early=True, result=DECLINED
    ),
    "success_after_cancel": Scenario(
        _l("Success after cancel"), (NOW, Notice(SOON, PAID)), early=True, result=CANCELLED
    ),
    "cancel_then_notice": Scenario(_l("Cancel return, then cancel notification"), (Notice(SOON),), result=CANCELLED),
    "cancel_notice_first": Scenario(
        _l("Cancel notification, then cancel return"), (NOW,), early=True, result=CANCELLED
    ),
    "pending_then_paid": Scenario(_l("Pending, then paid"), (NOW, Notice(SOON, PAID)), early=True, result=PENDING),
    "pending_then_failed": Scenario(
        _l("Pending, then declined"), (NOW, Notice(SOON, DECLINED)), early=True, result=PENDING
    ),
    "paid_then_pending": Scenario(_l("Paid, and pending told later"), (NOW, Notice(SOON, says=PENDING)), early=True),
    "pending_long": Scenario(_l("Pending for days"), (NOW, Notice(4 * DAY, PAID)), early=True, result=PENDING),
}
LATE_ONES = {
    "paid_after_leaving": Scenario(
        _l("Back unpaid, and paid after all"), (Notice(LATE, PAID),), back=PLAIN, result=OPEN, closes=False
    ),
    "declined_after_leaving": Scenario(
        _l("Back unpaid, and declined later"), (Notice(LATE, DECLINED),), back=PLAIN, result=OPEN, closes=False
    ),
    "paid_though_closed": Scenario(
        _l("Closed by the shop, and paid all the same"), (Notice(MINUTE, PAID),), back=PLAIN, result=OPEN
    ),
    "at_hold_end": Scenario(_l("Paid when the hold ends"), (Notice(45 * MINUTE, PAID),), back=PLAIN, result=OPEN),
    "after_hold": Scenario(_l("Paid after the hold"), (Notice(50 * MINUTE, PAID),), back=PLAIN, result=OPEN),
    "days_later": Scenario(_l("Paid days later"), (Notice(5 * DAY, PAID),), back=PLAIN, result=OPEN),
}
WRONG = {
    "wrong_amount": Scenario(_l("Wrong amount"), (NOW,), early=True, change="less"),
    "more_money": Scenario(_l("More money than asked"), (NOW,), early=True, change="more"),
    "wrong_currency": Scenario(_l("Wrong currency"), (NOW,), early=True, change="currency"),
    "wrong_merchant": Scenario(_l("Paid to another merchant"), (NOW,), early=True, change="merchant"),
    "live_mode": Scenario(_l("Live money for a test order"), (NOW,), early=True, change="mode"),
    "unknown_reference": Scenario(_l("Unknown reference"), (Notice(bent="unknown_reference"),), early=True),
    "other_reference": Scenario(
        _l("The reference of another order"), (Notice(bent="other_reference"),), early=True, result=OPEN, back=PLAIN
    ),
    "other_transaction": Scenario(
        _l("The transaction of another order"), (Notice(bent="other_transaction"),), early=True, result=OPEN, back=PLAIN
    ),
}
FORGED = {
    "bad_signature": Scenario(_l("Bad signature"), (Notice(bent="forged"),), early=True, back=PLAIN, answers=AWAY),
    "altered_amount": Scenario(_l("Amount altered, signature kept"), (Notice(bent="altered"),), early=True),
    "empty_signature": Scenario(_l("Empty signature"), (Notice(bent="empty_signature"),), early=True),
    "foreign_signature": Scenario(
        _l("Signature in no known alphabet"), (Notice(bent="foreign_signature"),), early=True
    ),
    "replayed": Scenario(_l("The same message again a day later"), (NOW, Notice(DAY)), early=True),
    "own_request": Scenario(
        _l("The shop's own form sent back as a notification"),
        (Notice(bent="own_request"),),
        early=True,
        result=OPEN,
        back=CLAIM,
    ),
}
WAYS_BACK = {
    "claims_ok": Scenario(_l("Comes back “paid”, and is not"), result=OPEN, back=CLAIM),
    "return_by_post": Scenario(_l("Return by POST"), back=POST),
    "dead_session": Scenario(_l("Return in another browser"), back=LINK),
    "robot": Scenario(
        _l("A robot looks at the ways back"),
        tuple(Notice(bent=f"robot_{hint}") for hint in ("ok", "cancel", "error")),
        early=True,
        result=OPEN,
        back=PLAIN,
    ),
    "error": Scenario(_l("Technical error, nothing paid"), result=DECLINED, reason="technical_error"),
}
BREAKS = {
    "down": Scenario(_l("Gateway down after paying"), back=PLAIN, answers=AWAY),
    "slow": Scenario(_l("Answers too slowly"), back=PLAIN, answers=SLOW),
    "nonsense": Scenario(_l("Answers nonsense"), back=PLAIN, answers=NONSENSE),
    "huge": Scenario(_l("Answers 6 MB"), back=PLAIN, answers=HUGE),
    "broken": Scenario(_l("Answers with an error"), back=PLAIN, answers=BROKEN),
}
AFTERWARDS = {
    "refunded_at_console": Scenario(
        _l("Half is sent back in the console"), (NOW, Notice(MINUTE, REFUNDED)), early=True
    ),
    "charged_back": Scenario(_l("Charged back"), (NOW, Notice(MINUTE, CHARGED_BACK)), early=True),
    "dispute_won": Scenario(
        _l("Charged back, and won"),
        (NOW, Notice(MINUTE, CHARGED_BACK), Notice(30 * MINUTE, WON_BACK)),
        early=True,
    ),
}
ODD = {
    "unknown_word": Scenario(_l("A status that nobody knows"), (Notice(bent="unknown_word"),), early=True),
    "unknown_code": Scenario(_l("A refusal for an unknown reason"), (NOW,), result=DECLINED, reason="VENDOR-4711"),
    "doubled_fields": Scenario(_l("Each field twice, with other values"), (Notice(bent="doubled"),), early=True),
    "wrong_charset": Scenario(_l("Letters in another encoding"), (Notice(bent="charset"),), early=True),
    "too_long": Scenario(_l("A notification of 300 KB"), (Notice(bent="too_long"),), early=True),
}

GROUPS = (
    (_l("In good order"), IN_ORDER),
    (_l("Repeated"), REPEATED),
    (_l("First this, then that"), CONTRADICTIONS),
    (_l("Late"), LATE_ONES),
    (_l("The wrong money"), WRONG),
    (_l("Forged and altered"), FORGED),
    (_l("The way back"), WAYS_BACK),
    (_l("The service breaks"), BREAKS),
    (_l("After the payment"), AFTERWARDS),
    (_l("Odd messages"), ODD),
)
# What every service can do that is played in its own protocol: nothing is bent there, and no other money is taken.
PLAYED = tuple(
    (label, {name: row for name, row in rows.items() if not row.change and not any(one.bent for one in row.notices)})
    for label, rows in GROUPS
    if rows in (IN_ORDER, CONTRADICTIONS, LATE_ONES)
)
SCENARIOS: dict[str, Scenario] = {name: row for _label, rows in GROUPS for name, row in rows.items()}

DECLINES = {
    "card_declined": _l("Declined by the bank"),
    "card_error": _l("Card error"),
    "card_expired": _l("Card expired"),
    "insufficient_funds": _l("Insufficient funds"),
    "authentication_failed": _l("Authentication failed"),
    "limit_exceeded": _l("Limit exceeded"),
    "suspected_fraud": _l("Suspected fraud"),
    "invalid_reference": _l("Invalid reference"),
    "duplicate_reference": _l("Duplicate reference"),
    "session_expired": _l("Session expired"),
    "user_cancelled": _l("Cancelled by the shopper"),
}
