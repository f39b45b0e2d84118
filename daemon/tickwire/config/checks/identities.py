"""Accounts, traders, strategies, and the limits of the firm around them."""

from collections.abc import Iterator

from tickwire.config.checks.problem import Problem, known, once, permitting
from tickwire.config.identities import Account, Strategy
from tickwire.config.limits import Risk
from tickwire.config.lines import Path
from tickwire.config.model import Config


def problems(config: Config) -> Iterator[Problem]:
    """What accounts, traders, strategies and the firm's limits contradict."""
    for table in ("accounts", "traders", "strategies"):
        entries = list(enumerate(getattr(config, table)))
        yield from once(f"name of {table}", (((table, index, "name"), entry.name) for index, entry in entries))
        yield from once(f"number of {table}", (((table, index, "number"), entry.number) for index, entry in entries))
    for index, account in enumerate(config.accounts):
        yield from _exposures(("accounts", index), account)
        yield from permitting(("accounts", index, "credit_max"), account.credit_max)
    for index, strategy in enumerate(config.strategies):
        yield from _exposures(("strategies", index), strategy)
        yield from _strategy(("strategies", index), strategy, config)
    yield from known(("signal", "strategy"), "a strategy", config.signal.strategy, _names(config.strategies))
    yield from _firm(config.risk)


def _names(entries: tuple[Strategy, ...]) -> list[str]:
    return [entry.name for entry in entries]


def _exposures(here: Path, limits: Account | Strategy | Risk) -> Iterator[Problem]:
    yield from permitting((*here, "gross_exposure_max"), limits.gross_exposure_max)
    yield from permitting((*here, "net_exposure_max"), limits.net_exposure_max)
    if limits.net_exposure_max > limits.gross_exposure_max:
        yield (*here, "net_exposure_max"), "expected at most gross_exposure_max"


def _strategy(here: Path, strategy: Strategy, config: Config) -> Iterator[Problem]:
    yield from known((*here, "account"), "an account", strategy.account, [item.name for item in config.accounts])
    yield from known((*here, "trader"), "a trader", strategy.trader, [item.name for item in config.traders])
    if not strategy.venue:
        if strategy.route == "direct":
            yield (*here, "route"), "expected venue with it: where its orders go"
        return
    enabled = [config.venues[index].name for index in config.enabled_venues]
    yield from known((*here, "venue"), "an enabled venue", strategy.venue, enabled)


def _firm(risk: Risk) -> Iterator[Problem]:
    yield from _exposures(("risk",), risk)
    yield from permitting(("risk", "credit_max"), risk.credit_max)
    if risk.message_burst_max > risk.message_rate_max:
        yield ("risk", "message_burst_max"), f"expected at most message_rate_max ({risk.message_rate_max})"
    if risk.message_burst_window_ms >= risk.message_window_ms:
        yield ("risk", "message_burst_window_ms"), f"expected less than message_window_ms ({risk.message_window_ms})"
