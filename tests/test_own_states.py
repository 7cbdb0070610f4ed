"""States of the merchant's own between packed and sent: by configuration, and checked before the shop opens.

Proves ORD-16.
"""

import json
import os
import subprocess
import sys

import pytest

from storefront.orders.own_states import read
from storefront.orders.states import ORDER, STATES_OF_THE_SHOP

from counter import comes_in, opens
from drill import rehearsal
from served import ROOT

ENGRAVING = {
    "states": {"ENGRAVING": "Being engraved", "DRYING": "Drying"},
    "moves": [
        ["engrave", "PROCESSING", "ENGRAVING", "Begin engraving"],
        ["dry", "ENGRAVING", "DRYING", "Let it dry"],
        ["engraved", "ENGRAVING", "PROCESSING", "Engraving is done"],
        ["engraved", "DRYING", "PROCESSING", "Engraving is done"],
    ],
}


def understood(states, moves):
    """What the configuration gives beside the tables that there are."""
    return read(json.dumps({"states": states, "moves": moves}), STATES_OF_THE_SHOP, ORDER.table)


def test_a_good_graph_is_understood():
    """Two states, three moves, and the words of each."""
    own = understood(**ENGRAVING)
    assert own.states == ENGRAVING["states"]
    assert {move.event for move in own.moves} == {"engrave", "dry", "engraved"}
    assert not read("  ", STATES_OF_THE_SHOP, ORDER.table).states


@pytest.mark.parametrize(
    ("states", "moves", "sentence"),
    [
        ({"A_A": "a"}, [], "no move leads to A_A"),
        ({"A_A": "a"}, [["to_a", "PROCESSING", "A_A", "a"]], "from A_A no move leads back"),
        ({"A_A": "a"}, [["off_a", "A_A", "PROCESSING", "a"]], "no move leads to A_A"),
        (
            {"A_A": "a", "B_B": "b"},
            [["go", "PROCESSING", "A_A", "a"], ["back", "A_A", "PROCESSING", "a"],
             ["there", "B_B", "A_A", "b"], ["here", "B_B", "PROCESSING", "b"]],
            "no move leads to B_B",
        ),
        (
            {"A_A": "a", "B_B": "b"},
            [["go", "PROCESSING", "A_A", "a"], ["round", "A_A", "B_B", "a"], ["and_round", "B_B", "A_A", "b"]],
            "no move leads back to PROCESSING",
        ),
        ({"SHIPPED": "x"}, [], "is there already"),
        ({"A_A": "a"}, [["paid", "PROCESSING", "A_A", "a"]], "the move paid is there already"),
        ({"A_A": "a"}, [["go", "HOLD", "A_A", "a"]], "names HOLD"),
        ({"A_A": "a"}, [["go", "PROCESSING", "SHIPPED", "a"]], "names SHIPPED"),
        ({"A_A": "a"}, [["go", "A_A", "A_A", "a"]], "to itself"),
        ({"A_A": "a"}, [["go", "PROCESSING", "A_A", "a"], ["go", "A_A", "PROCESSING", "a"]], "leads to two states"),
        ({"a'; DROP": "a"}, [], "needs a name in capitals"),
        ({"A_A": " "}, [], "words that people read"),
        ({"A_A": "a"}, [["Go!", "PROCESSING", "A_A", "a"]], "needs a name in small letters"),
    ],
)  # fmt: skip
def test_a_bad_graph_is_refused_with_a_sentence(states, moves, sentence):
    """Dead ends, islands, rings, taken names and nonsense: each is said."""
    with pytest.raises(ValueError, match=sentence):
        understood(states, moves)


@pytest.mark.parametrize("said", ["nonsense", "[]", '{"states": {}}', '{"states": 5, "moves": []}', '{"moves": [[1]]}'])
def test_what_is_no_such_json_is_refused(said):
    """Whatever it is, a sentence says what it should look like."""
    with pytest.raises(ValueError, match="JSON"):
        read(said, STATES_OF_THE_SHOP, ORDER.table)


def test_the_shop_refuses_to_start_with_a_bad_graph(tmp_path):
    """ORD-16: the process ends with the sentence, before it has opened anything."""
    dead_end = {"states": {"ENGRAVING": "x"}, "moves": [["engrave", "PROCESSING", "ENGRAVING", "x"]]}
    settings = {"DATA_DIR": str(tmp_path), "SCHEDULER": "off", "ORDER_STATES": json.dumps(dead_end)}
    start = [sys.executable, "-c", "import wsgi"]
    done = subprocess.run(start, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ORDER_STATES: from ENGRAVING no move leads back to PROCESSING" in done.stderr


def test_an_order_goes_through_the_merchants_own_states(database, staged):
    """ORD-16: buttons, list, guide, refusals and the proof know them; money and goods are as in PROCESSING."""
    with rehearsal("", database.copy(staged), ORDER_STATES=json.dumps(ENGRAVING)) as drill:
        play, carol = drill.play, comes_in(drill.play)
        order, other = play.quickly_paid(mug=1).order, play.quickly_paid(mug=1).order
        opens(carol, order)
        assert carol.press("Begin engraving").has("Being engraved")
        assert [one for one in carol.get("/admin/orders?status=ENGRAVING").seen.links if order.number in one[0]]
        assert carol.get("/admin/guide").has("Let it dry")
        assert order.number in carol.get("/admin/orders?view=ship").text
        opens(carol, order)
        with pytest.raises(KeyError):
            carol.page.form("Begin engraving")
        shipment = order.shipments[0].id
        refused = carol.post(f"/admin/orders/{order.number}/shipments/{shipment}/ship", {})
        assert refused.status in (404, 409)
        assert play.visitor().get(f"/orders/{order.key}").heading.startswith("Thank you")
        opens(carol, order)
        carol.press("Let it dry")
        assert carol.press("Engraving is done").has("Being packed")
        twice = carol.post(f"/admin/orders/{order.number}/move", {"event": "dry"})
        assert twice.status == 409
        assert carol.post(f"/admin/orders/{order.number}/move", {"event": "paid"}).status == 400
        opens(carol, other)
        carol.press("Begin engraving")
        assert play.shelf("mug") == (5, 2)
        carol.click("Cancel order")
        carol.press("Cancel order")
        assert play.shelf("mug") == (5, 1)
        assert "INV-15" in drill.served.run("flask", "check")  # raises if a line is red
        assert opens(carol, order).has("Engraving is done")
