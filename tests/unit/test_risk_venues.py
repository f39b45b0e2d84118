"""Several venues: what each tells of stays its own, and what the firm may do is judged over all of them."""

import pytest
from gate_desk import AAPL, ASK, BID, MSFT, Desk, intent, limits, market, moment, named, report

from tickwire.native import lib
from tickwire.native.trading import Exposure

MID = (BID + ASK) // 2
A, B = {"venue": 0}, {"venue": 1}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def fill(desk: Desk, user_ref: int, quantity: int, leaves: int, match_number: int, venue: int = 0) -> None:
    """Part of an order is bought."""
    about = {"quantity": quantity, "leaves": leaves, "match_number": match_number, "price": BID}
    assert desk.tell("EXECUTED", user_ref, **about, venue=venue) == 1


def test_user_references_and_generations_are_each_venues_own(desk: Desk) -> None:
    desk.tell("LIVE", **B, next_user_ref=40, generation=9)
    _, first = desk.gate.reserve(intent(**A), moment())
    _, second = desk.gate.reserve(intent(**B), moment())
    assert (first.order_id, second.order_id) == (named(1), named(40, venue=1))
    assert (first.generation, second.generation) == (0, 9)


def test_the_same_user_reference_at_two_venues_is_two_orders(desk: Desk) -> None:
    assert [desk.ask(**A, quantity=100), desk.ask(**B, quantity=30)] == ["pass", "pass"]
    desk.tell("CANCELED", 1, **B, quantity=30, leaves=0)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_a_venue_speaks_for_its_own_orders_only(desk: Desk) -> None:
    assert desk.ask(**A) == "pass"
    for kind in ("REJECTED", "NOT_SENT"):
        desk.gate.report(report(kind, named(1), **B))
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_sequence_numbers_are_each_venues_own(desk: Desk) -> None:
    assert [desk.ask(**A), desk.ask(**B)] == ["pass", "pass"]
    desk.tell("ACCEPTED", 1, **A, quantity=100, leaves=100, sequence=50)
    assert desk.tell("CANCELED", 1, **B, quantity=100, leaves=0, sequence=2) == 1
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_the_loss_of_one_session_shuts_only_that_venue(desk: Desk) -> None:
    assert desk.ask(**A) == "pass"
    desk.tell("DOWN", **A)
    assert desk.ask(**A) == "session_down"
    assert desk.ask(**A, kind=lib.INTENT_CANCEL, target=1) == "session_down"
    assert desk.ask(**B) == "pass"
    assert desk.exposure == Exposure(0, 200, 0, 2)  # what is open there still counts


def test_while_a_permitted_venues_record_is_unknown_so_is_what_the_firm_holds(desk: Desk) -> None:
    desk.tell("RESET", **B)
    assert desk.ask(**A) == "not_reconciled"
    desk.tell("DOWN", **B)  # half a replay is no picture
    assert desk.ask(**A) == "not_reconciled"
    made = limits()
    made.venues[1].permitted = 0  # a person takes the venue out
    desk.gate.limits(made, desk.at)
    assert desk.ask(**A) == "pass"
    assert desk.gate.reconciled


def test_cancels_at_other_venues_pass_during_a_replay(desk: Desk) -> None:
    assert desk.ask(**A) == "pass"
    desk.tell("RESET", **B)
    assert desk.ask(**A, kind=lib.INTENT_CANCEL, target=1) == "pass"


def test_an_order_that_a_replay_has_told_of_is_not_canceled_before_the_replay_is_complete(desk: Desk) -> None:
    desk.tell("RESET")
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100, price=BID, flags=lib.REPORT_REPLAYED)
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "not_reconciled"
    desk.tell("LIVE", next_user_ref=2)
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "pass"


def test_reconciled_means_every_permitted_venue(desk: Desk) -> None:
    assert desk.gate.reconciled
    desk.tell("DOWN", **B)
    assert not desk.gate.reconciled


def test_a_reset_forgets_the_orders_and_positions_of_its_venue_and_no_others(desk: Desk) -> None:
    for venue in (0, 1):
        assert desk.ask(venue=venue, quantity=100) == "pass"
        fill(desk, 1, 40, 60, 1, venue)
        assert desk.sell(10, venue=venue, strategy=3) == "pass"
    assert desk.exposure == Exposure(80, 120, 20, 4)
    desk.tell("RESET", **A)
    assert desk.exposure == Exposure(40, 60, 10, 2)
    assert desk.gate.open_orders == 2
    of = {(kind, number): desk.gate.scope(kind, number) for kind, number in (("firm", 0), ("account", 1))}
    for scope in of.values():
        assert scope.gross == 40 * MID + 60 * ASK
        assert scope.open_orders == (2 if scope is of["firm", 0] else 1)
    assert of["firm", 0].credit_used == 40 * BID + 60 * ASK + 10 * BID
    assert of["account", 1].credit_used == 40 * BID + 60 * ASK
    assert desk.gate.scope("strategy", 3).net_short == 10 * BID
    desk.tell("RESET", **B)
    assert desk.exposure == Exposure(0, 0, 0, 0)
    for kind, number in (("firm", 0), ("account", 1), ("account", 2), ("strategy", 1), ("strategy", 3)):
        scope = desk.gate.scope(kind, number)
        assert (scope.gross, scope.net_long, scope.net_short, scope.credit_used, scope.open_orders) == (0,) * 5


def test_a_reset_takes_replaces_in_flight_with_it(desk: Desk) -> None:
    for venue in (0, 1):
        assert desk.ask(venue=venue) == "pass"
        assert desk.ask(venue=venue, kind=lib.INTENT_REPLACE, target=1, quantity=150) == "pass"
    desk.tell("RESET", **A)
    assert desk.exposure == Exposure(0, 150, 0, 1)
    desk.tell("REPLACED", 2, **B, target=1, quantity=150, leaves=150)
    assert desk.exposure == Exposure(0, 150, 0, 1)


def test_replayed_orders_keep_their_owners(desk: Desk) -> None:
    desk.tell("RESET", **B)
    owner = {"strategy": 3, "account": 2, "trader": 2, "flags": lib.REPORT_REPLAYED, **B}
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100, price=BID, **owner)
    desk.tell("EXECUTED", 1, quantity=40, leaves=60, price=BID, match_number=1, **owner)
    desk.tell("LIVE", **B, next_user_ref=2)
    assert desk.gate.scope("strategy", 3).gross == desk.gate.scope("account", 2).gross == 40 * MID + 60 * BID
    assert desk.gate.scope("strategy", 1).gross == 0
    _, sent = desk.gate.reserve(intent(kind=lib.INTENT_CANCEL, target_order_id=named(1, 1), **B), moment())
    assert (sent.strategy, sent.account, sent.trader) == (3, 2, 2)


@pytest.mark.parametrize("owner", [{}, {"strategy": 200, "account": 99}])
def test_an_order_of_nobody_counts_for_the_firm_and_the_instrument(desk: Desk, owner: dict[str, int]) -> None:
    desk.tell("ACCEPTED", 77, quantity=100, leaves=100, price=BID, **owner)
    assert desk.gate.scope("firm").gross == desk.gate.scope("instrument", AAPL).gross == 100 * BID
    for kind, number in (("account", 1), ("strategy", 1)):
        assert desk.gate.scope(kind, number).gross == 0
    desk.limit(instrument={"position_max": 150})
    assert desk.ask(quantity=51) == "position"
    assert desk.ask(kind=lib.INTENT_REPLACE, target=77, quantity=50) == "malformed"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=77) == "pass"


def test_a_fill_settles_for_the_orders_owner_whatever_the_report_says(desk: Desk) -> None:
    assert desk.ask(strategy=3) == "pass"
    desk.tell("EXECUTED", 1, quantity=100, price=BID, match_number=1, strategy=1, account=1)
    assert desk.gate.scope("strategy", 3).net_long == 100 * MID
    assert desk.gate.scope("strategy", 1).net_long == 0
    desk.tell("BROKEN", 1, match_number=1, strategy=1, account=1)
    assert desk.gate.scope("strategy", 3).net_long == desk.gate.scope("firm").credit_used == 0


def test_a_break_is_of_the_fill_of_its_own_venue(desk: Desk) -> None:
    desk.hold(10, **A)
    desk.tell("BROKEN", 9_000_001, match_number=1, **B)
    assert desk.exposure.position == 10
    assert desk.ask(**A) == "not_reconciled"  # some fill was broken that this gate never saw
    desk.tell("RESET", **A)
    desk.tell("LIVE", **A, next_user_ref=1)
    assert desk.ask(**A) == "not_reconciled"  # and only that venue's record can say which
    assert desk.ask(**A, instrument=MSFT) == "pass"
    desk.tell("RESET", **B)
    desk.tell("LIVE", **B, next_user_ref=1)
    assert desk.ask(**A) == "pass"


def test_a_forgotten_fill_cannot_be_broken_again(desk: Desk) -> None:
    desk.hold(10)
    for expected in (1, lib.ERROR_NOT_FOUND):
        assert desk.tell("BROKEN", 9_000_001, match_number=1) == expected
    desk.hold(10, match_number=2)
    desk.tell("RESET")
    assert desk.tell("BROKEN", 9_000_002, match_number=2) == lib.ERROR_NOT_FOUND


def test_limits_hold_over_all_venues_together(desk: Desk) -> None:
    desk.limit(instrument={"position_max": 250}, firm={"open_orders_max": 3})
    assert [desk.ask(**A), desk.ask(**B), desk.ask(**B)] == ["pass", "pass", "position"]
    assert desk.ask(**A, instrument=MSFT) == "pass"
    assert desk.ask(**B, quantity=1) == "open_orders"


def test_an_order_is_changed_at_its_own_venue(desk: Desk) -> None:
    assert desk.ask(**B) == "pass"
    replace = intent(kind=lib.INTENT_REPLACE, target_order_id=named(1, venue=1), quantity=50)
    assert desk.gate.judge(replace, moment()) == "unknown_order"
    replace.venue = 1
    assert desk.gate.judge(replace, moment()) == "pass"


def test_a_fill_before_any_market_is_marked_at_its_price_until_there_is_a_mid(desk: Desk) -> None:
    price = 50_0000
    desk.hold(10, instrument=99, price=price)
    assert desk.gate.scope("firm").gross == 10 * price
    desk.hold(10, match_number=2, instrument=99, price=price + 100, **B)
    assert desk.gate.scope("firm").gross == 20 * price
    desk.gate.market(market(instrument=99, bid_price=[60_0000], ask_price=[60_0000]))
    assert desk.gate.scope("firm").gross == 20 * 60_0000
