"""States of the merchant's own, between being packed and being sent: read from configuration, checked before use.

ORDER_STATES is JSON: `{"states": {"ENGRAVING": "Being engraved"}, "moves": [["engrave", "PROCESSING", "ENGRAVING",
"Begin engraving"], ["engraved", "ENGRAVING", "PROCESSING", "Engraving is done"]]}`. Such an order is paid and its goods
are its own, as in PROCESSING: it can be cancelled and doubted like one, but nothing of it is sent before it is back.
"""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

PARENT = "PROCESSING"  # what every own state is like
_STATE, _EVENT = re.compile(r"[A-Z][A-Z_]{1,29}"), re.compile(r"[a-z][a-z_]{1,29}")


class OwnMove(NamedTuple):
    """One button: the event that it makes, from which state to which, and its words."""

    event: str
    source: str
    target: str
    label: str


class Own(NamedTuple):
    """The states with their words, and the moves between them."""

    states: dict[str, str]
    moves: tuple[OwnMove, ...]


NOTHING = Own({}, ())
_LIKE = '{"states": {"NAME": "words"}, "moves": [["event", "FROM", "TO", "words"]]}'


def read(text: str, known: Iterable[str], events: Iterable[str]) -> Own:
    """What ORDER_STATES says, beside the states and events that there are. Raises ValueError with a sentence."""
    if not text.strip():
        return NOTHING
    try:
        said = json.loads(text)
        states = {str(name): str(label) for name, label in said["states"].items()}
        moves = tuple(OwnMove(*map(str, row)) for row in said["moves"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"it must be JSON like {_LIKE}") from None
    _check_names(states, moves, set(known), set(events))
    _check_graph(states, moves)
    return Own(states, moves)


def _check_names(states, moves, known, events):
    for name, label in states.items():
        if not _STATE.fullmatch(name) or not label.strip():
            raise ValueError(f"the state {name!r} needs a name in capitals and words that people read")
        if name in known:
            raise ValueError(f"the state {name} is there already")
    for move in moves:
        if not _EVENT.fullmatch(move.event) or not move.label.strip():
            raise ValueError(f"the move {move.event!r} needs a name in small letters and words for its button")
        if move.event in events:
            raise ValueError(f"the move {move.event} is there already")
        for end in (move.source, move.target):
            if end not in {*states, PARENT}:
                raise ValueError(f"the move {move.event} names {end}, which is neither {PARENT} nor a state of its own")
        if move.source == move.target:
            raise ValueError(f"the move {move.event} leads from {move.source} to itself")
    for event in {move.event for move in moves}:
        if len({move.target for move in moves if move.event == event}) > 1:
            raise ValueError(f"the move {event} leads to two states")
        sources = [move.source for move in moves if move.event == event]
        if len(sources) > len(set(sources)):
            raise ValueError(f"the move {event} stands twice")


def _check_graph(states, moves):
    """Every state can be reached, and from every state there is a way back to where parcels leave."""
    forth = _reached({(move.source, move.target) for move in moves})
    back = _reached({(move.target, move.source) for move in moves})
    for state in states:
        if state not in forth:
            raise ValueError(f"no move leads to {state}: it can never be reached")
        if state not in back:
            raise ValueError(f"from {state} no move leads back to {PARENT}: an order would stay there for ever")


def _reached(steps):
    found = {PARENT}
    while more := {target for source, target in steps if source in found} - found:
        found |= more
    return found
