"""Why something waits for a person: one table of reasons, with what we suggest and what time decides."""

from typing import NamedTuple

from flask_babel import lazy_gettext as _l

ACCEPT, REFUND, MOVE, OFFER, WAIT, CANCEL, DONE, REMIND, AGAIN, BY_HAND = (
    "accept",  # the money pays its order as it is: a difference is accepted, a closed order lives again
    "refund",  # everything goes back where it came from; an order in review is cancelled
    "move",  # the money pays another order
    "offer",  # the shopper chooses: wait, another article, or the money back
    "wait",  # a new deadline
    "cancel",  # the order is cancelled; whatever is left of its money goes back
    "done",  # a person has seen to it elsewhere
    "remind",  # nothing is done by itself: the owner is told again
    "again",  # a refund is tried once more
    "by_hand",  # the customer has the money: paid past the gateway, or seen in its console
)
REST = "rest"  # the shopper is asked for what is missing, by a bill of its own
VOID = "void"  # a reserved sum is given up
HAPPENED, NEVER_HAPPENED = "happened", "never_happened"  # what a person has seen in the gateway's console
INSTEAD = "instead"  # the shopper takes the article that was offered
MONEY = (REFUND, ACCEPT, MOVE, WAIT)  # money whose order is known
GOODS = (REFUND, ACCEPT, OFFER, MOVE, WAIT)  # the same, when its goods may be gone
SEEN = (DONE, WAIT)
LOOKED_AT = (ACCEPT, REFUND, *SEEN)  # a paid order that is looked at; done once it is no more
DOUBTED = (ACCEPT, CANCEL, *SEEN)  # an order that cannot go on by itself; done once it has all the same
LOOKED_UP = (HAPPENED, NEVER_HAPPENED, WAIT)  # what nobody says of a reserved sum
SENT_AGAIN = (AGAIN, BY_HAND, DONE, WAIT)  # a refund that did not arrive, or of which nobody says so


class Reason(NamedTuple):
    """One kind of row: its words, what we suggest, what may be done, and what is done at the deadline."""

    label: str
    suggested: str
    actions: tuple[str, ...]
    default: str
    steps: int = 1  # the deadline is so many times the store's days for the desk


REASONS = {
    # reason                      words, what we suggest, what may be done, what time does
    "late_order_closed": Reason(_l("Paid after the order was closed"), REFUND, GOODS, REFUND),
    "duplicate_payment": Reason(_l("Paid twice"), REFUND, (REFUND, MOVE, WAIT), REFUND),
    "amount_mismatch": Reason(_l("Another sum than the order asks for"), REFUND, (*MONEY, REST), REFUND),
    "currency_mismatch": Reason(_l("Paid in another currency"), REFUND, (REFUND, MOVE, WAIT), REFUND),
    "stock_lost": Reason(_l("Paid, but the goods are gone"), OFFER, GOODS, REFUND),
    "unknown_reference": Reason(_l("Money for no order that we know"), REFUND, (REFUND, MOVE, WAIT), REFUND, 2),
    "unknown_message": Reason(_l("A message about no payment that we know"), DONE, SEEN, DONE),
    "mode_mismatch": Reason(_l("A test payment for a real order, or the reverse"), REFUND, (REFUND, WAIT), REFUND),
    "unknown_word": Reason(_l("The payment service uses a word that we do not know"), DONE, SEEN, REMIND),
    "message_stuck": Reason(_l("A message of the payment service cannot be applied"), DONE, SEEN, REMIND),
    "merchant_mismatch": Reason(_l("Paid into the account of another merchant"), REFUND, (REFUND, WAIT), REFUND),
    "gateway_silent": Reason(_l("Nobody can say whether it is paid"), WAIT, DOUBTED, CANCEL),
    "authorized_only": Reason(_l("Reserved, not taken, and its time is over"), ACCEPT, DOUBTED, CANCEL),
    "stock_corrected": Reason(_l("Its goods are not there: counted again"), CANCEL, DOUBTED, CANCEL),
    "review_amount": Reason(_l("Paid; looked at because of its sum"), ACCEPT, LOOKED_AT, REFUND),
    "review_first_order": Reason(_l("Paid; the first order of this customer"), ACCEPT, LOOKED_AT, REFUND),
    "review_country": Reason(_l("Paid; billed to one country, sent to another"), ACCEPT, LOOKED_AT, REFUND),
    "reserved_sum_wrong": Reason(_l("Reserved is not what the order asks for"), VOID, (VOID, *SEEN), VOID),
    "money_gone": Reason(_l("Its money went back past the shop, and nothing was sent"), CANCEL, DOUBTED, CANCEL),
    "disputed": Reason(_l("The customer's bank took the money back"), DONE, DOUBTED, CANCEL),
    "gift_used": Reason(_l("The bank took money back that bought a used gift certificate"), DONE, SEEN, DONE),
    "refund_failed": Reason(_l("A refund was refused"), AGAIN, SENT_AGAIN, REMIND),
    "refund_unanswered": Reason(_l("Nobody says whether a refund arrived"), BY_HAND, SENT_AGAIN, REMIND),
    "refunded_too_much": Reason(_l("More was sent back than had come"), DONE, SEEN, REMIND),
    "capture_failed": Reason(_l("A reserved payment could not be taken"), DONE, SEEN, REMIND),
    "capture_unanswered": Reason(_l("Nobody says whether reserved money was taken"), HAPPENED, LOOKED_UP, REMIND),
    "void_failed": Reason(_l("The reserved money could not be given up"), VOID, (VOID, *SEEN), REMIND),
    "void_unanswered": Reason(_l("Nobody says whether reserved money was given up"), HAPPENED, LOOKED_UP, REMIND),
    "authorization_ended": Reason(_l("A reserved payment ran out before it was taken"), DONE, SEEN, REMIND),
}
REVIEW_RULES = ("review_amount", "review_first_order", "review_country")
