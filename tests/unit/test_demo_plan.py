"""What a demo makes of what it was asked for."""

import gzip
import io
import struct
from pathlib import Path

import pytest
from rich.console import Console

from tickwire.config import parse
from tickwire.demo.box_config import box_config
from tickwire.demo.demo import Demo, Settled
from tickwire.demo.exchange import Account, Status
from tickwire.demo.plan import (
    DemoError,
    Settings,
    between_namespaces,
    choose_namespaces,
    exchange_command,
    loopback,
)
from tickwire.demo.symbols import NoInstrumentError, most_active
from tickwire.host import facts
from tickwire.supervisor.layout import create_segment
from tickwire.telemetry.snapshot import SnapshotReader


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)


def directory(locate: int, symbol: str) -> bytes:
    return b"R" + struct.pack(">HH6s", locate, 0, bytes(6)) + symbol.ljust(8).encode() + bytes(20)


def add(locate: int, symbol: str) -> bytes:
    return b"A" + struct.pack(">HH6sQcI", locate, 0, bytes(6), 1, b"B", 100) + symbol.ljust(8).encode() + bytes(4)


RECORDING = framed(directory(1, "QUIET"), directory(2, "BUSY"), add(2, "BUSY"), add(1, "QUIET"), add(2, "BUSY"))


@pytest.mark.parametrize("name", ["day.itch", "day.itch.gz"])
def test_the_most_active_instruments_of_a_recording_are_traded(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(RECORDING) if name.endswith("gz") else RECORDING)
    assert most_active(file, 1) == ("BUSY",)
    assert most_active(file, 5) == ("BUSY", "QUIET")
    assert Settings(itch=file, symbol=("QUIET",)).symbols() == ("QUIET",)


def test_a_recording_that_starts_mid_day_names_its_instruments_by_their_orders(tmp_path: Path) -> None:
    file = tmp_path / "noon.itch"
    file.write_bytes(framed(add(7, "NOON")) + b"\x00\x24A")
    assert most_active(file, 1) == ("NOON",)


def test_a_recording_without_orders_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.itch"
    file.write_bytes(framed(directory(1, "NONE")))
    with pytest.raises(NoInstrumentError, match="no order is added"):
        most_active(file, 1)


@pytest.mark.parametrize("namespaces", [True, False])
def test_the_boxs_configuration_passes_its_own_strict_parse(tmp_path: Path, namespaces: bool) -> None:
    wiring = between_namespaces("", [("10.0.0.1", "10.0.0.2", "veth-box")]) if namespaces else loopback("")
    config = parse(box_config(wiring, ("AAPL", "MSFT"), tmp_path), "box.toml", {0, 1})
    assert [instrument.symbol for instrument in config.instruments] == ["AAPL", "MSFT"]
    assert config.venues[0].market_data.backend == ("af_xdp" if namespaces else "socket")
    port = wiring.venues[0].order_port
    assert str(config.venues[0].execution.venue) in (f"10.0.0.1:{port}", f"127.0.0.1:{port}")


def test_two_venues_share_nothing_but_the_fair_value_and_takes_are_routed(tmp_path: Path) -> None:
    wiring = loopback("", 2)
    config = parse(box_config(wiring, ("SYNA",), tmp_path), "box.toml", {0, 1})
    assert [venue.name for venue in config.venues] == ["A", "B"]
    assert [venue.fee_taker for venue in config.venues] == [3000, -500]
    assert config.strategy("imbalance").route == "smart"
    first, second = (exchange_command(Settings(venues=2), wiring, ("SYNA",), tmp_path, venue) for venue in (0, 1))
    for option, equal in (("--fair-seed", True), ("--seed", False), ("--status", False), ("--control", False)):
        assert (first[first.index(option) + 1] == second[second.index(option) + 1]) is equal


def test_more_venues_than_there_are_profiles_or_a_recording_of_two_are_refused(tmp_path: Path) -> None:
    for wrong in (Settings(venues=3), Settings(venues=0), Settings(venues=2, itch=tmp_path)):
        with pytest.raises(DemoError, match="--venues"):
            wrong.check()


def test_without_the_right_to_af_xdp_the_demo_falls_back_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "has_af_xdp", lambda: False)
    namespaces, why = choose_namespaces("auto")
    assert not namespaces
    assert "needs root" in why
    with pytest.raises(DemoError, match="needs root"):
        choose_namespaces("af_xdp")


def test_a_seed_or_a_file_reaches_the_exchange(tmp_path: Path) -> None:
    wiring = loopback("")
    synthetic = exchange_command(Settings(seed=7), wiring, ("SYNA",), tmp_path)
    assert synthetic[synthetic.index("--seed") + 1] == "7"
    settings = Settings(itch=Path("day.itch"), speed="max", start="10:00:00")
    recorded = exchange_command(settings, wiring, ("AAPL",), tmp_path)
    assert recorded[recorded.index("--itch") + 1] == "day.itch"
    assert recorded[recorded.index("--speed") + 1] == "max"
    assert recorded[recorded.index("--start") + 1] == "10:00:00"


def test_a_start_that_is_no_time_of_day_is_refused_before_anything_runs() -> None:
    assert Settings(start="10:00:00").start_ns == 36_000 * 10**9
    with pytest.raises(DemoError, match=r"--start: time '10': expected HH:MM:SS"):
        Demo(Settings(start="10"), Console(file=io.StringIO())).run()


def test_a_recording_is_over_only_when_the_box_has_stayed_complete_for_a_while(tmp_path: Path) -> None:
    segment, _ = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        behind = SnapshotReader(segment, ["AAPL"]).read()
        segment.counters("market-data.0").values[:] = 1
        complete = SnapshotReader(segment, ["AAPL"]).read()
    over = Status("running", 0, True, "", {}, {}, {"A": Account(True, 0, {})})
    settled = Settled()
    looks = [settled.look(over, snapshot) for snapshot in (complete, complete, behind, *[complete] * 5)]
    assert looks == [False] * 7 + [True]
    assert not settled.look(None, complete)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (bytes(2000), "not an ITCH 5.0 file"),
        (b"Dear reader, this is no market data at all.", "not an ITCH 5.0 file"),
        (gzip.compress(b"\x00\x0cS" + bytes(11))[:-9], "damaged gzip"),
    ],
)
def test_what_is_no_recording_is_refused_for_what_it_is(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "day.itch"
    file.write_bytes(content)
    with pytest.raises(NoInstrumentError, match=reason):
        Settings(itch=file).symbols()


def test_what_could_only_fail_at_the_end_is_refused_at_the_start(tmp_path: Path) -> None:
    for wrong in (
        Settings(report=tmp_path),
        Settings(report=tmp_path / "missing" / "report.json"),
        Settings(speed="banana"),
    ):
        with pytest.raises(DemoError):
            wrong.check()
    Settings(report=tmp_path / "report.json", speed="max").check()
