"""How a card is asked for on somebody else's page: what a merchant may wish, and what a service can be told of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CardWish:
    """How a card is asked for: its security code, kept by the service for the next time, and of which types (words of
    `payments.CARDS`; empty: all).
    """

    ask_cvv: bool = True
    tokenize: bool = False
    types: Sequence[str] = ()


@dataclass(frozen=True)
class CardOptions:
    """What a service can be told of a wish; what it cannot be told, no merchant is offered.

    `paid` is False for services where nobody pays by card. `types` are the words of `payments.CARDS` that have a name
    there, with these names.
    """

    paid: bool = True
    cvv: bool = False
    keep: bool = False
    types: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def named(self, wished: Iterable[str]) -> list[str]:
        """The service's names of the wished types, in their order; none for types that have no name there."""
        return [name for word in wished for name in self.types.get(word, ())]


NO_CARDS = CardOptions(paid=False)
