"""Test and production never in one file."""

from config_text import CORES, EXAMPLE, changed, refused

from tickwire.config import parse

PRODUCTION = EXAMPLE.replace('# environment = "test" ', 'environment = "production"', 1)


def both(text: str = EXAMPLE) -> str:
    return text.replace('# environment = "test" ', 'environment = "production"')


def test_a_production_box_refuses_a_test_venue() -> None:
    assert ['expected "production"' in line for line in refused(PRODUCTION)] == [True]


def test_a_test_box_refuses_a_production_venue_even_a_disabled_one() -> None:
    text = changed("# enabled = true", 'environment = "production"\nenabled = false\n#')
    assert any('venues[0].environment: expected "test"' in line for line in refused(text))


def test_a_box_and_its_venues_may_all_be_production() -> None:
    config = parse(both(), "box.toml", CORES)
    assert (config.box.environment, config.venues[0].environment) == ("production", "production")


def test_what_is_not_said_is_a_test() -> None:
    config = parse(EXAMPLE, "box.toml", CORES)
    assert (config.box.environment, config.venues[0].environment) == ("test", "test")


def test_production_must_learn_of_a_silence_within_five_seconds() -> None:
    text = (
        both()
        .replace("# stale_ms = 1000 ", "stale_ms = 4501 ")
        .replace("# silence_cancel_ms = 3000 ", "silence_cancel_ms = 4501 ")
    )
    assert ["at most 4500 in production" in line for line in refused(text)] == [True, True]
