"""The search through what can happen, and the test of the search: faults put in on purpose, each of which it finds."""

import logging
from datetime import timedelta

import pytest

from storefront import proof, prover
from storefront.app import create_app
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.limits import limiter
from storefront.orders import settling
from storefront.orders.states import PROCESSING
from storefront.payments import ledger
from storefront.prover.editing import edited
from storefront.prover.endings import Endings
from storefront.prover.faults import FAULTS
from storefront.prover.proving import Prover
from storefront.prover.small import BUYING
from storefront.prover.stage import Moment
from storefront.prover.worlds import WORLDS

IN_THE_LOGS = {"INV-11", "INV-15", "INV-19", "INV-24", "INV-27", "INV-42"}
SMALL = 50  # states of each world: the whole is explored by `make prove`


@pytest.fixture(autouse=True)
def _limits_as_they_were():
    """An application of the prover's own sets the limiter of the process, like every application."""
    before = limiter.enabled
    yield
    limiter.enabled = before


@pytest.fixture(scope="module")
def proving():
    """One stage for all worlds: what was learned of the code in one is known in the next."""
    return Prover(create_app)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_order_of_deeds_breaks_a_rule(proving, world):
    """What shoppers, gateway, clock, jobs, staff and crashes can do first in each world breaks no rule, ends
    nowhere without a way out, and ends alike in whatever order messages come.

    RULE-01, RULE-03, RULE-04, RULE-06, RULE-07, RULE-08, RULE-10, RULE-11, RULE-12, RULE-13, RAC-04, CRT-08
    """
    figures = proving.explored(world, SMALL)
    assert not figures.story, figures.story
    assert figures.complete or figures.states >= SMALL
    assert figures.transitions >= figures.states - 1  # each but the first was come to by some step


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_found(fault):
    """Each fault that is put into the shop's code is found, and told as a story of who did what. RULE-12, RULE-13"""
    story = prover.look_for(create_app, fault)
    assert "=>" in story, f"nobody noticed: {fault.name}"
    assert "  1. " in story


def test_there_are_twenty_faults_with_names_of_their_own():
    """The test of the prover is itself of some size. RULE-12"""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20


def test_without_a_fault_nothing_is_found(proving):
    """What finds the faults finds nothing in the shop as it is, to the last state of the simplest world. RULE-13"""
    figures = proving.explored(BUYING, 10**6)
    assert figures.complete
    assert not figures.story, figures.story


def test_a_fault_is_gone_when_it_is_switched_off():
    """A fault changes the code only as long as it is looked for, and one that fits no text says so."""
    code = ledger.event_key.__code__
    with edited(ledger, "event_key", "return outcome.event_key or", "return outcome.type or")():
        assert ledger.event_key.__code__ is not code
    assert ledger.event_key.__code__ is code
    with pytest.raises(LookupError, match="has changed"), edited(settling, "settle", "no such text", "")():
        pass


def test_the_story_is_the_shortest():
    """Four deeds lead to a payment and the fifth tells the shop: no shorter way breaks what its message does."""
    fault = next(fault for fault in FAULTS if fault.name == "cart not emptied")
    steps = [line for line in prover.look_for(create_app, fault).splitlines() if line.lstrip()[:1].isdigit()]
    assert len(steps) == 5
    assert "delivers notice 1" in steps[-1]


def test_walking_a_learned_path_does_what_the_code_does():
    """A path that was learned leads to the state to which the real code leads: learned anew, nothing differs."""
    with Prover(create_app).opened(BUYING) as search:
        search.explore(10**6)
        ways = [search.story(state) for state in list(search.came)[::7]]
        contents = [search.tables.contents[place] for place in range(len(search.tables.names))]
        learned = [_contents_of(search, way[-1].state, contents) for way in ways if way]
    with Prover(create_app).opened(BUYING) as again:
        for way, expected in zip([way for way in ways if way], learned, strict=True):
            state = again.first
            for step in way:
                found = again.done(state, again.view(state), again_deed(step), step.args)
                state = next(found).state
            assert _contents_of(again, state, again.tables.contents) == expected


def again_deed(step):
    """The deed of a step, by name."""
    from storefront.prover.deeds import DEEDS

    return DEEDS[step.deed]


def _contents_of(search, state, contents):
    return [contents[place][number] for place, number in enumerate(state[:-1])]


def test_the_live_check_agrees(proving):
    """What the check of live databases asks finds nothing either in the states that the search has found good.

    Left out are the lines that look into the logs, which are judged after every step and then emptied. RULE-01
    """
    with proving.opened(WORLDS[0]) as search:
        search.explore(200)
        for state in list(search.came)[::20]:
            search.tables.load(state[:-1])
            proving.stage.connection.fresh([])
            moment = Moment(search.view(state).memory["now"])
            said = proving.stage.run(lambda: {found.line for found in proof.violations()}, moment)
            assert said.word == "done", said.value
            assert said.value <= IN_THE_LOGS


def test_a_dead_end_is_told_from_a_way_out():
    """A paid order has a way to its end, by parcel or by refund; the first state of a world is an end. RULE-12"""
    with Prover(create_app).opened(BUYING) as search:
        search.explore(10**6)
        paid = [s for s in search.came if any(o.status == PROCESSING for o in search.view(s).orders)]
        assert paid
        endings = Endings(search)
        assert all(endings._leads_out(state) for state in [search.first, *paid])


def test_the_clock_stands_still_where_it_is_pinned(context):
    """Whoever explores a moment sees it on both clocks, and nobody else does."""
    moment = clock.here() + timedelta(days=400)
    with clock.pinned(moment), transaction():
        assert clock.now() == clock.here() == moment
    assert clock.now() < moment
    db.session.rollback()


def test_the_prover_leaves_the_log_as_it_was():
    """An application in memory takes nothing from the process that it is made in."""
    root = logging.getLogger()
    before = list(root.handlers), root.level, logging.root.manager.disable
    with Prover(create_app).opened(BUYING):
        pass
    assert (list(root.handlers), root.level, logging.root.manager.disable) == before
