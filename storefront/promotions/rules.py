"""The engine: goods, rules and facts in; what is taken off out. A pure function that asks nobody anything.

Rules come by their priority, the lower number first, then the older rule. Each works on what those before it have left.
An exclusive rule stands alone: it comes only if none has come before it, and then none comes after it. A rule whose
conditions hold, but that brings nothing, has not come; nor has one whose gift is gone. Nothing ever costs less than
nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storefront.promotions.benefits import BENEFITS, GIFT, GOODS_PHASE, ISSUE, SHIPPING
from storefront.promotions.conditions import CONDITIONS
from storefront.promotions.values import Basket, Facts, Line, Rule, Taking

OVER, NOT_YET, ALONE, NOT_WITH, NOTHING = "over", "not_yet", "alone", "not_with", "nothing"
Action = tuple[Rule, Mapping[str, Any], int]  # of which rule, its parameters, and its place among the rule's actions


@dataclass
class Result:
    """What the rules bring: takings by line, what comes later, and of each rule that has not come why.

    `unmet` maps a rule's id to one of the words above, or to the condition that does not hold.
    """

    takings: list[Taking] = field(default_factory=list)
    shipping: list[Action] = field(default_factory=list)
    gifts: list[Action] = field(default_factory=list)
    issues: list[Action] = field(default_factory=list)
    applied: list[Rule] = field(default_factory=list)
    gone: list[Rule] = field(default_factory=list)  # whose gift is not there any more
    unmet: dict[int, str | Mapping[str, Any]] = field(default_factory=dict)

    def off(self, key: int) -> int:
        """What is taken off a line in all."""
        return sum(taking.amount_minor for taking in self.takings if taking.key == key)


def apply(lines: Sequence[Line], rules: Iterable[Rule], facts: Facts) -> Result:
    """Every rule in its turn. The order of the lines and of the rules as they are handed in does not matter."""
    basket, result, closed = Basket(lines), Result(), False
    for rule in sorted(rules, key=lambda rule: (rule.priority, rule.id)):
        why = _why_not(rule, basket, facts, result, closed)
        if why is None and not _apply(rule, basket, facts, result):
            why = NOTHING
        if why is None:
            result.applied.append(rule)
            closed = rule.exclusive
        else:
            result.unmet[rule.id] = why
    return result


def off_shipping(result: Result, cost_minor: int) -> list[tuple[Rule, int, dict[str, Any]]]:
    """What the rules that came take off a cost of shipping: (rule, amount, how it came about), never below zero."""
    found, left = [], cost_minor
    for rule, params, step in result.shipping:
        off = BENEFITS[params["type"]].off
        amount = max(0, min(off(params, left) if off else 0, left))
        detail = {**params, "benefit": params["type"], "step": step, "base_minor": left, "whole_minor": amount}
        if amount:
            found.append((rule, amount, {name: value for name, value in detail.items() if name != "type"}))
        left -= amount
    return found


def holds(condition: Mapping[str, Any], basket: Basket, facts: Facts) -> bool:
    """Whether one condition holds; one of a kind that nobody knows any more never does."""
    known = CONDITIONS.get(condition["type"])
    return known is not None and known.holds(condition, basket, facts)


def _why_not(rule, basket, facts, result, closed):
    """The word or the condition that keeps a rule from coming; None if nothing does."""
    if rule.starts_at is not None and facts.now < rule.starts_at:
        return NOT_YET
    if rule.ends_at is not None and facts.now >= rule.ends_at:
        return OVER
    if closed:
        return ALONE
    if rule.exclusive and result.applied:
        return NOT_WITH
    return next((condition for condition in rule.conditions if not holds(condition, basket, facts)), None)


def _apply(rule, basket, facts, result):
    """Let the actions of a rule do what they do; False if that is nothing."""
    came = False
    for step, params in enumerate(rule.actions):
        benefit = BENEFITS.get(params["type"])
        if benefit is None:
            continue  # its package is gone
        if benefit.phase == GOODS_PHASE:
            came = _take(rule, params, step, basket, result) or came
        elif benefit.phase == GIFT and not _is_there(params, facts, result):
            result.gone.append(rule)
        elif benefit.phase != SHIPPING or facts.travels:
            {SHIPPING: result.shipping, GIFT: result.gifts, ISSUE: result.issues}[benefit.phase].append(
                (rule, params, step)
            )
            came = True
    return came


def _is_there(params, facts, result):
    """Whether a gift can be given, beside the same ones that rules before it have given."""
    given = sum(other["quantity"] for _rule, other, _step in result.gifts if other["sku"] == params["sku"])
    return facts.gifts_left.get(params["sku"], given + params["quantity"]) >= given + params["quantity"]


def _take(rule, params, step, basket, result):
    give, came = BENEFITS[params["type"]].give, False
    for key, wanted, detail in give(params, basket) if give else ():
        amount = basket.take(key, wanted)
        if amount:
            came = True
            detail["benefit"], detail["step"] = params["type"], step
            result.takings.append(Taking(rule, key, amount, detail))
    return came
