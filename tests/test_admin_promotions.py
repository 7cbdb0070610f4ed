"""Promotions behind the counter: made by forms, tried on a cart, switched on with their warnings, and their codes."""

import csv
import io
import re

import pytest
from sqlalchemy import func, select

from storefront import promotions
from storefront.kit.db import db, transaction
from storefront.promotions.models import Coupon, CustomerGroup, GroupMember, Promotion

from counter import CLERK, comes_in, trail
from promoting import apply_code, counts, offer
from purchases import at_once


@pytest.fixture
def carol(play):
    """The owner, at her desk, with goods on the shelves."""
    play.shelves(mug=9, bowl=9)
    return comes_in(play)


def made(play):
    """The promotion that was made last."""
    play.look_again()
    return db.session.scalars(select(Promotion).order_by(Promotion.id.desc()).limit(1)).one()


def begin(carol, **fields):
    """A promotion with a name; gives its page."""
    carol.get("/admin/promotions/new")
    return carol.press("Save", {"Name": "Spring", "What shoppers read": "Ten percent in spring", **fields})


def add(carol, kind, type, **fields):
    """Another condition or benefit, by its form."""
    address = re.match(r"/admin/promotions/\d+", carol.page.path)[0]
    page = carol.get(f"{address}/{kind}/new?type={type}")
    return carol.press("Save", fields) if page.status == 200 else page


def test_a_promotion_is_made_tried_and_switched_on(play, carol, right_books):
    """Without scripts: name, benefit, condition, code, a trial, on; and a shopper has it. ROL-03, PRM-01, PRM-05."""
    page = begin(carol)
    assert page.has("Saved. Now say what it brings") and page.has("It brings nothing: add a benefit.")
    page = carol.press("Switch on")
    assert page.status == 409 and page.has("It brings nothing") and not made(play).active
    page = add(carol, "actions", "percent", rate_ppm="10")
    assert page.has("10 % off all goods")
    page = add(carol, "conditions", "sum", least_minor="20.00")
    assert page.has("for all goods of €20.00 or more")
    page = add(carol, "conditions", "coupon")
    assert page.has("with a code") and page.has("It needs a code, and has none yet")
    page = carol.get(f"/admin/promotions/try?promotion={made(play).id}&goods=MUG+2%0ABOWL+1&shipping=4.90")
    assert page.has("2 × Mug €25.00 Ten percent in spring: €2.50 €22.50") and page.has("Goods €37.50 €3.75 €33.75")
    carol.get(f"/admin/promotions/{made(play).id}/codes")
    assert carol.press("Make the code", code="spring-10").has("SPRING10")
    carol.get(f"/admin/promotions/{made(play).id}")
    assert carol.press("Switch on").has("On")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    assert apply_code(alice, "SPRING10").has("Discount -€2.50")
    done = [line for line in trail() if "promotion" in line]
    assert (
        done[0] == f"new promotion: promotion {made(play).id}" and done[-1] == f"switch on: promotion {made(play).id}"
    )
    assert f"new code: promotion {made(play).id}" in done


BAD = {
    "more than a hundred percent": ("actions", "percent", {"rate_ppm": "100.5"}, "At most 100 percent"),
    "nothing at all": ("actions", "percent", {"rate_ppm": "0"}, "Enter a number above 0"),
    "no number": ("actions", "percent", {"rate_ppm": "ten"}, "Enter a number like 10 or 12.5"),
    "not a number, in other words": ("actions", "percent", {"rate_ppm": "NaN"}, "Enter a number"),
    "an amount below nothing": ("actions", "amount", {"amount_minor": "-5"}, "not below 0"),
    "an amount with too many decimals": ("actions", "amount", {"amount_minor": "1.234"}, "only 2 decimals"),
    "an article that is not there": ("actions", "gift", {"sku": "GONE", "quantity": "1"}, "no article GONE"),
    "no quantity": ("actions", "gift", {"sku": "MUG", "quantity": ""}, "This is needed"),
    "a million gifts": ("actions", "gift", {"sku": "MUG", "quantity": "1000000"}, "from 1 to 100"),
    "a country that is none": ("conditions", "region", {"countries": "Lativa"}, "LATIVA is no country"),
    "a day that is none": ("conditions", "dates", {"from": "2026-02-30"}, "Enter a day like"),
    "an email that is none": ("conditions", "customer", {"emails": "alice"}, "Enter an email address"),
    "a group that is none": ("conditions", "group", {"group_id": ""}, "This is needed"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered_with_its_field(play, carol, name):
    """400, the same page, the sentence beside the field; nothing is saved. ERR-09, PRM-01."""
    kind, type, fields, sentence = BAD[name]
    begin(carol)
    page = add(carol, kind, type, **fields)
    assert page.status == 400 and page.has(sentence) and page.has("There is a problem")
    assert getattr(made(play), kind) == []


def test_names_times_and_limits_have_their_bounds(play, carol):
    """The form of the promotion itself: what cannot be is refused, and what was typed still stands there. ERR-09."""
    for fields, sentence in (
        ({"Name": ""}, "Enter a name"),
        ({"Name": "x" * 101}, "At most 100 letters"),
        ({"Place in the order": "-1"}, "from 0 to 1000"),
        ({"Begins": "tomorrow"}, "Enter a day like 2026-11-22"),
        ({"Begins": "2026-11-22", "Ends": "2026-11-21"}, "Enter a time after it begins"),
        ({"Uses in all": "0"}, "Enter a whole number from 1 up"),
        ({"Uses a customer": "many"}, "There is a problem"),
    ):
        page = begin(carol, **fields)
        assert page.status == 400 and page.has(sentence), fields
    for address in ("/admin/promotions/999", "/admin/promotions/999/codes", "/admin/promotions/999/codes.csv"):
        assert carol.get(address).status == 404
    begin(carol)
    number = made(play).id
    for part in ("conditions/new?type=moon", "conditions/7", "actions/x", "actions/new"):
        assert carol.get(f"/admin/promotions/{number}/{part}").status == 404
    assert carol.post(f"/admin/promotions/{number}/actions/0/remove", {"type": "percent"}).status == 404


def test_a_limit_cannot_be_set_below_what_is_used(play, carol):
    """Two orders hold it: at least two. INV-40."""
    number = offer(code="LIMIT", limit_total=5)
    for _ in range(2):
        basket = play.filled_basket(mug=1)
        with transaction():
            basket.coupon_codes = ["LIMIT"]
        play.confirm_basket(basket)
    carol.get(f"/admin/promotions/{number}")
    page = carol.press("Save", {"Uses in all": "1"})
    assert page.status == 400 and page.has("It has been used 2 times already") and counts(number) == (0, 2)
    assert carol.press("Save", {"Uses in all": "2"}).has("Saved.")


def test_contradictions_loops_and_overlaps_are_said_when_it_is_saved(play, carol):
    """Each has its defined answer: refused, or told what will happen. PRM-01."""
    first = offer("Endless", {"type": "percent", "rate_ppm": 600_000}, exclusive=True, priority=1)
    begin(carol)
    number = made(play).id
    add(carol, "actions", "gift", sku="MUG", quantity="1")
    page = add(carol, "conditions", "goods", skus="MUG\nBOWL", least="2")
    assert page.has("Gifts count for no condition, so it comes once."), page.text
    assert page.has("Where “Endless” applies, “Spring” does not: the first is exclusive and comes before.")
    add(carol, "conditions", "region", countries="LV")
    page = add(carol, "conditions", "region", countries="LT, EE")
    assert page.has("No place is in all of its regions: it can never apply.")
    carol.get(f"/admin/promotions/{number}")
    assert carol.press("Switch on").status == 409
    page = carol.press("Remove sent to Lithuania, Estonia")
    assert not page.has("it can never apply")
    add(carol, "conditions", "quantity", least="9", most="3")
    assert carol.page.has("the lower bound is above the upper one")
    loop = offer("Loop", code="LOOP", on=False)
    with transaction():
        promotions.put_part(loop, "actions", None, {"type": "issue_coupon", "promotion_id": loop})
    assert carol.get(f"/admin/promotions/{loop}").has("every order that uses one brings the next code, without end")
    with transaction():
        promotions.switch(first, False)
    assert not carol.get(f"/admin/promotions/{number}").has("Where “Endless” applies")


def test_one_that_is_on_goes_off_when_it_cannot_apply_any_more(play, carol):
    """The last benefit is removed: nothing half done stays on. PRM-01."""
    number = offer("Ten percent")
    carol.get(f"/admin/promotions/{number}")
    page = carol.press("Remove 10 % off all goods")
    assert page.has("It brings nothing") and not made(play).active


def test_codes_by_the_hundred_and_as_a_file(play, carol):
    """Three hundred codes that nobody guesses, each once; the file has them all, with no formula in it. PRM-05."""
    number = offer(code="FIRST")
    carol.get(f"/admin/promotions/{number}/codes")
    page = carol.press("Make the codes", {"many": "300", "prefix": "gift-"})
    assert page.has("300 codes are there.") and page.has("Older ones")
    answer = carol.get(f"/admin/promotions/{number}/codes.csv").answer
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    batch = [row for row in rows if row["batch"]]
    assert len(rows) == 301 and len({row["code"] for row in rows}) == 301 and len(batch) == 300
    assert all(row["code"].startswith("GIFT") and len(row["code"]) == 14 and row["uses"] == "1" for row in batch)
    assert "attachment" in answer.headers["Content-Disposition"]
    carol.get(f"/admin/promotions/{number}/codes")
    for fields, status in (({"many": "0"}, 400), ({"many": "10001"}, 400), ({"many": "5", "prefix": "x" * 40}, 400)):
        assert carol.press("Make the codes", fields).status == status
    assert carol.press("Make the code", code="first").status == 409
    assert carol.press("Make the code", code="!!").status == 400
    page = carol.press(f"End it {batch[-1]['code']}")
    assert page.has("does not work any more.")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    assert apply_code(alice, batch[-1]["code"]).status == 409
    assert apply_code(alice, batch[0]["code"]).has("Discount -€1.25")


def test_a_group_of_customers(play, carol):
    """By the e-mails of their accounts; a wrong line is named, a name is there once. PRM-01."""
    carol.get("/admin/groups/new")
    assert carol.press("Save", {"Name": "Friends", "E-mails": "nobody"}).status == 400
    carol.press("Save", {"Name": "Friends", "E-mails": "ALICE@example.com\nbob@example.com\n\nalice@example.com"})
    assert carol.page.has("Friends 2") and db.session.scalar(select(func.count()).select_from(GroupMember)) == 2
    carol.get("/admin/groups/new")
    assert carol.press("Save", {"Name": "Friends", "E-mails": ""}).status == 409
    group = db.session.scalars(select(CustomerGroup)).one()
    begin(carol)
    page = add(carol, "conditions", "group", group_id=str(group.id))
    assert page.has("for the group Friends, signed in")
    assert carol.get("/admin/groups/nobody").status == 404


def test_two_make_the_same_group_in_one_moment(play, carol):
    """One is made and the other reads that it is there; saved twice at once, each e-mail is in it once. PRM-01."""
    tabs = [play.tab(carol) for _ in range(6)]

    def pressed(address, **typed):
        for tab in tabs:
            tab.get(address)
        play.look_again()
        return at_once(*(lambda tab=tab: tab.press("Save", {"Name": "Friends", **typed}) for tab in tabs))

    pages = pressed("/admin/groups/new", **{"E-mails": "alice@example.com"})
    assert sorted(page.status for page in pages) == [200] + [409] * 5
    assert all(page.has("There is a group of this name already") for page in pages if page.status == 409)
    group = db.session.scalars(select(CustomerGroup)).one()
    assert {page.status for page in pressed(f"/admin/groups/{group.id}", **{"E-mails": "bob@example.com"})} == {200}
    play.look_again()
    assert db.session.scalars(select(GroupMember.email)).all() == ["bob@example.com"]


def test_only_owners_give_money_away(play, carol):
    """Members of staff see no promotions; every change is in the trail of whoever made it. ROL-03, SEC-03."""
    number = offer(code="STAFF")
    clerk = comes_in(play, CLERK, "staff")
    for address in ("", "/new", f"/{number}", f"/{number}/codes", f"/{number}/codes.csv", "/try"):
        assert clerk.get(f"/admin/promotions{address}").status == 403
    assert clerk.get("/admin/groups").status == 403
    assert clerk.post(f"/admin/promotions/{number}/switch", {"to": "off"}).status == 403
    assert db.session.get(Promotion, number).active


def test_one_that_nobody_has_used_can_be_removed(play, carol):
    """With its codes; not while it is on, and not after an order has used it. PRM-05."""
    used, unused = offer("Used", code="USED"), offer("Unused", code="UNUSED")
    basket = play.filled_basket(mug=1)
    with transaction():
        basket.coupon_codes = ["USED"]
    play.confirm_basket(basket)
    for number in (used, unused):
        carol.get(f"/admin/promotions/{number}")
        carol.press("Switch off")
    assert carol.press("Remove this promotion").has("The promotion is gone.")
    carol.get(f"/admin/promotions/{used}")
    page = carol.press("Remove this promotion")
    assert page.status == 409 and page.has("Orders have used it")
    play.look_again()
    assert list(db.session.scalars(select(Coupon.code))) == ["USED"]
