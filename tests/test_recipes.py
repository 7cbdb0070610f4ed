"""The lists of steps stand in the configuration: reordered, shortened or extended there, and checked at the start."""

import os
import subprocess
import sys

import pytest

from config import ROOT, Config, ConfigError
from storefront.app import create_app
from storefront.kit import recipes
from storefront.kit.recipes import RecipeError, Step

LISTS = tuple(name for name in vars(Config) if name.startswith("CHECKOUT_"))


def without(kind, *names, last=()):
    """A list of the configuration without some of its names, as the environment would say it."""
    left = [name for name in getattr(Config, kind) if name not in names]
    return {kind: ",".join([*left, *last])}


def app_with(tmp_path, **environment):
    """The application, started with this environment."""
    return create_app(Config({"DATA_DIR": str(tmp_path), "SCHEDULER": "off", **environment}), commands=False)


def names_of(app, kind):
    """The steps that the application takes."""
    return [step.name for step in app.extensions["recipes"][kind]]


def test_the_lists_are_those_of_the_configuration(tmp_path):
    """ACT-04: without further settings the shop takes the steps that config.py names, in its order."""
    app = app_with(tmp_path)
    assert tuple(app.extensions["recipes"]) == LISTS
    for kind in LISTS:
        assert names_of(app, kind) == list(getattr(Config, kind))


def test_every_step_says_what_it_does_and_has_its_place():
    """ACT-04: each step begins with a sentence, is in the usual list, and is called by no other name."""
    for kind in LISTS:
        for step in recipes.known(kind):
            if not step.do.__module__.startswith("storefront."):
                continue  # of an extension that other tests load
            assert step.says.endswith((".", ";")) and len(step.says) > 20, step.name
            assert step.name in getattr(Config, kind)


def test_the_environment_reorders_and_shortens_a_list(tmp_path):
    """ACT-04, ACT-05, ACT-23: what may be left out is left out, what may be elsewhere is elsewhere."""
    shorter = without("CHECKOUT_SETUP", "pre_checkout", last=["pre_checkout"])
    credit_first = ["take_number", "place_order", "check_subscription_credit", "hold_stock", "hold_limited_uses"]
    row = [*credit_first, "hold_certificates", "open_bill", "start_payment"]
    app = app_with(
        tmp_path, **shorter, CHECKOUT_REVERSIBLE=" ".join(row), **without("CHECKOUT_FINALIZE", "post_checkout")
    )
    assert names_of(app, "CHECKOUT_SETUP")[-1] == "pre_checkout"
    assert names_of(app, "CHECKOUT_REVERSIBLE") == row
    assert names_of(app, "CHECKOUT_FINALIZE") == ["settle_what_needs_no_payment"]
    assert names_of(app, "CHECKOUT_RELEASE") == list(Config.CHECKOUT_RELEASE)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (without("CHECKOUT_REVERSIBLE", last=["hold_stok"]), "no such step: did you mean hold_stock"),
        ({"CHECKOUT_SETUP": "make_tea"}, "CHECKOUT_SETUP names 'make_tea', but there is no such step"),
        (without("CHECKOUT_REVERSIBLE", "hold_stock"), "needs hold_stock before it"),
        (without("CHECKOUT_REVERSIBLE", "start_payment"), "CHECKOUT_REVERSIBLE lacks start_payment"),
        (
            without("CHECKOUT_REVERSIBLE", "place_order", "open_bill", last=["open_bill", "place_order"]),
            "needs place_order before it",
        ),
        (
            {"CHECKOUT_REVERSIBLE": "take_number,place_order,start_payment,hold_stock,open_bill"},
            "start_payment needs open_bill before it",
        ),
        (
            without("CHECKOUT_REVERSIBLE", "check_subscription_credit", last=["check_subscription_credit"]),
            "nothing may stand behind start_payment, but check_subscription_credit does",
        ),
        (without("CHECKOUT_SETUP", last=["hold_stock"]), "names hold_stock, which belongs to CHECKOUT_REVERSIBLE"),
        (without("CHECKOUT_SETUP", last=["pre_checkout"]), "CHECKOUT_SETUP names pre_checkout twice"),
        (without("CHECKOUT_SETUP", "read_the_quote"), "needs read_the_quote before it"),
        (without("CHECKOUT_POPULATE", "create_order_event"), "lacks create_order_event"),
        (without("CHECKOUT_POPULATE", "commit_order_tax"), "lacks commit_order_tax"),
        (without("CHECKOUT_POPULATE", "update_order", last=["update_order"]), "needs update_order before it"),
        (without("CHECKOUT_RELEASE", "clear_cart", last=["clear_cart"]), "sell_goods needs clear_cart before it"),
        (without("CHECKOUT_FINALIZE", "settle_what_needs_no_payment"), "needs settle_what_needs_no_payment before"),
        ({"EXTENSIONS": "no_such_package"}, "EXTENSIONS names no_such_package, which cannot be imported"),
        ({"EXTENSIONS": "json"}, "Extension json has no function register(shop)"),
    ],
)
def test_a_list_that_cannot_work_does_not_start(tmp_path, environment, words):
    """ACT-04, ACT-13: a wrong name or order is said in a sentence, before a single shopper meets it."""
    with pytest.raises(ConfigError, match=words.replace("(", r"\(").replace(")", r"\)")):
        app_with(tmp_path, **environment)


def test_the_commands_and_the_server_say_it_plainly(tmp_path):
    """ACT-04: the refusal of a start is one sentence and no traceback."""
    settings = {"DATA_DIR": str(tmp_path), "CHECKOUT_REVERSIBLE": "take_number,place_ordr"}
    command = [sys.executable, "-m", "flask", "extensions"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3 and "Traceback" not in done.stderr
    said = "The shop does not start. CHECKOUT_REVERSIBLE names 'place_ordr', but there is no such step: did you mean"
    assert done.stderr.startswith(said)


def test_a_name_stands_for_one_step(monkeypatch):
    """ACT-04: two packages cannot both have a step of one name; the sentence names both."""
    monkeypatch.setattr(recipes, "_known", {})

    def wrap(attempt):
        """It is wrapped."""

    mine = Step("CHECKOUT_SETUP", wrap)
    recipes.register(mine, mine)
    with pytest.raises(RecipeError, match="Two steps are called wrap"):
        recipes.register(Step("CHECKOUT_FINALIZE", wrap))


def test_a_step_in_the_place_of_another_is_what_the_others_need(monkeypatch):
    """ACT-04: whoever needs the replaced step has it in the new one."""
    monkeypatch.setattr(recipes, "_known", {})
    first, second, other = (lambda thing: None for _ in range(3))
    for function, name in ((first, "first"), (second, "second"), (other, "other")):
        function.__name__ = name
    recipes.register(Step("A", first, required=True), Step("A", second, needs=("first",)))
    recipes.register(Step("A", other, instead_of="first"))
    app = type("App", (), {"extensions": {}})()
    recipes.init_app(app, {"A": ("other", "second")})
    assert names_of(app, "A") == ["other", "second"]
    with pytest.raises(RecipeError, match="needs first before it"):
        recipes.init_app(app, {"A": ("second", "other")})


def test_the_steps_are_listed(app):
    """ACT-04: `flask extensions` names every step in its order, what it does, its undo and its needs."""
    said = app.test_cli_runner().invoke(args=["extensions"]).output
    for kind in LISTS:
        part = said.split(f"\n{kind}\n")[1].split("\n\n")[0]
        assert [line.split()[0] for line in part.splitlines()] == list(getattr(Config, kind))
    assert "Undone by fail_order. Needs take_number." in said
