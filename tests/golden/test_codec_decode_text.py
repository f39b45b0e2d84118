"""``tickwire decode``: its text for files that hold every message, and its manners with bad ones."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ITCH = HERE / "codec_every_message.itch"
PCAP = HERE / "codec_session.pcap"


def decode(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tickwire.cli import main; main()", "decode", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_samples_are_what_our_encoders_make(tmp_path: Path) -> None:
    subprocess.run([sys.executable, HERE / "make_codec_samples.py", tmp_path], check=True)
    for sample in (ITCH, PCAP):
        assert (tmp_path / sample.name).read_bytes() == sample.read_bytes()


def test_every_itch_message_has_its_reviewed_text() -> None:
    done = decode(ITCH)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (HERE / "codec_every_message.itch.jsonl").read_text()


def test_every_order_message_in_a_capture_has_its_reviewed_text() -> None:
    done = decode(PCAP)
    assert done.stdout == (HERE / "codec_session.pcap.jsonl").read_text()
    assert done.returncode == 2  # the sample holds one datagram whose lengths lie
    assert done.stderr == f"{PCAP}: 1 messages could not be read\n"


def test_every_line_is_json_with_names_that_do_not_repeat() -> None:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    for line in (decode(ITCH, "--raw").stdout + decode(PCAP, "--raw").stdout).splitlines():
        assert "raw" in json.loads(line, object_pairs_hook=unique)


def test_a_packed_file_reads_like_the_plain_one(tmp_path: Path) -> None:
    for sample in (ITCH, PCAP):
        packed = tmp_path / (sample.name + ".gz")
        packed.write_bytes(gzip.compress(sample.read_bytes()))
        assert decode(packed).stdout == decode(sample).stdout


def test_types_and_limit_choose_lines() -> None:
    types = [json.loads(line)["type"] for line in decode(ITCH, "--type", "A,E").stdout.splitlines()]
    assert types == ["A", "E"]
    assert len(decode(ITCH, "--limit", "3").stdout.splitlines()) == 3


def test_a_message_of_unknown_type_does_not_hide_the_others(tmp_path: Path) -> None:
    content = ITCH.read_bytes()
    path = tmp_path / "odd.itch"
    path.write_bytes(content[:14] + b"\0\x03z\x01\x02" + content[14:])
    done = decode(path)
    lines = done.stdout.splitlines()
    assert json.loads(lines[1]) == {"error": "unknown ITCH type 'z'", "raw": "7a0102"}
    assert len(lines) == 24
    assert (done.returncode, done.stderr) == (2, f"{path}: 1 messages could not be read\n")


@pytest.mark.parametrize("sample", [ITCH, PCAP])
def test_a_file_that_ends_early_gives_what_was_good_and_then_the_error(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(sample.read_bytes()[:-1])
    done = decode(path)
    whole = decode(sample).stdout.splitlines()
    seen = done.stdout.splitlines()
    assert seen and seen == whole[: len(seen)]
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "ends inside a" in done.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"", "empty"),
        (b"this is a text file\n", "neither a pcap nor a framed ITCH 5.0 file"),
        (b"\0\x03z\x01\x02", "neither a pcap nor a framed ITCH 5.0 file"),
        (b"\0\0\0\0", "a message of no bytes: this is not framed ITCH, or its lengths lie (after 0 messages)"),
        (b"\xd4\xc3\xb2\xa1", "not a pcap or pcapng file: truncated"),
        (gzip.compress(b"\0\x0c")[:-4], "damaged gzip"),
        (b"\x1f\x8bxx", "damaged gzip"),
        (b"\x1f\x8b" + bytes(20), "damaged gzip"),
    ],
)
def test_a_bad_file_is_one_clear_line(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bad"
    if content is not None:
        path.write_bytes(content)
    done = decode(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{path}: ") and reason in done.stderr and done.stderr.count("\n") == 1


def test_a_folder_is_a_bad_file(tmp_path: Path) -> None:
    assert decode(tmp_path).stderr == f"{tmp_path}: Is a directory\n"


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    path = tmp_path / "long.itch"
    path.write_bytes(ITCH.read_bytes() * 2000)
    command = [sys.executable, "-c", "from tickwire.cli import main; main()", "decode", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline().startswith(b'{"type":"S"')
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0
