"""The engine of promotions: the same cart and rules give the same answer, to the last coin, and never below zero.

Nothing here asks a database: what the rules see are plain values.
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from storefront.kit import money
from storefront.promotions import BENEFITS, CONDITIONS, Benefit, Condition, Facts, Line, Rule, apply, off_shipping
from storefront.promotions.rules import ALONE, NOT_WITH, NOT_YET, NOTHING, OVER

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FACTS = Facts(now=NOW, today=date(2026, 11, 22), country="LV", subdivision="LV-RIX")
TEA, SALE = 7, 8  # categories


def lines(*goods):
    """Lines of (SKU, quantity, price, categories …), with keys in their order."""
    return [Line(key, sku, qty, price, frozenset(places)) for key, (sku, qty, price, *places) in enumerate(goods, 1)]


def rule(*actions, id=1, when=(), **more):
    """A rule that brings these."""
    return Rule(id=id, label=f"rule {id}", conditions=tuple(when), actions=actions, **more)


def taken(result):
    """What is taken off each line in all."""
    found = {}
    for taking in result.takings:
        found[taking.key] = found.get(taking.key, 0) + taking.amount_minor
    return found


def percent(points, **more):
    """So many percent off."""
    return {"type": "percent", "rate_ppm": points * 10_000, **more}


CART = lines(("MUG", 2, 1250), ("TEA", 3, 333, TEA), ("POT", 1, 4999, TEA, SALE))

# what it brings, and by hand what it takes off MUG (2500), TEA (999), POT (4999); together 8498
GOLDEN = {
    # 10 % of 8498 is 849.8: 850. Shares 850 × 2500/8498 = 250.05, × 999/8498 = 99.92, × 4999/8498 = 500.02:
    # 250 + 99 + 500 = 849, and the coin that is left goes to the largest remainder, .92
    "ten percent of all": (percent(10), {1: 250, 2: 100, 3: 500}),
    # 15 % of 5998 (TEA and POT) is 899.7: 900; 900 × 999/5998 = 149.89, × 4999/5998 = 750.10
    "fifteen percent of a category": (percent(15, categories=[TEA]), {2: 150, 3: 750}),
    "half of one article": (percent(50, skus=["TEA"]), {2: 500}),  # 499.5, half away from zero
    "all of it": (percent(100), {1: 2500, 2: 999, 3: 4999}),
    # 1000 × 2500/8498 = 294.18, × 999/8498 = 117.55, × 4999/8498 = 588.25; the coin that is left goes to .55
    "ten euros off": ({"type": "amount", "amount_minor": 1000}, {1: 294, 2: 118, 3: 588}),
    "more than it costs": ({"type": "amount", "amount_minor": 10**9}, {1: 2500, 2: 999, 3: 4999}),
    # six pieces, groups of three: two cheapest of six are two of the three TEA; 999 shared 2:1 is 666
    "buy two, get one free": ({"type": "buy_x_get_y", "buy": 2, "get": 1, "rate_ppm": 10**6}, {2: 666}),
    # of TEA and POT four pieces, groups of two: the two cheapest are TEA (666 of 999), half of that is 333
    "buy one, get one at half": (
        {"type": "buy_x_get_y", "buy": 1, "get": 1, "rate_ppm": 500_000, "categories": [TEA]},
        {2: 333},
    ),
    "not enough for a group": ({"type": "buy_x_get_y", "buy": 6, "get": 1, "rate_ppm": 10**6}, {}),
    "all for three euros each": ({"type": "fixed_price", "each_minor": 300}, {1: 1900, 2: 99, 3: 4699}),
    "for more than it costs": ({"type": "fixed_price", "each_minor": 1250}, {3: 3749}),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_each_benefit_takes_off_what_was_worked_out_by_hand(name):
    """PRM-01, PRM-03: every kind of benefit on goods, alone, with its figures in this text."""
    action, expected = GOLDEN[name]
    assert taken(apply(CART, [rule(action)], FACTS)) == expected


CONDITIONS_HELD = {
    "two of TEA or MUG": ({"type": "goods", "skus": ["TEA", "MUG"], "least": 5}, True),
    "six of them": ({"type": "goods", "skus": ["TEA", "MUG"], "least": 6}, False),
    "four of the category": ({"type": "category", "categories": [TEA], "least": 4}, True),
    "five of the category": ({"type": "category", "categories": [TEA], "least": 5}, False),
    "six pieces": ({"type": "quantity", "least": 6}, True),
    "five pieces at most": ({"type": "quantity", "least": 1, "most": 5}, False),
    "the sum exactly": ({"type": "sum", "least_minor": 8498}, True),
    "a cent more": ({"type": "sum", "least_minor": 8499}, False),
    "the sum at most": ({"type": "sum", "least_minor": 0, "most_minor": 8497}, False),
    "the sum of a category": ({"type": "sum", "least_minor": 5998, "categories": [TEA]}, True),
    "a country": ({"type": "region", "countries": ["LT", "LV"]}, True),
    "another": ({"type": "region", "countries": ["LT"]}, False),
    "a part of it": ({"type": "region", "countries": ["LV"], "subdivisions": ["LV-LPX"]}, False),
    "a first order": ({"type": "first_order"}, True),
    "somebody signed in": ({"type": "customer"}, False),
    "a group": ({"type": "group", "group_id": 1}, False),
    "this week": ({"type": "dates", "from": "2026-11-16", "until": "2026-11-22"}, True),
    "until yesterday": ({"type": "dates", "until": "2026-11-21"}, False),
    "on Sundays": ({"type": "dates", "weekdays": [6]}, True),
    "on Mondays": ({"type": "dates", "weekdays": [0]}, False),
    "of a package that is gone": ({"type": "moon phase"}, False),
}


@pytest.mark.parametrize("name", CONDITIONS_HELD)
def test_each_condition_holds_where_it_should(name):
    """PRM-01: every kind of condition, on both sides of its bound; one that nobody knows never holds."""
    condition, holds = CONDITIONS_HELD[name]
    result = apply(CART, [rule(percent(10), when=[condition])], FACTS)
    assert bool(result.takings) == holds
    assert result.unmet == ({} if holds else {1: condition})


def test_who_is_known_is_who_has_proved_it():
    """PRM-01: an account with its confirmed e-mail, and its groups."""
    known = replace(FACTS, email="vip@example.com", groups=frozenset({1}))
    for condition in (
        {"type": "customer"},
        {"type": "customer", "emails": ["vip@example.com"]},
        {"type": "group", "group_id": 1},
    ):
        assert apply(CART, [rule(percent(10), when=[condition])], known).applied
    stranger = {"type": "customer", "emails": ["other@example.com"]}
    assert not apply(CART, [rule(percent(10), when=[stranger])], known).applied


def test_rules_come_by_their_priority_on_what_is_left():
    """PRM-01: 50 % of 8498 is 4249; ten euros off first leave 7498, half of which is 3749."""
    half, ten = rule(percent(50), id=1, priority=5), rule({"type": "amount", "amount_minor": 1000}, id=2, priority=9)
    assert sum(taken(apply(CART, [ten, half], FACTS)).values()) == 4249 + 1000
    first = replace(ten, priority=1)
    assert sum(taken(apply(CART, [half, first], FACTS)).values()) == 1000 + 3749


def test_an_exclusive_rule_stands_alone():
    """PRM-01: nothing before it, nothing after it; one that brings nothing, or does not hold, closes nothing."""
    alone = rule(percent(20), id=1, priority=1, exclusive=True)
    other = rule(percent(10), id=2, priority=2)
    result = apply(CART, [other, alone], FACTS)
    assert [one.id for one in result.applied] == [1] and result.unmet == {2: ALONE}
    result = apply(CART, [other, replace(alone, priority=3)], FACTS)
    assert [one.id for one in result.applied] == [2] and result.unmet == {1: NOT_WITH}
    idle = replace(alone, actions=(percent(20, skus=["NOTHING"]),))
    assert apply(CART, [idle, other], FACTS).unmet == {1: NOTHING}


def test_an_exclusive_rule_whose_gift_is_gone_closes_nothing():
    """PRM-01: it has brought nothing; one that brings something beside the gift has come, and the gift is told gone."""
    bowl = {"type": "gift", "sku": "BOWL", "quantity": 1}
    alone, other = rule(bowl, id=1, priority=1, exclusive=True), rule(percent(10), id=2, priority=2)
    last, none = replace(FACTS, gifts_left={"BOWL": 1}), replace(FACTS, gifts_left={"BOWL": 0})
    assert apply(CART, [alone, other], last).unmet == {2: ALONE}
    result = apply(CART, [alone, other], none)
    assert (result.unmet, result.gone, [one.id for one in result.applied]) == ({1: NOTHING}, [alone], [2])
    both = replace(alone, actions=(bowl, percent(20)))
    result = apply(CART, [both, other], none)
    assert (result.unmet, result.gone, result.gifts) == ({2: ALONE}, [both], [])
    result = apply(CART, [rule(bowl, id=3, priority=0), alone, other], last)
    assert [one.id for one in result.applied] == [3, 2], "the last one is given away once"


def test_a_rule_comes_within_its_time():
    """PRM-05: from its first moment to before its last one."""
    timed = rule(percent(10), starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    assert apply(CART, [timed], FACTS).applied
    assert apply(CART, [timed], replace(FACTS, now=NOW - timedelta(seconds=1))).unmet == {1: NOT_YET}
    assert apply(CART, [timed], replace(FACTS, now=NOW + timedelta(hours=1))).unmet == {1: OVER}


def test_a_gift_cannot_bring_itself():
    """PRM-01: a gift counts for no condition; a rule whose gift is what one has to buy brings it once."""
    when = {"type": "goods", "skus": ["MUG"], "least": 2}
    result = apply(CART, [rule({"type": "gift", "sku": "MUG", "quantity": 1}, when=[when])], FACTS)
    assert [(one.id, params["quantity"]) for one, params, _step in result.gifts] == [(1, 1)]
    assert result.takings == []


def test_percentages_over_a_hundred_take_all_and_no_more():
    """PRM-01: the admin refuses them; what comes from elsewhere never makes a price negative."""
    assert taken(apply(CART, [rule(percent(250))], FACTS)) == {1: 2500, 2: 999, 3: 4999}
    stacked = [rule(percent(80), id=id) for id in range(1, 20)] + [rule({"type": "amount", "amount_minor": 5}, id=99)]
    assert all(
        off <= full for off, full in zip(taken(apply(CART, stacked, FACTS)).values(), (2500, 999, 4999), strict=True)
    )


def test_shipping_is_made_cheaper_after_the_goods():
    """PRM-01: half of 490 is 245, then at most one euro of the rest; free is 0, and nothing goes below."""
    half = rule({"type": "free_shipping", "rate_ppm": 500_000}, id=1)
    capped = rule({"type": "free_shipping", "rate_ppm": 10**6, "most_minor": 100}, id=2)
    free = rule({"type": "free_shipping", "rate_ppm": 10**6}, id=3)
    off = [amount for _rule, amount, _detail in off_shipping(apply(CART, [half, capped], FACTS), 490)]
    assert off == [245, 100]
    assert [amount for _rule, amount, _detail in off_shipping(apply(CART, [free, half], FACTS), 490)] == [245, 245]
    assert apply(CART, [free], replace(FACTS, travels=False)).unmet == {3: NOTHING}


def test_a_package_adds_its_own_by_name():
    """PRM-02: a condition and a benefit that the core has never heard of; one that wants too much is held back."""
    CONDITIONS["even"] = Condition("Even", lambda params, basket, facts: basket.units % 2 == 0, lambda *_: "if even")
    BENEFITS["greedy"] = Benefit("All", lambda *_: "all", (), give=lambda params, basket: [(1, 10**9, {}), (2, -5, {})])
    try:
        assert taken(apply(CART, [rule({"type": "greedy"}, when=[{"type": "even"}])], FACTS)) == {1: 2500}
    finally:
        del CONDITIONS["even"], BENEFITS["greedy"]


# --- properties, over carts and rules that nobody has thought of


def any_cart(chance):
    """A cart of up to twelve lines."""
    return [
        Line(
            key,
            f"SKU{chance.randrange(8)}",
            chance.randint(1, 9),
            chance.choice([0, 1, 99, 333, 1250, 99_999]),
            frozenset(chance.sample([TEA, SALE], chance.randrange(3))),
        )
        for key in chance.sample(range(1, 100), chance.randint(1, 12))
    ]


def any_rule(chance, id):
    """A rule of any kind on goods."""
    where = chance.choice([{}, {"skus": [f"SKU{chance.randrange(8)}"]}, {"categories": [TEA]}])
    actions = [
        {"type": "percent", "rate_ppm": chance.choice([1, 99_999, 333_333, 10**6, 2 * 10**6]), **where},
        {"type": "amount", "amount_minor": chance.choice([1, 777, 10**7]), **where},
        {"type": "fixed_price", "each_minor": chance.choice([0, 50, 1000]), **where},
        {"type": "buy_x_get_y", "buy": chance.randint(1, 3), "get": chance.randint(1, 3), "rate_ppm": 600_000, **where},
        {"type": "free_shipping", "rate_ppm": chance.choice([500_000, 10**6])},
    ]
    when = [{"type": "sum", "least_minor": chance.choice([0, 5000])}, {"type": "quantity", "least": 3}]
    return Rule(
        id=id,
        label=str(id),
        conditions=tuple(chance.sample(when, chance.randrange(3))),
        actions=tuple(chance.sample(actions, chance.randint(1, 2))),
        priority=chance.randrange(3),
        exclusive=chance.random() < 0.2,
    )


@pytest.mark.parametrize("seed", range(60))
def test_what_holds_for_every_cart_and_every_rule(seed):
    """PRM-02, PRM-03: same input, same output, in any order; parts sum to the whole; nothing below zero."""
    chance = random.Random(seed)
    for _ in range(25):
        goods, rules = any_cart(chance), [any_rule(chance, id) for id in range(1, chance.randint(2, 8))]
        result = apply(goods, rules, FACTS)
        assert apply(goods, rules, FACTS) == result
        mixed = chance.sample(goods, len(goods)), chance.sample(rules, len(rules))
        assert apply(*mixed, FACTS) == result
        off = taken(result)
        assert all(0 <= off.get(line.key, 0) <= line.unit_minor * line.quantity for line in goods)
        assert all(taking.amount_minor > 0 for taking in result.takings)
        for_shipping = [amount for _rule, amount, _detail in off_shipping(result, 490)]
        assert all(amount > 0 for amount in for_shipping) and sum(for_shipping) <= 490
        shares_sum_to_their_whole(result)


def shares_sum_to_their_whole(result):
    """Each discount of several lines comes to exactly what it says, and each line's share is its share."""
    wholes = {}
    for taking in result.takings:
        if not taking.detail.get("alone"):
            wholes.setdefault((taking.rule.id, taking.detail["step"]), []).append(taking)
    for part in wholes.values():
        detail = part[0].detail
        assert sum(taking.amount_minor for taking in part) == detail["whole_minor"] <= detail["base_minor"]
        again = BENEFITS[detail["benefit"]].again(detail)
        assert min(again, detail["base_minor"]) == detail["whole_minor"]
        for taking in part:
            exact = detail["whole_minor"] * taking.detail["weight_minor"]
            assert abs(taking.amount_minor * detail["base_minor"] - exact) < detail["base_minor"]


def test_shares_go_to_the_largest_remainders():
    """PRM-03: 100 over 1, 1 and 1 is 34, 33, 33: the coin that is left goes to the first by key, not by place."""
    goods = lines(("A", 1, 1000), ("B", 1, 1000), ("C", 1, 1000))
    result = apply(goods[::-1], [rule({"type": "amount", "amount_minor": 100})], FACTS)
    assert taken(result) == {1: 34, 2: 33, 3: 33} and money.split(100, [1, 1, 1]) == [34, 33, 33]
