"""Venues, identities, limits, breakers and operators in the configuration: how contradictions are refused."""

import re

import pytest
from config_text import CORES, EXAMPLE, SECOND_VENUE, TWO_VENUES, changed, line_with, refused

from tickwire.config import parse

PERSON = """[[operators.people]]
name = "bob"
role = "risk-officer"
token_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"""

# What stands there, what a person might write instead, and the refusal of it after FILE:LINE.
REFUSALS = [
    (
        'account = "HOUSE"',
        'account = "HOSE"',
        "strategies[0].account: expected the name of an account (HOUSE), got 'HO",
    ),
    ('trader = "alice"', 'trader = "bob"', "strategies[0].trader: expected the name of a trader (alice), got 'bob'"),
    ('venue = "A"', 'venue = "Z"', "strategies[0].venue: expected the name of an enabled venue (A), got 'Z'"),
    ('venue = "A"  ', "#", "strategies[0].route: expected venue with it: where its orders go"),
    ("number = 1\n# permitted", "number = 16\n# permitted", "traders[0].number: expected int <= 15"),
    ("number = 1\naccount", "number = 0\naccount", "strategies[0].number: expected int >= 1"),
    ('mic = "XPA1"', 'mic = "XPA"', "venues[0].mic: expected a market identifier code of 4 characters, got 'XPA'"),
    ('fee_taker = "0.0030"', "fee_taker = 30", "venues[0].fee_taker: expected a fee a share of less than 1"),
    ('fee_maker = "-0.0020"', "fee_maker = 0.00000001", "venues[0].fee_maker: expected a fee a share with at most six"),
    ("# enabled = true   ", "enabled = false #", "venues[0].enabled: expected a venue that is enabled"),
    ('# order_types = ["limit", ', "order_types = [", 'venues[0].order_types: expected "limit" among them'),
    ("# reconnect_jitter = 0.2", "reconnect_jitter = 1.5", "venues[0].execution.reconnect_jitter: expected a ratio"),
    ("# silence_cancel_ms = 3000", "silence_cancel_ms = 900", "venues[0].execution.silence_cancel_ms: expected more t"),
    ("127.0.0.1:26420", "127.0.0.1:26410", "venues[0].drop_copy.endpoint: expected another port than the order sess"),
    ('username = "BOX1DC"', 'usrname = "B"', "venues[0].drop_copy.usrname: expected a known key (nearest: username)"),
    ("net_exposure_max = 3000000", "net_exposure_max = 7000000", "risk.net_exposure_max: expected at most gross_"),
    (
        "credit_max = 30000000",
        "credit_max = 0",
        "risk.credit_max: expected an amount greater than 0: 0 permits nothing",
    ),
    ("message_burst_max = 20", "message_burst_max = 200", "risk.message_burst_max: expected at most message_rate_max"),
    ("message_burst_window_ms = 10", "message_burst_window_ms = 1000", "risk.message_burst_window_ms: expected less"),
    ("repeated_executions_max = 200", "repeated_executions_max = 257", "strategies[0].repeated_executions_max: expect"),
    ('# short_sale = "deny"', 'short_sale = "allow" #', "instruments[0].limits.short_sale: expected locate_quantity"),
    ("# locate_quantity = 0", "locate_quantity = 9", "instruments[0].limits.locate_quantity: expected only with short"),
    ('# tick_size = "0.01"', 'tick_size = "0"', "instruments[0].limits.tick_size: expected a price greater than 0"),
    ('spread_max = "0.25"', 'spread_max = "0.255"', "instruments[0].signal.spread_max: expected a multiple of limits."),
    ("exposure_max = 1500000", "exposure_max = 9", "instruments[0].limits.exposure_max: expected at least order_value"),
    ("# override_s_max = 28800", "override_s_max = 86401", "limits.override_s_max: expected int <= 86400"),
    ('# approval = "loosening"', 'approval = "maybe"', "limits.approval: expected one of none, loosening, all, got 'm"),
    ('# name = ""', 'name = "A"', 'breakers[0].name: expected only with scope "venue" or "strategy"'),
    ('scope = "venue"', 'scope = "venue"\nname = "B"', "breakers[1].name: expected the name of a venue (A), got 'B'"),
    ('scope = "strategy"', 'scope = "strategy"\nname = "x"', "breakers[2].name: expected the name of a strategy (imb"),
    ('trigger = "reject-rate"', 'trigger = "latency"', 'breakers[2].trigger: expected scope "firm" or "venue" with l'),
    ("threshold = 3\n", "threshold = 2.5\n", "breakers[1].threshold: expected a whole number with disconnects"),
    ("threshold = 20000", "threshold = -1", "breakers[0].threshold: expected more than 0"),
    ("# interval_s = 300", "interval_s = 0", "reconciliation.interval_s: expected int >= 1"),
    ('# http = "127.0.0.1:0"', 'http = "0.0.0.0:80"', 'operators.http: expected a loopback address ("127.0.0.1:port")'),
    ('# zeromq = ""', 'zeromq = "tcp://127.0.0.1:99"', "operators.zeromq: expected a person with curve_public: nobody"),
    ('# socket = ""', f'socket = "/{"x" * 107}"', "operators.socket: expected a path of at most 107 bytes"),
]


@pytest.mark.parametrize(("there", "instead", "refusal"), REFUSALS, ids=[case[2] for case in REFUSALS])
def test_a_wrong_line_is_refused_with_its_number_and_what_was_expected(there: str, instead: str, refusal: str) -> None:
    found = refused(changed(there, instead))
    assert any(re.fullmatch(rf"box.toml:\d+: {re.escape(refusal)}.*", line) for line in found), found


@pytest.mark.parametrize(
    "key",
    [
        *("gross_exposure_max = 5000000", "credit_max = 20000000", "open_orders_max = 40"),
        *("orders_per_window_max = 50", "repeated_executions_max = 200", "repeated_window_ms = 60000"),
        *("exposure_max = 1500000", "collar_ticks = 100", "collar_last_ppm = 20000", "orders_per_window_max = 20"),
        *("message_burst_max = 20", "message_burst_window_ms = 10", "net_exposure_max = 3000000", "duplicate_max = 1"),
    ],
)
def test_no_limit_has_a_default(key: str) -> None:
    (refusal,) = refused(changed(key, "#"))
    assert refusal.endswith(f"expected the key {key.split()[0]}, which has no default")


def test_the_line_of_a_table_within_a_table_is_the_one_named() -> None:
    (refusal,) = refused(changed("threshold = 3\n", "threshold = -3\n"))
    assert refusal == f"box.toml:{line_with('threshold = 3' + chr(10))}: breakers[1].threshold: expected more than 0"


def test_two_venues_that_share_nothing_are_accepted_and_found_by_name() -> None:
    config = parse(TWO_VENUES, "box.toml", CORES)
    assert [config.venue_index(name) for name in ("A", "B")] == [0, 1]
    assert config.enabled_venues == (0, 1)
    assert (config.venues[1].fee_taker, config.venues[1].fee_maker) == (3000, -2000)


@pytest.mark.parametrize(
    ("there", "instead", "refusal"),
    [
        ('name = "B"', 'name = "A"', "venues[1].name: expected each venue once, A is there already"),
        ("XPB1", "XPA1", "venues[1].mic: expected each mic once, XPA1 is there already"),
        ("127.0.0.1:26510", "127.0.0.1:26410", "venues[1].execution.username: expected each order session once"),
        ("239.200.1.2:26501", "239.200.1.1:26400", "venues[1].market_data.line_b: expected each line once"),
        ('symbol = "AAPL"', 'symbol = "AAPL"\nlocate = 7', "instruments[0].locate: expected 0 with several venues"),
    ],
)
def test_two_venues_that_share_what_only_one_can_have_are_refused(there: str, instead: str, refusal: str) -> None:
    assert there in TWO_VENUES
    assert any(refusal in line for line in refused(TWO_VENUES.replace(there, instead, 1)))


def test_two_venues_cannot_take_one_af_xdp_queue() -> None:
    text = TWO_VENUES.replace('backend = "socket"', 'backend = "af_xdp"')
    assert any("market_data.queue: expected each AF_XDP queue once, queue 0 of lo" in line for line in refused(text))


def test_more_venues_than_the_segment_has_room_for_are_refused() -> None:
    (refusal,) = refused(EXAMPLE.replace("[[accounts]]", SECOND_VENUE * 4 + "[[accounts]]", 1))
    assert "venues: expected array of length <= 4" in refusal


def test_a_strategy_of_a_disabled_venue_is_refused() -> None:
    start = TWO_VENUES.index('name = "B"')
    text = TWO_VENUES[:start] + TWO_VENUES[start:].replace("# enabled = true", "enabled = false #", 1)
    config = parse(text, "box.toml", CORES)
    assert config.enabled_venues == (0,)
    assert any(
        "expected the name of an enabled venue (A), got 'B'" in line
        for line in refused(text.replace('venue = "A"', 'venue = "B"'))
    )


@pytest.mark.parametrize(("named", "home"), [('venue = "B"', 1), ("#", 0)])
def test_a_routed_strategy_watches_the_venue_it_names_or_else_the_first(named: str, home: int) -> None:
    text = TWO_VENUES.replace('# route = "direct" ', 'route = "smart" #').replace('venue = "A"  ', named)
    config = parse(text, "box.toml", CORES)
    assert config.home_venue(config.strategy("imbalance")) == home


def test_one_venue_is_enough_for_a_routed_strategy() -> None:
    config = parse(changed('# route = "direct" ', 'route = "smart" #'), "box.toml", CORES)
    assert config.strategy("imbalance").route == "smart"


@pytest.mark.parametrize(("table", "key"), [("accounts", "name"), ("traders", "number"), ("strategies", "number")])
def test_an_identity_is_given_out_once(table: str, key: str) -> None:
    start = EXAMPLE.index(f"[[{table}]]")
    end = EXAMPLE.index("\n\n", start) + 2
    found = refused(EXAMPLE[:end] + EXAMPLE[start:end] + EXAMPLE[end:])
    assert any(f"{table}[1].{key}: expected each {key} of {table} once" in line for line in found)


def test_one_breaker_is_not_written_twice() -> None:
    (refusal,) = refused(
        changed('scope = "strategy"\ntrigger', 'scope = "venue"\ntrigger').replace('"reject-rate"\n', '"disconnects"\n')
    )
    assert refusal.endswith(
        "breakers[2].trigger: expected each breaker once, disconnects stop-new of venue (each) is there already"
    )


def test_a_threshold_is_money_or_a_count_as_its_trigger_has_it() -> None:
    loss, disconnects, _ = parse(EXAMPLE, "box.toml", CORES).breakers
    assert (loss.limit, disconnects.limit) == (200_000_000, 3)


@pytest.mark.parametrize(
    ("there", "instead", "refusal"),
    [
        ("9f86", "9F86", "operators.people[0].token_sha256: expected 64 hexadecimal digits, not the token itself, got"),
        ("9f86", "", "operators.people[0].token_sha256: expected 64 hexadecimal digits"),
        (
            "token_sha256 =",
            "# token_sha256 =",
            "operators.people[0]: expected token_sha256 or curve_public: nobody cou",
        ),
        (
            '"risk-officer"',
            '"boss"',
            "operators.people[0].role: expected one of viewer, trader, risk-officer, got 'boss'",
        ),
        (
            "token_sha256 =",
            "curve_public =",
            "operators.people[0].curve_public: expected a public key of 40 characters",
        ),
    ],
)
def test_a_person_who_could_not_be_known_is_refused(there: str, instead: str, refusal: str) -> None:
    found = refused(EXAMPLE + PERSON.replace(there, instead, 1))
    assert any(refusal in line for line in found), found


def test_two_people_do_not_share_a_token() -> None:
    found = refused(EXAMPLE + PERSON + PERSON.replace("bob", "carol"))
    assert "operators.people[1].token_sha256: expected each token once" in found[0]
    assert len(parse(EXAMPLE + PERSON, "box.toml", CORES).operators.people) == 1


def test_paths_of_the_operators_stand_in_the_state_directory_unless_said_otherwise() -> None:
    config = parse(EXAMPLE, "box.toml", CORES)
    assert str(config.operator_socket) == "/var/lib/tickwire/box/operator.sock"
    assert str(config.operator_keys_dir) == "/var/lib/tickwire/box/keys"
    other = parse(changed('# socket = ""', 'socket = "/run/box.sock" #'), "box.toml", CORES)
    assert str(other.operator_socket) == "/run/box.sock"
