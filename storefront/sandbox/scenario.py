"""The words in which a scenario is told."""

from dataclasses import dataclass

OPEN, PAID, DECLINED, CANCELLED = "open", "paid", "declined", "cancelled"  # states of a session
PENDING, CLOSED, EXPIRED = "pending", "closed", "expired"
REFUNDED, CHARGED_BACK, WON_BACK = "refunded", "charged_back", "won_back"  # what happens after the payment
AUTHORIZED, VOIDED = "authorized", "voided"  # the sum is reserved, and taken later or given up

# How the browser comes back.
SIGNED = "signed"
PLAIN = "plain"  # proves nothing; to the address that fits the state
CLAIM = "claim"  # proves nothing; says "paid"
POST = "post"  # signed, as a form that is posted
LINK = "link"  # signed, as an address to be opened elsewhere
NOWHERE = ""  # stays on the gateway's page

# How the gateway answers the shop's questions.
TRUTH = ""
AWAY, SLOW, NONSENSE, HUGE, BROKEN = "away", "slow", "nonsense", "huge", "broken"


@dataclass(frozen=True)
class Notice:
    """One notification: so many seconds after the press. With `turn` the session itself changes its state then."""

    after: int = 0
    turn: str = ""
    says: str = ""  # another state than the session has
    bent: str = ""  # a key of bending.BENT


@dataclass(frozen=True)
class Scenario:
    """How one payment is told to the shop. `early` notices must have arrived before the browser goes back."""

    label: object
    notices: tuple[Notice, ...] = ()
    early: bool = False
    back: str = SIGNED
    answers: str = TRUTH
    result: str = ""  # what the press leads to, whatever the button; "" is what stands on the button
    reason: str = ""  # of a refusal
    change: str = ""  # what the gateway takes instead of what was asked: a key of bending.CHANGES
    closes: bool = True  # whether the shop can close the session
