"""Where a state can lead: out of every state to a good end, and by every order of messages to the same one."""

import time
from collections.abc import Iterator

from storefront.prover.deeds import DEEDS, called
from storefront.prover.rules import RELEASED, WAITING
from storefront.prover.search import Search
from storefront.prover.tables import View
from storefront.prover.ways import Found, State, Step

# What time, jobs and people do until nothing is left to be done, in the order in which it is tried.
CLOSING = (
    "silence read_inbox notify send_refunds clean_up release_parcel ship complete send_back accept call_off decide"
    " ask end_session wait"
).split()
# Minutes: a window and its grace, a pending payment's, and every prolongation for a gateway that never says.
AFTERWARDS = (120, 4500, *(4500 + 16 * times for times in range(1, 12)))
ENDED = ("COMPLETED", "CANCELLED", "FAILED")
MOST_MESSAGES = 3
MOST_TRIED = 250  # states on the way out: the longest that is needed has some forty steps


class Endings:
    """What was found out about the ends of one search's states."""

    def __init__(self, search: Search):
        self.search = search
        self.checked = 0
        self._good: set[State] = set()
        self._alike: dict[State, frozenset] = {}
        self._crossed: dict[State, frozenset] = {}

    def check(self, until: float = float("inf")) -> Found | None:
        """The first state that is a dead end, or where the order of messages matters; until a moment of the clock."""
        for state in list(self.search.came):
            if time.monotonic() > until:
                break
            self.checked += 1
            broken = "" if self._leads_out(state) else "no_dead_end: nothing that time or a person does ends this"
            if broken := broken or self._order_matters(state):
                return Found(broken, self.search.story(state))
        return None

    # ---- no dead end

    def _leads_out(self, state):
        """Whether time, jobs and people can bring a state to its end; what is met on the way is remembered."""
        way, seen = [(state, self._closing(state))], {state}
        while way:
            here, steps = way[-1]
            if here in self._good or _is_final(self.search.view(here)):
                self._good.update(passed for passed, _ in way)
                return True
            step = next((step for step in steps if step.state not in seen), None)
            if len(seen) > MOST_TRIED:
                return False
            if step is None:
                way.pop()
            else:
                seen.add(step.state)
                way.append((step.state, self._closing(step.state)))
        return False

    def _closing(self, state: State) -> Iterator[Step]:
        search, view = self.search, self.search.view(state)
        runs = view.memory.get("runs", ())
        for slot, run in enumerate(runs):
            yield from search.continued(state, view, slot, run)
        for name in CLOSING if not runs else ():
            if name != "silence" or view.memory.get("down"):
                for args in self._later(view) if name == "wait" else DEEDS[name].when(view, search.world):
                    yield next(search.done(state, view, DEEDS[name], args))

    def _later(self, view):
        """The next moment at which something may be over: as long after the last one that is explored as it takes."""
        last = max((0, *self.search.world.marks))
        marks = [*self.search.world.marks, *(last + more for more in AFTERWARDS)]
        return [(mark,) for mark in marks if mark > view.memory["now"]][:1]

    # ---- the order of messages

    def _order_matters(self, state):
        view = self.search.view(state)
        left = _undelivered(view)
        if view.memory.get("runs") or len(left) > MOST_MESSAGES or len(_orders_of(view, left)) != 1:
            return ""
        ends = self._ends(state)
        if len(ends) > 1:
            return f"messages_end_alike: their order decides between {' and '.join(map(str, sorted(ends, key=str)))}"
        crossed = self._across_deadline(state)
        for fates in zip(*(fates for fates, _, _ in crossed), strict=True):
            if len(set(fates)) > 1 and not set(fates) <= {"paid", "waits on the desk"}:
                return f"a_deadline_decides_little: between the messages it decides between {sorted(set(fates))}"
        if len({ledger for _, ledger, _ in crossed}) > 1:
            return "a_deadline_decides_little: the ledgers differ"
        return ""

    def _ends(self, state) -> frozenset:
        """How it ends when every message that is on its way arrives, in every order."""
        if state not in self._alike:
            after = [self._deliver(state, notice) for notice in _undelivered(self.search.view(state))]
            ends = [self._ends(one) for one in after] or [frozenset({_end_of(self.search.view(self._read(state)))})]
            self._alike[state] = frozenset().union(*ends)
        return self._alike[state]

    def _read(self, state):
        """Messages that came before what they speak of are tried again, as long as that changes anything."""
        before = None
        while state != before:
            before, view = state, self.search.view(state)
            for args in DEEDS["read_inbox"].when(view, self.search.world):
                state = next(self.search.done(state, view, DEEDS["read_inbox"], args)).state
        return state

    def _across_deadline(self, state) -> frozenset:
        """The same with the end of the hold once at any place between them."""
        if state not in self._crossed:
            after = [self._deliver(state, notice) for notice in _undelivered(self.search.view(state))]
            ends = [self._across_deadline(one) for one in after] + [self._ends(self._time_over(state))]
            self._crossed[state] = frozenset().union(*ends)
        return self._crossed[state]

    def _deliver(self, state, notice_id):
        return next(self.search.done(state, self.search.view(state), DEEDS["notify"], (notice_id,))).state

    def _time_over(self, state):
        """The hold of everything is over, and the job has looked."""
        view = self.search.view(state)
        latest = max((0, *self.search.world.marks))
        if latest > view.memory["now"]:
            state = next(self.search.done(state, view, DEEDS["wait"], (latest,))).state
            view = self.search.view(state)
        for args in DEEDS["clean_up"].when(view, self.search.world):
            state = next(self.search.done(state, view, DEEDS["clean_up"], args)).state
        return state


def _is_final(view: View) -> bool:
    """Nothing waits any more, neither for time nor for a person."""
    return (
        not view.memory.get("runs")
        and all(order.status in ENDED for order in view.orders)
        and not any(bill.disposition == "QUARANTINED" for bill in view.bills)
        and not any(message.outcome in WAITING[:2] for message in view.inbox_messages)
        and not any(refund.status in ("REQUESTED", "SENT") for refund in view.refunds)
        and not any(row.status == "OPEN" for row in view.desk_rows)
    )


def _undelivered(view):
    return [row.id for row in view.sandbox_notices if not view.memory.get(f"told {row.id}")]


def _orders_of(view, notices):
    references = {row.reference for row in view.sandbox_notices if row.id in notices}
    return {bill.order_id for bill in view.bills if called(bill) in references}


def _end_of(view):
    """The fate of each order in one word, the ledger, and the states with the stock."""
    strays = {bill.order_id for bill in view.bills if bill.disposition == "QUARANTINED"}
    applied = {bill.order_id for bill in view.bills if bill.disposition in ("APPLIED", "RESOLVED")}
    fates = tuple(_fate(order, applied, strays) for order in view.orders)
    ledger = tuple(sorted((entry.kind, entry.amount_minor, entry.currency) for entry in view.ledger_entries))
    states = tuple((order.status, order.payment_status) for order in view.orders)
    parcels = tuple(parcel.status for parcel in view.shipments)
    return fates, ledger, (states, tuple((row.on_hand, row.reserved) for row in view.stock), parcels)


def _fate(order, applied, strays):
    if order.status in RELEASED or order.id in applied:
        return "paid"
    return "waits on the desk" if order.id in strays or order.status == "REVIEW" else "unpaid"
