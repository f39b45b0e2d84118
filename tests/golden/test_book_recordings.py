"""Recordings: the best bids and offers that other people's programs found, the counts of a real day, our own sample."""

import csv
import gzip
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tickwire.cli import book
from tickwire.native.book import Books, Fault
from tickwire.native.book_replay import Replay

GOLDEN = Path(__file__).resolve().parent / "book"


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    """The command in a tree of its own."""
    tree = typer.Typer()
    tree.callback()(lambda: None)
    book.register(tree)
    return tree


def run(app: typer.Typer, *arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["book", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        pytest.skip(f"no {pattern} in {folder}")
    return found[0]


@pytest.mark.data
def test_an_hour_of_aapl_has_exactly_the_known_best_bids_and_offers(
    app: typer.Typer, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "derived-itch50-from-lobster-aapl"
    out = tmp_path / "bbo.csv"
    assert run(app, one(folder, "*.itch50"), "--bbo", out)[0] == 0
    with one(folder, "*bbo.csv").open() as known, out.open() as ours:
        expected = list(csv.DictReader(known))
        rows = list(csv.DictReader(ours))
    assert list(rows[0]) == ["seq", "locate", "bid_px_1e4", "bid_sz", "ask_px_1e4", "ask_sz"]
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
    assert len(rows) == 21_783


@pytest.mark.data
def test_a_snippet_from_mid_day_has_399_unknown_references(app: typer.Typer, shared_data: Path) -> None:
    path = one(shared_data / "itch50-nasdaq-20191230-snippet", "*ITCH50")
    status, out, _ = run(app, path)
    assert status == 0
    assert "399 naming an unknown order" in out


@pytest.mark.data
def test_the_first_messages_of_a_day_announce_instruments(shared_data: Path) -> None:
    books = Books()
    Replay(books).run(one(shared_data / "itch50-nasdaq-first1000", "*.itch").read_bytes())
    assert books.stats().types == {"S": 1, "R": 993, "H": 3, "Y": 3}
    assert books.stats().faults == {}
    assert books.instrument(1).symbol != ""


def test_the_committed_sample_gives_the_reviewed_states_ladder_and_summary(app: typer.Typer, tmp_path: Path) -> None:
    out = tmp_path / "bbo.csv"
    status, text, _ = run(app, GOLDEN / "sample.itch", "--bbo", out, "--depth", 5, "--at", "09:30:00.000000007")
    assert status == 0
    assert out.read_text() == (GOLDEN / "bbo.csv").read_text()
    assert text == (GOLDEN / "screen.txt").read_text()


def test_the_same_as_gzip_and_to_standard_output(app: typer.Typer, tmp_path: Path) -> None:
    packed = tmp_path / "sample.gz"
    packed.write_bytes(gzip.compress((GOLDEN / "sample.itch").read_bytes()))
    status, out, errors = run(app, packed, "--bbo", "-")
    assert (status, out) == (0, (GOLDEN / "bbo.csv").read_text())
    assert "naming an unknown order" in errors


@pytest.mark.parametrize("as_json", [False, True])
def test_one_symbol_can_be_chosen(app: typer.Typer, as_json: bool) -> None:
    arguments = ["--depth", 1, "--symbol", "BETA", *(["--json"] if as_json else [])]
    status, out, _ = run(app, GOLDEN / "sample.itch", *arguments)
    assert status == 0
    assert "BETA" in out and "ALFA" not in out


BROKEN = {
    "empty": (b"", "empty"),
    "text": (b"root:x:0:0:root:/root:/bin/bash\n" * 9, "not an ITCH 5.0 file"),
    "one byte": (b"\0", "not an ITCH 5.0 file"),
    "cut": ((GOLDEN / "sample.itch").read_bytes()[:-3], "ends inside a message"),
    "cut gzip": (gzip.compress((GOLDEN / "sample.itch").read_bytes())[:-20], "damaged gzip"),
    "more after the end": ((GOLDEN / "sample.itch").read_bytes() + b"\0\0junk", "goes on after its end marker"),
}


@pytest.mark.parametrize("content, reason", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_is_an_error_and_leaves_nothing(
    app: typer.Typer, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    status, _, errors = run(app, path, "--bbo", tmp_path / "out.csv")
    assert (status, reason in errors) == (2, True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["input"]


@pytest.mark.parametrize("wrong", ["25:00:00", "9:30", "09:30:61", "noon"])
def test_a_wrong_time_is_refused(app: typer.Typer, wrong: str) -> None:
    assert run(app, GOLDEN / "sample.itch", "--at", wrong)[0] == 2


def test_a_missing_file_and_an_unknown_symbol_are_named(app: typer.Typer, tmp_path: Path) -> None:
    assert run(app, tmp_path / "none.itch")[0] == 2
    status, _, errors = run(app, GOLDEN / "sample.itch", "--symbol", "GAMMA")
    assert (status, "GAMMA is not in the stock directory" in errors) == (2, True)


def test_faults_are_counted_by_reason(app: typer.Typer) -> None:
    books = Books()
    Replay(books).run((GOLDEN / "sample.itch").read_bytes())
    assert books.stats().faults == {
        Fault.UNKNOWN_ORDER: 1,
        Fault.DUPLICATE_ORDER: 1,
        Fault.PRICE: 1,
        Fault.EXCESS: 1,
        Fault.TYPE: 1,
        Fault.SIZE: 1,
    }
