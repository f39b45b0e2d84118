"""Too much of something lately: messages, bursts, orders, duplicates; and orders of our own that would meet."""

from typing import Any

import pytest
from gate_desk import ASK, BID, MSFT, NOW, SECOND, Desk

from tickwire.native import lib

BURST = SECOND // 100
SELL_AT_ASK = {"side": lib.SIDE_SELL, "price": ASK}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_message_rate_keeps_a_reserve_for_cancels(desk: Desk) -> None:
    desk.limit(message_rate_max=16)
    assert [desk.ask(quantity=10 + i) for i in range(15)] == ["pass"] * 14 + ["message_rate"]
    replace = {"kind": lib.INTENT_REPLACE, "target": 1, "quantity": 5}
    assert desk.ask(**replace) == "message_rate"
    cancels = [desk.ask(kind=lib.INTENT_CANCEL, target=1 + i) for i in range(3)]
    assert cancels == ["pass", "pass", "message_rate"]


def test_submits_modifies_and_cancels_all_count(desk: Desk) -> None:
    desk.limit(message_rate_max=3)
    assert desk.ask() == "pass"
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=50) == "pass"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "pass"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "message_rate"


def slides(desk: Desk, window_ns: int, verdict: str, **changes: int) -> None:
    """Two of a kind pass in any window, and the third as soon as the first has left it, to the nanosecond."""
    for at, expected in ((0, "pass"), (10, "pass"), (window_ns - 1, verdict), (window_ns, "pass")):
        desk.at = NOW + at
        assert desk.ask(quantity=1 + at % 400, **changes) == expected
    for at, expected in ((window_ns + 9, verdict), (window_ns + 10, "pass")):
        desk.at = NOW + at
        assert desk.ask(quantity=1 + at % 400, **changes) == expected


def test_the_message_window_slides_exactly() -> None:
    slides(Desk(message_rate_max=2), SECOND, "message_rate")


def test_the_burst_window_slides_exactly() -> None:
    slides(Desk(message_burst_max=2), BURST, "message_burst")


def test_a_strategys_order_window_slides_exactly() -> None:
    desk = Desk(strategies={1: {"order_count_max": 2}})
    slides(desk, SECOND, "order_rate")
    assert desk.ask(strategy=2) == "pass"


def test_an_instruments_order_window_slides_exactly() -> None:
    desk = Desk(instrument={"order_count_max": 2})
    slides(desk, SECOND, "order_rate")
    assert desk.ask(instrument=MSFT) == "pass"


def test_only_new_orders_count_as_orders(desk: Desk) -> None:
    desk.limit(strategies={1: {"order_count_max": 1}}, instrument={"order_count_max": 1})
    assert desk.ask() == "pass"
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=50) == "pass"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "pass"
    assert desk.ask() == "order_rate"


def test_a_burst_stops_cancels_too(desk: Desk) -> None:
    desk.limit(message_burst_max=1)
    assert desk.ask() == "pass"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "message_burst"
    desk.at += BURST
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "pass"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("message_rate", {"message_rate_max": 0}),
        ("message_burst", {"message_burst_max": 0}),
        ("order_rate", {"strategies": {1: {"order_count_max": 0}}}),
        ("order_rate", {"instrument": {"order_count_max": 0}}),
    ],
)
def test_a_rate_of_nothing_permits_nothing(desk: Desk, verdict: str, changes: dict[str, Any]) -> None:
    desk.limit(**changes)
    assert desk.ask() == verdict


@pytest.mark.parametrize(
    ("verdict", "window", "changes"),
    [
        ("message_rate", "message_window_ns", {"message_rate_max": 2}),
        ("message_burst", "message_burst_window_ns", {"message_burst_max": 2}),
        ("order_rate", "order_window_ns", {"instrument": {"order_count_max": 2}}),
        ("duplicate", "duplicate_window_ns", {"duplicate_max": 1}),
    ],
)
def test_a_window_nobody_has_set_never_ends(verdict: str, window: str, changes: dict[str, Any]) -> None:
    desk = Desk(**changes | {window: 0, "limits_age_ns_max": 2**60})
    assert [desk.ask(), desk.ask()] == ["pass", "pass"]
    desk.at += 3600 * SECOND
    assert desk.ask() == verdict


def test_a_clock_that_goes_back_frees_nothing(desk: Desk) -> None:
    desk.limit(message_rate_max=1, duplicate_max=0)
    assert desk.ask() == "pass"
    desk.at -= 10 * SECOND
    assert desk.ask() == "message_rate"
    desk.limit(duplicate_max=0)
    assert desk.ask() == "duplicate"


def test_more_is_asked_for_than_the_gate_remembers(desk: Desk) -> None:
    desk.limit(
        instrument={"order_count_max": 2**32 - 1, "position_max": 2**20},
        strategies={1: {"order_count_max": 2**32 - 1, "scope": {"open_orders_max": 1000}}},
        message_rate_max=2**32 - 1,
        message_burst_max=2**32 - 1,
    )
    for _ in range(lib.RISK_WINDOW_COUNT_MAX):
        desk.at += 1
        assert desk.ask(quantity=1 + desk.at % 300) == "pass"
        desk.tell("REJECTED", desk.at - NOW)
    assert desk.ask() == "order_rate"


@pytest.mark.parametrize("tolerated", [0, 1, 3])
def test_the_same_order_again_is_a_duplicate_beyond_what_is_tolerated(desk: Desk, tolerated: int) -> None:
    desk.limit(duplicate_max=tolerated)
    assert [desk.ask() for _ in range(tolerated + 2)] == ["pass"] * (tolerated + 1) + ["duplicate"]
    desk.at += BURST - 1
    assert desk.ask() == "duplicate"
    desk.at += 1
    assert desk.ask() == "pass"


@pytest.mark.parametrize(
    "other",
    [
        SELL_AT_ASK,
        {"price": ASK - 1},
        {"quantity": 101},
        {"strategy": 2},
        {"instrument": MSFT},
        {"venue": 1},
        {"time_in_force": lib.TIF_IOC},
        {"order_type": lib.ORDER_TYPE_PEG_PRIMARY},
    ],
)
def test_an_order_that_differs_is_no_duplicate(desk: Desk, other: dict[str, int]) -> None:
    desk.limit(duplicate_max=0)
    assert desk.ask() == "pass"
    assert desk.ask(**other) == "pass"
    assert desk.ask() == "duplicate"


def test_a_replace_is_no_duplicate(desk: Desk) -> None:
    desk.limit(duplicate_max=0)
    assert desk.ask() == "pass"
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1) == "pass"


@pytest.fixture
def strict() -> Desk:
    """A gate that refuses self-matches."""
    return Desk(self_match=0)


def test_an_order_that_could_meet_our_own_is_refused(strict: Desk) -> None:
    assert strict.ask(price=ASK) == "pass"
    assert strict.sell(1, price=ASK) == "self_match"
    assert strict.sell(1, price=ASK, strategy=3) == "self_match"  # one firm, whoever asks
    assert strict.sell(1, price=ASK + 1) == "pass"
    assert strict.ask(price=ASK + 1) == "self_match"
    assert strict.ask(price=ASK) == "pass"


def test_self_matches_may_be_tolerated(desk: Desk) -> None:
    assert [desk.ask(price=ASK), desk.sell(1, price=ASK)] == ["pass", "pass"]


@pytest.mark.parametrize("other", [{"venue": 1}, {"instrument": MSFT}])
def test_orders_in_other_books_never_meet(strict: Desk, other: dict[str, int]) -> None:
    assert strict.ask(price=ASK) == "pass"
    assert strict.sell(1, price=ASK, **other) == "pass"


def test_an_order_that_never_rests_is_not_met_and_yet_may_meet(strict: Desk) -> None:
    assert strict.ask(price=ASK, time_in_force=lib.TIF_IOC) == "pass"
    assert strict.sell(1, price=ASK) == "pass"
    assert strict.ask(price=ASK, time_in_force=lib.TIF_IOC) == "self_match"


def test_an_order_without_a_limit_may_meet_any_of_ours(strict: Desk) -> None:
    assert strict.sell(1, price=ASK + 900) == "pass"
    market_order = {"order_type": lib.ORDER_TYPE_MARKET, "price": 0, "time_in_force": lib.TIF_IOC}
    assert strict.ask(**market_order) == "self_match"
    peg = {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "price": 0}
    assert strict.ask(**peg) == "self_match"
    assert strict.sell(1, **peg) == "pass"
    assert strict.ask(price=BID - 9000) == "self_match"
    assert strict.sell(1, **market_order) == "pass"


def test_the_next_best_order_counts_once_the_best_is_gone(strict: Desk) -> None:
    assert [strict.ask(price=price) for price in (BID, ASK, BID - 100)] == ["pass"] * 3
    assert strict.sell(1, price=ASK) == "self_match"
    strict.tell("CANCELED", 2, quantity=100, leaves=0)
    assert strict.sell(1, price=BID) == "self_match"
    assert strict.sell(1, price=BID + 1) == "pass"
    strict.tell("EXECUTED", 1, quantity=100, leaves=0, match_number=1, price=BID)
    assert strict.sell(1, price=BID) == "pass"
    strict.tell("REJECTED", 3)
    assert strict.sell(1, price=BID - 100) == "pass"
    assert strict.ask(price=BID - 100) == "self_match"


def test_both_halves_of_a_replace_in_flight_may_be_met(strict: Desk) -> None:
    assert strict.ask(price=BID) == "pass"
    assert strict.ask(kind=lib.INTENT_REPLACE, target=1, price=BID - 500) == "pass"
    assert strict.sell(1, price=BID) == "self_match"
    strict.tell("REPLACED", 2, target=1, quantity=100, leaves=100)
    assert strict.sell(1, price=BID - 500) == "self_match"
    assert strict.sell(1, price=BID) == "pass"
    assert strict.ask(kind=lib.INTENT_REPLACE, target=2, price=BID) == "self_match"


def test_an_adopted_order_is_met_at_its_limit_or_if_none_is_known_anywhere(strict: Desk) -> None:
    strict.tell("ACCEPTED", 77, quantity=5, leaves=5, price=BID)
    assert strict.sell(1, price=BID) == "self_match"
    assert strict.sell(1, price=BID + 1) == "pass"
    strict.tell("EXECUTED", 78, quantity=5, leaves=5, price=BID, match_number=9)
    assert strict.sell(1, price=ASK + 900) == "self_match"


def test_a_replay_forgets_where_orders_rested(strict: Desk) -> None:
    assert strict.ask(price=ASK) == "pass"
    assert strict.ask(price=ASK, venue=1) == "pass"
    strict.tell("RESET")
    strict.tell("LIVE", next_user_ref=1)
    assert strict.sell(1, price=ASK) == "pass"
    assert strict.sell(1, price=ASK, venue=1) == "self_match"
