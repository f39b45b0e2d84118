"""Logs: one JSON object a line, or a sentence on a terminal; and which orders they tell of."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from config_text import CORES, EXAMPLE

from tickwire.config import parse
from tickwire.host.logs import HumanFormatter, JsonFormatter
from tickwire.native import Segment, lib
from tickwire.native.trading import record
from tickwire.services.order_log import LINES_MAX, REFUSED_INTERVAL_NS, OrderLog
from tickwire.supervisor.layout import create_segment

CONFIG = parse(EXAMPLE, "box.toml", CORES)


def logged(formatter: logging.Formatter, event: str, level: int = logging.INFO, **facts: object) -> str:
    entry = logging.LogRecord("risk-manager", level, "", 0, event, None, None)
    entry.facts = facts
    return formatter.format(entry)


def test_a_line_is_one_json_object_with_its_facts_beside_the_event() -> None:
    entry = json.loads(logged(JsonFormatter(), "order_refused", tick=7, reason="price_collar", path=Path("/x")))
    assert (entry["event"], entry["service"], entry["level"]) == ("order_refused", "risk-manager", "info")
    assert (entry["tick"], entry["reason"], entry["path"]) == (7, "price_collar", "/x")
    assert entry["time"].endswith("+00:00")


def test_a_person_reads_a_sentence() -> None:
    line = logged(HumanFormatter(), "order_refused", tick=7, why="too far away", lanes={"hot": 1})
    assert line.endswith('risk-manager: order refused tick=7 why="too far away" lanes={"hot": 1}')
    assert "\x1b[33m" in logged(HumanFormatter(), "order_refused", logging.WARNING)


def test_a_fact_cannot_steer_the_terminal() -> None:
    line = logged(HumanFormatter(), "tail\x1b[2J", text="\x1b]0;owned\x07\nnext")
    assert "\x1b" not in line and "\n" not in line and "\x07" not in line


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, _ = create_segment(tmp_path / "segment", ["hot"])
    with made:
        yield made


class Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[str, dict[str, Any]]] = []

    def emit(self, entry: logging.LogRecord) -> None:
        self.entries.append((entry.getMessage(), entry.facts))  # type: ignore[attr-defined]


@pytest.fixture
def told() -> Iterator[Told]:
    handler = Told()
    logger = logging.getLogger("orders")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def order_log(segment: Segment, now: list[int]) -> OrderLog:
    verdicts, reports = segment.ring("verdict", "risk_refusal"), segment.ring("blotter", "execution_report")
    return OrderLog(CONFIG, verdicts, reports, lambda: now[0])


def test_a_refusal_and_a_rejection_are_told_with_order_tick_and_owner(segment: Segment, told: Told) -> None:
    log = order_log(segment, [1])
    owner = {"instrument": 0, "side": lib.SIDE_SELL, "strategy": 1, "account": 1, "trader": 1, "quantity": 100}
    segment.ring("verdict", "risk_refusal").write(
        [record("risk_refusal", tick=9, price=5000, verdict=lib.RISK_PRICE_COLLAR, **owner)[0]]
    )
    reports = [
        record("execution_report", kind=lib.REPORT_REJECTED, order_id=77, tick=8, reason=ord("X"), **owner),
        record("execution_report", kind=lib.REPORT_EXECUTED, order_id=78, **owner),
        record("execution_report", kind=lib.REPORT_REJECTED, order_id=79, flags=lib.REPORT_REPLAYED, **owner),
        record("execution_report", kind=lib.REPORT_NOT_SENT, order_id=81, reason=lib.NOT_SENT_SUPERSEDED, **owner),
        record("execution_report", kind=lib.REPORT_NOT_SENT, order_id=80, reason=lib.NOT_SENT_KILLED, **owner),
    ]
    segment.ring("blotter", "execution_report").write([report[0] for report in reports])
    assert log.check() == ""
    (refused, why), (rejected, what), (not_sent, reason) = told.entries
    assert (refused, rejected, not_sent) == ("order_refused", "order_rejected", "order_not_sent")
    assert (why["tick"], why["reason"], why["symbol"], why["side"]) == (9, "price_collar", "AAPL", "sell")
    assert (what["order_id"], what["tick"], what["reason"]) == (77, 8, "X")
    assert (what["strategy"], what["account"], what["trader"], what["session"]) == (
        *("imbalance", "HOUSE", "alice"),
        "BOX1@A",
    )
    assert reason["reason"] == "killed"


def test_a_flood_of_rejections_is_counted_and_not_written_out(segment: Segment, told: Told) -> None:
    now = [1]
    log = order_log(segment, now)
    rejected = record("execution_report", kind=lib.REPORT_REJECTED, reason=ord("X"))[0]
    assert segment.ring("blotter", "execution_report").write([rejected] * 200) == 200
    log.check()
    assert len(told.entries) == LINES_MAX
    now[0] += 2_000_000_000
    log.check()
    assert told.entries[-1] == ("order_rejected_more", {"reason": "X", "count": 200 - LINES_MAX})


def test_a_paused_strategy_is_told_once_and_then_counted_by_the_minute_and_reason(segment: Segment, told: Told) -> None:
    now = [1]
    log = order_log(segment, now)
    paused = record("risk_refusal", verdict=lib.RISK_KILLED, strategy=1)[0]
    for _ in range(3 * 60):
        segment.ring("verdict", "risk_refusal").write([paused])
        log.check()
        now[0] += 1_000_000_000
    segment.ring("verdict", "risk_refusal").write([record("risk_refusal", verdict=lib.RISK_POSITION)[0]])
    log.check()
    assert [event for event, _ in told.entries].count("order_refused") == 2, "another reason is told at once"
    counts = [facts for event, facts in told.entries if event == "order_refused_more"]
    assert {(one["reason"], one["strategy"]) for one in counts} == {("killed", "imbalance")}
    assert sum(one["count"] for one in counts) == 3 * 60 - 1
    assert len(counts) == 3


def test_a_refusal_after_a_minute_without_one_is_told_anew(segment: Segment, told: Told) -> None:
    now = [1]
    log = order_log(segment, now)
    for _ in range(2):
        segment.ring("verdict", "risk_refusal").write([record("risk_refusal", verdict=lib.RISK_KILLED)[0]])
        for _ in range(3):
            log.check()
            now[0] += REFUSED_INTERVAL_NS
    assert [event for event, _ in told.entries] == ["order_refused"] * 2


def test_what_came_and_went_unseen_is_said(segment: Segment, told: Told) -> None:
    log = order_log(segment, [1])
    ring = segment.ring("blotter", "execution_report")
    for _ in range(5):
        ring.write([record("execution_report", kind=lib.REPORT_EXECUTED)[0]] * 4096)
    assert "before they could be logged" in log.check()
    assert log.check() == ""


def test_the_human_form_is_for_terminals_only() -> None:
    from tickwire.host import logs

    stream = io.StringIO()
    logs.setup(stream)
    logs.Log("x").info("hello")
    assert json.loads(stream.getvalue())["event"] == "hello"
    stream.isatty = lambda: True  # type: ignore[method-assign]
    logs.setup(stream)
    logs.Log("x").info("hello_there", a=1)
    assert stream.getvalue().endswith("x: hello there a=1\n")
