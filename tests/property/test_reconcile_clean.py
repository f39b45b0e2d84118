"""Thousands of honest fills, cut anywhere, reconnected anywhere: nothing that could be in flight is ever a break."""

import random
from collections.abc import Iterator
from copy import deepcopy

import pytest
from blotter_rig import FIRM, PRICE, accepted, broken, canceled, executed, rejected, replaced

from tickwire.native import ffi, lib
from tickwire.native.execution import ExecutionSettings, OrderTable
from tickwire.services.blotter_venue import VenueDay
from tickwire.services.reconcile_compare import OURS, THEIRS, compare_orders, compare_positions, compare_replay
from tickwire.venues.drop_copy import DropCopy
from tickwire.venues.picture import positions

FILLS = 10_000


def honest_day(chooser: random.Random, fills: int) -> Iterator[bytes]:
    """The messages of one account's day, each at a later time than the one before."""
    left: dict[int, tuple[str, int]] = {}
    done: list[tuple[int, int]] = []
    ref = at = match = 0
    while match < fills:
        at += 1
        what = chooser.random()
        if what < 0.2 or not left:
            ref += 1
            side, shares = chooser.choice("BS"), chooser.randrange(1, 1000)
            if what < 0.01:
                yield rejected(ref, at=at)
                continue
            left[ref] = side, shares
            yield accepted(
                ref, side, shares, PRICE + chooser.randrange(-50, 50), chooser.choice(["AAPL", "MSFT"]), at=at
            )
            continue
        order = chooser.choice(list(left)[-40:])
        side, shares = left[order]
        if what < 0.8:
            match += 1
            taken = chooser.randrange(1, shares + 1)
            done.append((order, match))
            yield executed(order, taken, match, PRICE + chooser.randrange(-50, 50), at)
        elif what < 0.9:
            taken = chooser.randrange(1, shares + 1)
            yield canceled(order, taken, at)
        elif what < 0.95:
            ref += 1
            taken = shares
            left[ref] = side, 100
            yield replaced(order, ref, side, 100, at=at)
        else:
            taken = 0
            if done:
                yield broken(*done.pop(chooser.randrange(len(done))), at=at)
        left[order] = side, shares - taken
        if left[order][1] == 0:
            del left[order]


class Box:
    """Our side: the order table's reports into the blotter's picture of the venue."""

    def __init__(self) -> None:
        settings = ExecutionSettings("127.0.0.1", 1, "user", "secret", ("AAPL", "MSFT"), order_count_max=1 << 15)
        self.table = OrderTable(settings)
        self.day = VenueDay(0, ("AAPL", "MSFT"), lambda _: False, lambda _: None)
        self.heard = 0

    def hear(self, message: bytes, flags: int = 0) -> None:
        self.heard += 1
        report = self.table.apply(message, self.heard)
        if report is not None:
            report.flags |= flags
            self.day.apply(report[0])

    def _state(self, kind: int) -> None:
        self.day.apply(ffi.new("struct execution_report *", {"kind": kind})[0])

    def replay(self, log: list[bytes]) -> None:
        """Reconnect: the whole record again."""
        self._state(lib.REPORT_RESET)
        self.table.reset()
        self.heard = 0
        for message in log:
            self.hear(message, lib.REPORT_REPLAYED)
        self._state(lib.REPORT_LIVE)


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_honest_fills_with_reconnects_make_no_difference(seed: int) -> None:
    chooser = random.Random(seed)
    log = list(honest_day(chooser, FILLS))
    box, copy = Box(), DropCopy(lambda: 0)
    copy.session_reset("S", True)
    box.replay([])
    for sequence, message in enumerate(log, 1):
        box.hear(message)
        copy.session_message(sequence, FIRM + message)
        if chooser.random() < 0.0005:
            high = box.day.book.high
            box.replay(log[:sequence])
            before = box.day.replaced.popleft()
            assert before.high == high == before.record_high
            assert list(compare_replay(before.lines, before.high, box.day.book.lines)) == []
    ours, theirs = box.day.book.lines, copy.orders("TWRA")
    assert sum(len(line.fills) + len(line.busted) for line in ours.values()) == FILLS
    assert list(compare_orders(ours, theirs)) == []
    assert compare_positions(positions(ours.values()), positions(theirs.values())) == []
    assert (copy.incomplete, copy.firms["TWRA"].counters) == ("", {})
    assert not box.day.counters["unknown_busts"]


@pytest.mark.parametrize("seed", range(30))
def test_of_two_streams_cut_anywhere_no_difference_is_settled(seed: int) -> None:
    chooser = random.Random(seed)
    log = list(honest_day(chooser, 300))
    behind, ahead = sorted(chooser.choices(range(len(log) + 1), k=2))
    for ours_count, theirs_count in ((behind, ahead), (ahead, behind)):
        box, copy = Box(), DropCopy(lambda: 0)
        copy.session_reset("S", True)
        box.replay(log[:ours_count])
        for sequence, message in enumerate(log[:theirs_count], 1):
            copy.session_message(sequence, FIRM + message)
        late = OURS if ours_count < theirs_count else THEIRS
        reached = box.day.book.lines if late == OURS else copy.orders("TWRA")
        last_ns = max((line.last_ns for line in reached.values()), default=0)
        for found in compare_orders(box.day.book.lines, copy.orders("TWRA")):
            assert found.behind in (late, ""), (seed, found)
            assert found.as_of > last_ns, f"seed {seed}: the late side has been heard past {found}"


@pytest.mark.parametrize("seed", range(30))
def test_a_record_that_goes_on_after_a_disconnect_anywhere_is_news_only(seed: int) -> None:
    chooser = random.Random(seed)
    log = list(honest_day(chooser, 300))
    cut = chooser.randrange(len(log))
    box = Box()
    box.replay([])
    for message in log[:cut]:
        box.hear(message)
    box.replay(log)
    before = box.day.replaced.popleft()
    assert list(compare_replay(before.lines, before.high, box.day.book.lines)) == [], f"seed {seed}"


@pytest.mark.parametrize("seed", range(60))
def test_any_one_fill_that_is_changed_lost_or_invented_is_found(seed: int) -> None:
    chooser = random.Random(seed)
    copy = DropCopy(lambda: 0)
    copy.session_reset("S", True)
    for sequence, message in enumerate(honest_day(chooser, 200), 1):
        copy.session_message(sequence, FIRM + message)
    honest = copy.orders("TWRA")
    wrong = deepcopy(honest)
    line = chooser.choice([one for one in wrong.values() if one.fills])
    match = chooser.choice(list(line.fills))
    fill = line.fills[match]
    what = ("lost", "invented", "price", "quantity", "broken")[seed % 5]
    if what == "lost":
        del line.fills[match]
    elif what == "invented":
        line.fills[10**9] = fill
    elif what == "broken":
        line.bust(match)
    else:
        changed = {"quantity": fill.quantity, "price": fill.price} | {what: getattr(fill, what) + 1}
        line.fills[match] = type(fill)(changed["quantity"], changed["price"], fill.venue_ns, fill.sequence)
    for ours, theirs in ((honest, wrong), (wrong, honest)):
        (found,) = compare_orders(ours, theirs)
        assert found.user_ref == line.user_ref
        assert found.match_number == (10**9 if what == "invented" else match)
