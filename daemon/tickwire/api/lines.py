"""One order, fill, position or routing decision as an answer: names instead of numbers."""

from collections.abc import Mapping
from typing import Any

from tickwire.api import answers, evidence_answers
from tickwire.api.collaborators import Execution, Order
from tickwire.api.scopes import Directory
from tickwire.native import enum_names, lib

SIDES = {lib.SIDE_BUY: "buy", lib.SIDE_SELL: "sell"}
FEE_PER_PRICE = 100  # fees are in 1/1 000 000, prices in 1/10 000
PositionKey = tuple[int | None, int | None, int | None, int | None]  # instrument, strategy, account, venue


class Lines:
    """Puts into words."""

    def __init__(self, directory: Directory, traders: Mapping[int, str]) -> None:
        """traders: their names by number."""
        self._directory = directory
        self._traders = traders
        self._order_types = _words("order_type", "ORDER_TYPE_")
        self._times_in_force = _words("time_in_force", "TIF_")

    def order(self, order: Order) -> answers.OrderLine:
        """An order of the blotter."""
        name = self._directory.name
        return answers.OrderLine(
            order_id=order.order_id,
            parent_id=order.parent_id,
            venue=name("venue", order.venue),
            instrument=name("instrument", order.instrument),
            account=name("account", order.account),
            strategy=name("strategy", order.strategy),
            trader=self._traders.get(order.trader) or str(order.trader or ""),
            trader_number=order.trader,
            side=SIDES.get(order.side, ""),
            quantity=order.quantity,
            executed=order.executed,
            leaves=order.leaves,
            price_1e4=order.price,
            average_price_1e4=order.average_price,
            decision_price_1e4=order.decision_price,
            order_type=self._order_types.get(order.order_type, str(order.order_type)),
            order_type_number=order.order_type,
            time_in_force=self._times_in_force.get(order.time_in_force, str(order.time_in_force)),
            time_in_force_number=order.time_in_force,
            state=order.state,
            slippage_1e4=order.slippage_value,
            slippage_bps=order.slippage,
            tick=order.tick,
            sent_ns=order.sent_ns,
            report_ns=order.report_ns,
            reason=str(order.reason),
        )

    def fill(self, fill: Execution, profit: Any) -> answers.FillLine:
        """A fill, and what the ledger knows of it; None: nothing."""
        name = self._directory.name
        return answers.FillLine(
            order_id=fill.order_id,
            match_number=fill.match_number,
            venue=name("venue", fill.venue),
            instrument=name("instrument", fill.instrument),
            account=name("account", fill.account),
            strategy=name("strategy", fill.strategy),
            side=SIDES.get(fill.side, ""),
            quantity=fill.quantity,
            price_1e4=fill.price,
            liquidity=fill.liquidity,
            venue_ns=fill.venue_ns,
            report_ns=fill.report_ns,
            replayed=fill.replayed,
            realised_1e4=profit.realised_average if profit else None,
            realised_fifo_1e4=profit.realised_fifo if profit else None,
            unrealised_1e4=profit.unrealised if profit else None,
            fee_1e6=profit.fee if profit else None,
        )

    def position(self, key: PositionKey, position: Any) -> answers.PositionLine:
        """A position, or a sum over what is None in key; shares of several instruments are not added up."""
        names = {
            scope: "" if index is None else self._directory.name(scope, index)  # type: ignore[arg-type]
            for scope, index in zip(("instrument", "strategy", "account", "venue"), key, strict=True)
        }
        one = key[0] is not None
        return answers.PositionLine(
            **names,
            quantity=position.quantity if one else None,
            average_cost_1e4=position.average_cost,
            cost_per_share_1e4=_per_share(position.average_cost, position.quantity) if one else None,
            fifo_cost_1e4=position.fifo_cost,
            realised_1e4=position.realised_average,
            realised_fifo_1e4=position.realised_fifo,
            unrealised_1e4=position.unrealised,
            fees_1e6=position.fees,
            high_water_mark_1e4=position.high_water_mark,
            drawdown_1e4=position.drawdown,
            mark_1e4=position.mark,
            mark_age_ns=position.mark_age_ns,
            stale=position.stale,
        )

    def decision(self, decision: Any) -> evidence_answers.DecisionLine:
        """What the router saw and chose."""
        return evidence_answers.DecisionLine(
            parent_id=decision.parent_id,
            number=decision.number,
            decided_ns=decision.decided_ns,
            instrument=self._directory.name("instrument", decision.instrument),
            side=SIDES.get(decision.side, ""),
            policy=decision.policy,
            wanted=decision.wanted,
            limit_1e4=decision.limit,
            venues=[
                evidence_answers.ShownLine(
                    venue=self._directory.name("venue", shown.venue),
                    states=list(shown.states),
                    bid_1e4=shown.bid,
                    bid_quantity=shown.bid_quantity,
                    ask_1e4=shown.ask,
                    ask_quantity=shown.ask_quantity,
                    fee_1e6=shown.fee,
                    net_1e6=_net(decision, shown),
                    chosen=shown.chosen,
                )
                for shown in decision.venues
            ],
        )


def _words(enum: str, prefix: str) -> dict[int, str]:
    return {value: name.replace("_", "-") for name, value in enum_names(enum, prefix).items() if name != "count"}


def _per_share(cost: int, quantity: int) -> int | None:
    """Rounded to the nearest; both have one sign."""
    return (2 * abs(cost) + abs(quantity)) // (2 * abs(quantity)) if quantity else None


def _net(decision: Any, shown: Any) -> int | None:
    """Price after the fee in 1/1 000 000: of a post where it rests, else of what would be taken; None without one."""
    buys = decision.side == lib.SIDE_BUY
    price = decision.limit if decision.policy == "post" else shown.ask if buys else shown.bid
    return None if not price else price * FEE_PER_PRICE + (shown.fee if buys else -shown.fee)
