"""The configuration file: what it gives, and how it refuses."""

import re
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE, changed, line_with, refused

from tickwire.config import ConfigError, check_passwords, load, parse, password, read_secret

# What stands there, what a person might write instead, and the refusal of it after FILE:LINE.
REFUSALS = [
    ('symbol = "AAPL"', 'symbl = "AAPL"', "instruments[0].symbl: expected a known key (nearest: symbol)"),
    ("[risk]", "[rsk]", "rsk: expected a known key (nearest: risk)"),
    ("collar_ppm = 10000", 'collar_ppm = "x"', "instruments[0].limits.collar_ppm: expected int, got 'x'"),
    (
        'backend = "socket"',
        'backend = "sock"',
        "venues[0].market_data.backend: expected one of socket, af_xdp, pcap, got 'sock'",
    ),
    (
        'edge_min = "0.0050"',
        "edge_min = 0.00501",
        "instruments[0].signal.edge_min: expected a price with at most four decimals, got 0.00501",
    ),
    (
        "imbalance_enter = 0.40",
        "imbalance_enter = 4",
        "instruments[0].signal.imbalance_enter: expected a ratio between 0 and 1",
    ),
    (
        "imbalance_exit = 0.10",
        "imbalance_exit = 0.5",
        "instruments[0].signal.imbalance_exit: expected at most imbalance_enter",
    ),
    (
        "order_quantity = 100",
        "order_quantity = 600",
        "instruments[0].signal.order_quantity: expected at most limits.order_quantity_max (500)",
    ),
    ("order_quantity = 100", "order_quantity = 0", "instruments[0].signal.order_quantity: expected int >= 1"),
    ("order_quantity = 100", "order_quantity = true", "instruments[0].signal.order_quantity: expected int, got True"),
    ("order_quantity = 100", "order_quantity =", "expected TOML: Invalid value"),
    (
        "order_value_max = 1000000",
        "order_value_max = 0",
        "instruments[0].limits.order_value_max: expected an amount greater than 0: 0 permits nothing",
    ),
    (
        'venue = "127.0.0.1:26410"',
        'venue = "exchange:1"',
        'venues[0].execution.venue: expected "a.b.c.d:port", got "exchange:1"',
    ),
    ('firm = "TICK"', 'firm = "tick"', "venues[0].execution.firm: expected 1 to 4 capitals and digits, got 'tick'"),
    (
        'line_b = "239.200.1.2:26401"',
        'line_b = "239.200.1.1:26400"',
        "venues[0].market_data.line_b: expected another address or",
    ),
    (
        "# supervisor_age_ms_max = 2000",
        "supervisor_age_ms_max = 150",
        "risk.supervisor_age_ms_max: expected at least twice supervisor.heartbeat_ms (100)",
    ),
    ("# housekeep_us = 1000", "housekeep_us = 5001", "lanes.housekeep_us: expected int <= 5000"),
    (
        '# session = ""',
        'session = "naïve"',
        "venues[0].execution.session: expected at most 10 visible ASCII characters, got 'naïve'",
    ),
    (
        "# supervisor_silence_ms_max = 2500",
        "supervisor_silence_ms_max = 3000",
        "venues[0].execution.supervisor_silence_ms_max: expected at least risk.supervisor_age_ms_max (2000), so that",
    ),
    (
        '# placement = "auto"',
        'placement = "custom" #',
        "lanes.placement: expected 1 to 16 [[lanes.lane]] tables, got 0",
    ),
]


@pytest.mark.parametrize(("there", "instead", "refusal"), REFUSALS, ids=[case[2] for case in REFUSALS])
def test_a_wrong_line_is_refused_with_its_number_and_what_was_expected(there: str, instead: str, refusal: str) -> None:
    first, *_ = refused(changed(there, instead))
    assert first.startswith(f"box.toml:{line_with(there)}: {refusal}")


def test_a_missing_limit_is_refused_at_its_table() -> None:
    (refusal,) = refused(EXAMPLE.replace("collar_ppm = 10000", "", 1))
    line = line_with("[instruments.limits]")
    assert refusal == f"box.toml:{line}: instruments[0].limits: expected the key collar_ppm, which has no default"


def test_two_passwords_are_refused() -> None:
    (refusal,) = refused(EXAMPLE.replace('firm = "TICK"', 'firm = "TICK"\npassword = "secret"'))
    assert refusal.endswith("venues[0].execution.password_file: expected exactly one of password and password_file")


def test_a_lane_that_sleeps_for_longer_than_the_supervisor_supposes_is_refused() -> None:
    lane = '[[lanes.lane]]\nname = "hot"\nstages = ["market-data"]\nsleep_us = 1000000\n\n[supervisor]'
    (refusal,) = refused(EXAMPLE.replace("[supervisor]", lane))
    assert refusal.endswith("lanes.lane[0].sleep_us: expected int <= 5000")


def test_a_password_that_the_venue_could_not_spell_is_refused() -> None:
    (refusal,) = refused(EXAMPLE.replace('password_file = "/etc/tickwire/box.password"', 'password = "pässword"'))
    assert refusal.endswith(
        "venues[0].execution.password: expected at most 10 visible ASCII characters, got 'pässword'"
    )


def test_a_core_that_this_machine_lacks_is_refused() -> None:
    (refusal,) = refused(EXAMPLE.replace('# placement = "auto"', 'placement = "single"\ncore = 9 #'))
    assert refusal.endswith("lanes.core: expected a core of this machine (0, 1), got 9")


def test_every_contradiction_is_named_at_once() -> None:
    found = refused(EXAMPLE.replace("imbalance_exit = 0.10", "imbalance_exit = 0.5").replace("password_file", "#"))
    assert [re.sub(r"^box.toml:\d+: ([^:]*):.*", r"\1", line) for line in found] == [
        "venues[0].execution.password_file",
        "venues[0].drop_copy.password_file",
        "instruments[0].signal.imbalance_exit",
    ]


def test_the_shipped_example_parses(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    file.write_text(EXAMPLE)
    assert load(file, CORES).instruments[0].symbol == "AAPL"


def test_every_default_that_the_example_mentions_is_the_default() -> None:
    spelled_out = re.sub(r"^# (?=\w+ = )", "", EXAMPLE, flags=re.MULTILINE)
    assert spelled_out.count("\n# ") < EXAMPLE.count("\n# ")
    assert parse(spelled_out, "box.toml", CORES) == parse(EXAMPLE, "box.toml", CORES)


def test_prices_and_ratios_are_converted_exactly() -> None:
    config = parse(EXAMPLE.replace('edge_min = "0.0050"', "edge_min = 0.0003"), "box.toml", CORES)
    assert config.instruments[0].signal.edge_min == 3
    assert config.instruments[0].signal.imbalance_enter == 400_000
    assert config.instruments[0].limits.order_value_max == 1_000_000 * 10_000


def test_an_endpoint_gives_address_and_port_in_host_order() -> None:
    line = parse(EXAMPLE, "box.toml", CORES).venues[0].market_data.line_a
    assert (line.address, line.port) == (239 << 24 | 200 << 16 | 1 << 8 | 1, 26400)


def test_a_second_instrument_with_the_same_symbol_is_refused() -> None:
    start, end = EXAMPLE.index("[[instruments]]"), EXAMPLE.index("[signal]\n")
    (refusal,) = refused(EXAMPLE[:end] + EXAMPLE[start:end] + EXAMPLE[end:])
    line = line_with("[signal]\n") + 1
    assert refusal == f"box.toml:{line}: instruments[1].symbol: expected each symbol once, AAPL is there already"


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable TOML file"):
        load(tmp_path / "none.toml", CORES)


def test_a_password_comes_from_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("letmein\n")
    config = parse(EXAMPLE.replace("/etc/tickwire/box.password", str(secret)), "box.toml", CORES)
    assert password(config.venues[0].execution) == "letmein"
    for wrong in ("far too long a password", "two words", "pässword", ""):
        secret.write_text(wrong)
        with pytest.raises(ConfigError, match="1 to 10 visible ASCII characters"):
            password(config.venues[0].execution)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "secret"
    secret.write_text("letmein\n")
    secret.chmod(mode)
    config = parse(EXAMPLE.replace("/etc/tickwire/box.password", str(secret)), "box.toml", CORES)
    with pytest.raises(ConfigError, match="only its owner can read"):
        password(config.venues[0].execution)


def test_every_password_of_every_enabled_venue_is_asked_for_at_the_start(tmp_path: Path) -> None:
    for name in ("box", "drop-copy"):
        (tmp_path / f"{name}.password").touch(mode=0o600)
        (tmp_path / f"{name}.password").write_text("letmein")
    text = EXAMPLE.replace("/etc/tickwire", str(tmp_path))
    check_passwords(parse(text, "box.toml", CORES))
    (tmp_path / "drop-copy.password").chmod(0o644)
    with pytest.raises(ConfigError, match=r"drop-copy.password:1: expected a file that only its owner"):
        check_passwords(parse(text, "box.toml", CORES))


def test_a_secret_that_never_ends_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_bytes(b"x" * 5000)
    with pytest.raises(ConfigError, match="expected at most 4096 bytes"):
        read_secret(tmp_path / "token")
