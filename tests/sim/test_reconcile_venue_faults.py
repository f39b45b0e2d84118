"""Deliberate breaks at the paper exchange: the box hears its session, reads its drop copy, and finds every one."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import venue_wire as wire
from blotter_rig import PRICE
from reconcile_rig import Desk
from venue_desk import Desk as VenueDesk

from tickwire.native.venue import Fault

OWN_MATCH = wire.OWN


class Scene:
    """A venue, what it has said so far, and a box that hears all of it."""

    def __init__(self, folder: Path) -> None:
        self.venue = VenueDesk().venue
        self.desk = Desk(folder)
        self.said = self.copied = 0
        self.ref = 0
        self.listen()

    def log(self, first: int = 1) -> list[bytes]:
        """What the session's record says from a sequence on."""
        data = self.venue.log(0, first, self.venue.log_count(0) + 1)
        return [packet[1:] for packet in wire.frames(data)]

    def listen(self) -> None:
        """The box hears what is new, in both sessions."""
        messages = self.log(self.said + 1)
        self.said += len(messages)
        self.desk.ear.tell(*messages, copy=False)
        data = self.venue.drop_copy(self.copied + 1, self.venue.drop_copy_count() + 1)
        for packet in wire.frames(data):
            self.copied += 1
            self.desk.ear.copy.session_message(self.copied, packet[1:])

    def enter(self, side: str, shares: int, price: int = PRICE, account: int = 0) -> int:
        """An order of ours (or of the other account); its UserRefNum."""
        self.ref += 1
        if account == 0:
            self.desk.ear.send(self.ref, shares, price, side="BS".index(side))
        assert self.venue.order(account, wire.enter(self.ref, side, shares, price), 7)
        return self.ref

    def trade(self, shares: int = 60, price: int = PRICE) -> int:
        """We buy what the other account sells; our order."""
        self.enter("S", shares, price, account=1)
        return self.enter("B", shares, price)

    def found(self, replay: bool = False) -> list[str]:
        """What one reconciliation says, match numbers left out."""
        self.listen()
        return [text.replace(str(number), "M") for text in self.desk.texts(replay) for number in [_match(text)]]


def _match(text: str) -> int:
    words = text.split()
    return int(words[words.index("fill") + 1]) if "fill" in words else -1


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.desk.ear.segment.close()


def test_an_honest_venue_gives_no_break_whatever_is_traded(scene: Scene) -> None:
    for turn in range(20):
        scene.trade(60 + turn)
    scene.enter("B", 10, PRICE - 100)
    scene.venue.order(0, wire.cancel(scene.ref), 8)
    kept = scene.enter("B", 10, PRICE - 100)
    scene.ref += 1
    scene.desk.ear.send(scene.ref, 20, PRICE - 200, target=kept)
    scene.venue.order(0, wire.replace(kept, scene.ref, 20, PRICE - 200), 9)
    assert scene.found() == []
    assert scene.found(replay=True) == []
    assert scene.desk.reconciliation.blocks_rearm == ""


@pytest.mark.rule("RTS 6 Art 17")
def test_a_swallowed_execution_is_found(scene: Scene) -> None:
    scene.venue.fault(Fault.SWALLOW_EXECUTION)
    order = scene.trade()
    assert scene.found() == [
        f"AAPL on A: the drop copy shows fill M of order {order}, buy 60 at 100.0000, that we do not have.",
        "AAPL on A: our position is 0 and the drop copy makes it 60: a difference of 60.",
    ]
    assert scene.desk.stops == {("instrument", 0): True}


@pytest.mark.rule("RTS 6 Art 17")
def test_a_swallowed_execution_cannot_be_cleared_and_accepted_it_is_told_of_until_it_is_gone(scene: Scene) -> None:
    scene.venue.fault(Fault.SWALLOW_EXECUTION)
    scene.trade()
    assert len(scene.found()) == 2
    for number in (1, 2):
        with pytest.raises(ValueError, match=f"break {number} still stands: AAPL on A: .*breaks accept {number}"):
            asyncio.run(scene.desk.reconciliation.clear(number, "ann", "by mistake"))
    assert scene.desk.stops == {("instrument", 0): True}
    for number in (1, 2):
        asyncio.run(scene.desk.reconciliation.accept(number, "ann", "venue owes us the fill"))
    assert scene.desk.stops == {("instrument", 0): False}
    scene.trade(40)  # the position moves, the difference does not
    for replay in (False, True):
        scene.desk.start()  # nothing but the file is left
        assert len(scene.desk.reconciliation.accepted()) == 2
        scene.listen()
        result = scene.desk.run(replay=replay)
        assert (result.state, result.breaks, len(result.accepted)) == ("accepted differences", (), 2)
        assert result.accepted[1].text.startswith("AAPL on A: our position is 40 and the drop copy makes it 100: ")
        assert "accepted by ann on " in result.accepted[1].text
        assert result.accepted[1].text.endswith(": venue owes us the fill)")
        assert scene.desk.reconciliation.check().startswith("reconciled but for 2 accepted, the first: AAPL on A: ")
    said = json.loads((scene.desk.folder / "reconciliations.jsonl").read_text().splitlines()[-1])
    assert (said["state"], said["accepted"]) == ("accepted differences", [1, 2])


def test_an_accepted_difference_leaves_by_itself_when_the_venue_has_mended_it(scene: Scene) -> None:
    scene.venue.fault(Fault.DROP_COPY_SWALLOW_EXECUTION)
    scene.trade()
    assert len(scene.found()) == 2
    for number in (1, 2):
        asyncio.run(scene.desk.reconciliation.accept(number, "ann", "they will send it again"))
    copy = scene.desk.ear.copy
    copy.session_down("restarted with a whole record")
    assert len(scene.desk.run().accepted) == 2, "what cannot be looked at has not gone"
    copy.session_reset("S2", True)
    for sequence, message in enumerate(scene.log(), 1):
        copy.session_message(sequence, b"TWRA" + message)
    copy.session_up()
    result = scene.desk.run()
    assert (result.state, result.accepted, scene.desk.reconciliation.accepted()) == ("clean", (), ())


def test_a_break_is_cleared_when_it_is_gone_and_not_while_nobody_can_tell(scene: Scene) -> None:
    scene.venue.fault(Fault.DROP_COPY_SWALLOW_EXECUTION)
    scene.trade()
    assert len(scene.found()) == 2
    copy = scene.desk.ear.copy
    copy.session_down("gone")
    with pytest.raises(ValueError, match="cannot be told now: the drop copy of A cannot be reached: gone"):
        asyncio.run(scene.desk.reconciliation.clear(1, "ann", "looked"))
    copy.session_reset("S2", True)
    for sequence, message in enumerate(scene.log(), 1):
        copy.session_message(sequence, b"TWRA" + message)
    copy.session_up()
    with pytest.raises(ValueError, match="does not stand any more"):
        asyncio.run(scene.desk.reconciliation.accept(1, "ann", "looked"))
    for number in (1, 2):
        asyncio.run(scene.desk.reconciliation.clear(number, "ann", "venue sent it"))
    assert scene.desk.stops == {("instrument", 0): False}
    assert scene.desk.run().state == "clean"


def test_an_execution_the_drop_copy_swallowed_is_found(scene: Scene) -> None:
    scene.venue.fault(Fault.DROP_COPY_SWALLOW_EXECUTION)
    order = scene.trade()
    assert scene.found() == [
        f"AAPL on A: we have fill M of order {order}, buy 60 at 100.0000, that the drop copy does not show.",
        "AAPL on A: our position is 60 and the drop copy makes it 0: a difference of -60.",
    ]


@pytest.mark.rule("RTS 6 Art 17")
def test_a_phantom_execution_is_found(scene: Scene) -> None:
    order = scene.enter("B", 100, PRICE - 100)
    scene.venue.fault(Fault.PHANTOM_EXECUTION, user_ref=order, quantity=30)
    assert scene.found() == [
        f"AAPL on A: we have fill M of order {order}, buy 30 at 99.9900, that the drop copy does not show.",
        "AAPL on A: our position is 30 and the drop copy makes it 0: a difference of -30.",
    ]


def test_a_phantom_execution_in_the_drop_copy_is_found(scene: Scene) -> None:
    order = scene.enter("B", 100, PRICE - 100)
    scene.venue.fault(Fault.DROP_COPY_PHANTOM_EXECUTION, user_ref=order, quantity=30)
    assert scene.found() == [
        f"AAPL on A: the drop copy shows fill M of order {order}, buy 30 at 99.9900, that we do not have.",
        "AAPL on A: our position is 0 and the drop copy makes it 30: a difference of 30.",
    ]


@pytest.mark.rule("RTS 6 Art 17")
def test_a_wrong_price_is_found(scene: Scene) -> None:
    scene.venue.fault(Fault.DROP_COPY_WRONG_PRICE, amount=100)
    order = scene.trade()
    assert scene.found() == [
        f"AAPL on A: fill M of order {order} has price 100.0000 with us and 100.0100 in the drop copy: "
        "a difference of 0.0100."
    ]


@pytest.mark.rule("RTS 6 Art 17")
def test_a_wrong_quantity_is_found(scene: Scene) -> None:
    scene.venue.fault(Fault.DROP_COPY_WRONG_QUANTITY, amount=-7)
    order = scene.trade()
    assert scene.found() == [
        f"AAPL on A: fill M of order {order} has quantity 60 with us and 53 in the drop copy: a difference of -7.",
        "AAPL on A: our position is 60 and the drop copy makes it 53: a difference of -7.",
    ]


def test_an_execution_after_a_cancel_is_found(scene: Scene) -> None:
    order = scene.enter("B", 100, PRICE - 100)
    scene.venue.fault(Fault.EXECUTE_AFTER_CANCEL)
    scene.venue.order(0, wire.cancel(order), 8)
    found = scene.found()
    assert found[0].startswith(f"AAPL on A: we have fill M of order {order}, buy ")
    assert len(found) == 2


def test_a_trade_the_venue_broke_is_no_break_when_we_were_told(scene: Scene) -> None:
    scene.trade()
    scene.venue.fault(Fault.BREAK_TRADE)
    assert scene.found() == []
    assert scene.found(replay=True) == []
    line = scene.desk.ear.blotter.venues[0].book.lines[scene.ref]
    assert (line.executed, len(line.busted)) == (0, 1)


def test_an_execution_told_twice_is_booked_once_and_what_it_did_to_the_order_is_found(scene: Scene) -> None:
    scene.enter("S", 30, account=1)
    scene.venue.fault(Fault.DUPLICATE_MESSAGE, count=2)  # the acceptance and the execution
    order = scene.enter("B", 100)
    assert scene.found() == [
        f"AAPL on A: order {order} has leaves 40 with us and 70 in the drop copy: a difference of 30."
    ]
    assert scene.desk.ear.blotter.venues[0].book.lines[order].executed == 30, "a match number counts once"


def test_what_the_drop_copy_tells_twice_is_one_fact(scene: Scene) -> None:
    scene.venue.fault(Fault.DROP_COPY_DUPLICATE_MESSAGE, count=3)
    scene.trade()
    assert scene.found() == []


@pytest.mark.parametrize("fault", [Fault.ACCEPT_TWICE, Fault.REJECT])
def test_what_is_strange_and_changes_nothing_is_no_break(scene: Scene, fault: Fault) -> None:
    scene.venue.fault(fault, amount=23)
    scene.trade()
    assert scene.found() == []


def test_a_break_is_found_among_ten_thousand_honest_fills(scene: Scene) -> None:
    for turn in range(10_000):
        if turn == 7_000:
            scene.venue.fault(Fault.SWALLOW_EXECUTION)
        order = scene.trade(1 + turn % 9)
        if turn == 7_000:
            wrong = order
        if turn % 64 == 0:
            scene.listen()
            scene.desk.ear.check()
    found = scene.found()
    assert [text.split(",")[0] for text in found[:1]] == [f"AAPL on A: the drop copy shows fill M of order {wrong}"]
    assert len(found) == 2
