"""Every limit of the configuration has a path, a direction, and bounds that the configuration would take, too."""

from typing import Any

import msgspec
import pytest
from config_text import CORES, TWO_VENUES

from tickwire.config import parse
from tickwire.config.breakers import Breaker
from tickwire.config.effective import limit_values, with_limits
from tickwire.config.identities import Account, Strategy, Trader
from tickwire.config.instruments import InstrumentLimits
from tickwire.config.limits import Risk
from tickwire.services.limit_paths import KINDS, declare, limit_of

SECTIONS: dict[str, Any] = {
    "instruments": InstrumentLimits,
    "accounts": Account,
    "strategies": Strategy,
    "traders": Trader,
    "breakers": Breaker,
    "risk": Risk,
}
CONFIG = parse(TWO_VENUES, "box.toml", CORES)


def test_every_limit_of_the_configuration_can_be_changed_and_no_other() -> None:
    values = limit_values(CONFIG)
    declared = declare(values)
    assert all(declared[path].is_valid(value) for path, value in values.items())
    names = {(path.partition(".")[0], path.rpartition(".")[2]) for path in values}
    assert names == {(kind, name) for kind, limits in KINDS.items() for name in limits}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, limits in KINDS.items() for name in limits])
def test_what_may_be_set_is_what_the_configuration_takes(kind: str, name: str) -> None:
    fields = {field.name: field.type for field in msgspec.inspect.type_info(SECTIONS[kind]).fields}
    limit, stated = KINDS[kind][name], fields[name]
    if isinstance(stated, msgspec.inspect.IntType):
        assert limit.low >= (stated.ge if stated.ge is not None else 0) or limit.none is not None
        assert limit.high <= (stated.le if stated.le is not None else 2**63)
    elif isinstance(stated, msgspec.inspect.LiteralType):
        assert set(limit.choices) == set(stated.values)
    elif isinstance(stated, msgspec.inspect.BoolType):
        assert set(limit.choices) == {True, False}
    else:
        assert limit.scale == 10_000  # a price


@pytest.mark.parametrize("path", sorted(limit_values(CONFIG)))
def test_the_loosest_and_the_tightest_value_fit_into_a_configuration(path: str) -> None:
    limit = limit_of(path)
    for value in limit.choices or (limit.low, limit.high):
        assert limit.parse(limit.show(value)) == value
        assert limit_values(with_limits(CONFIG, {path: value}))[path] == value
