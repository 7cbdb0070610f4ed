"""Money is whole numbers of the smallest coin: shares add up, taxes fit, what is written reads back. Proves CAT-03."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, strategies as st

from storefront.kit import money
from storefront.kit.errors import Invalid

AMOUNTS = st.integers(-(10**12), 10**12)
RATES = st.integers(0, 2_000_000)  # parts per million: up to 200 %
CURRENCIES = st.sampled_from(["JPY", "EUR", "USD", "KWD"])


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
@example(100, [1, 1, 1])
@example(-1, [1, 1])
def test_shares_add_up_to_the_whole(amount, weights):
    """Not a coin is lost or made when an amount is shared out (domain 1.1)."""
    parts = money.split(amount, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == (amount if sum(weights) else 0)


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_a_share_is_within_one_coin_of_its_fair_part(amount, weights):
    """Nobody gets more than the rounding of what is theirs, and nobody pays for a weight of nothing."""
    assume(sum(weights))
    for part, weight in zip(money.split(amount, weights), weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert weight or part == 0


@given(AMOUNTS, AMOUNTS, st.integers(1, 10**9))
@example(5, 1, 10)
@example(-5, 1, 10)
@example(15, 1, 10)
def test_halves_are_rounded_away_from_zero(amount, numerator, denominator):
    """0.5 becomes 1 and -0.5 becomes -1, as people round."""
    exact = Decimal(amount * numerator) / Decimal(denominator)
    assume(len(exact.as_tuple().digits) < 28)  # Decimal itself was exact
    assert money.divided(amount, numerator, denominator) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert money.divided(amount, -numerator, -denominator) == money.divided(amount, numerator, denominator)


@given(AMOUNTS, RATES)
@example(1190, 190_000)
def test_the_tax_inside_and_the_rest_are_the_price(gross, rate):
    """What remains without the included tax, taxed again, is the price to within one coin."""
    tax = money.included(gross, rate)
    net = gross - tax
    assert abs(money.share(net, rate) - tax) <= 1 + rate // money.PPM
    assert abs(tax) <= abs(gross)
    assert money.included(1190, 190_000) == 190


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_read_back(amount, currency):
    """A file or a form gives back the same amount, whatever the decimals of its currency."""
    assert money.parsed(money.plain(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("42.90", "EUR", 4290),
        ("42,90", "EUR", 4290),
        ("1 234.50", "EUR", 123450),
        ("1,234.50", "EUR", 123450),
        (" 7 ", "EUR", 700),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("-3.10", "EUR", -310),
    ],
)
def test_people_write_amounts_in_their_own_way(typed, currency, minor):
    """A comma, a point, spaces: the same amount."""
    assert money.parsed(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("", "EUR"), ("abc", "EUR"), ("1.234", "EUR"), ("0.5", "JPY"), ("NaN", "EUR"), ("Infinity", "EUR"),
        ("1e400", "EUR"), ("9" * 30, "EUR"), ("1.2.3", "EUR"), ("--1", "EUR"), ("1e-400", "EUR"), ("\u0663x", "EUR"),
        ("1" * 100_000, "EUR"), ("1e999999999999999999999", "EUR"),
    ],
)  # fmt: skip
def test_nonsense_is_no_amount(typed, currency):
    """What is not an amount is refused with a sentence, never with a crash."""
    with pytest.raises(Invalid):
        money.parsed(typed, currency)


@given(st.text(max_size=40), CURRENCIES)
def test_any_text_is_an_amount_or_is_refused(typed, currency):
    """Nothing that a person can type breaks the reading of amounts."""
    try:
        assert isinstance(money.parsed(typed, currency), int)
    except Invalid as refusal:
        assert refusal.message


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("KWD", 3)])
def test_currencies_know_their_decimals(currency, decimals):
    """A yen has no smaller coin, a dinar a thousand."""
    assert money.exponent(currency) == decimals
    assert money.plain(1234, currency) == f"{Decimal(1234).scaleb(-decimals)}"


def test_amounts_are_shown_with_their_currency():
    """As a person of the locale reads it."""
    assert money.shown(4290, "EUR", "en") == "€42.90"
    assert money.shown(4290, "EUR", "de").replace("\u00a0", " ") == "42,90 €"
    assert money.shown(1200, "JPY", "en") == "¥1,200"


@pytest.mark.parametrize(("rate", "shown"), [(88_750, "8.875 %"), (200_000, "20 %"), (0, "0 %"), (1_000_000, "100 %")])
def test_rates_are_shown_in_percent(rate, shown):
    """Parts per million are for machines."""
    assert money.percent(rate) == shown
