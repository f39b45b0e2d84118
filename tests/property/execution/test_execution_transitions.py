"""The one table of an order's states, in full, against the rules it was made from."""

import itertools

import pytest

from tickwire.native import ffi, lib

OPEN = {lib.ORDER_SENT, lib.ORDER_LIVE}
STATES = range(lib.ORDER_NONE, lib.ORDER_REPLACED + 1)
EVENTS = range(lib.ORDER_EVENT_COUNT)
NAMES = [ffi.typeof("enum order_event").elements[event].removeprefix("ORDER_EVENT_") for event in EVENTS]
LEGAL, FEARED, REFUSED = lib.ORDER_STEP_LEGAL, lib.ORDER_STEP_FEARED, lib.ORDER_STEP_REFUSED

ACCEPT = {
    lib.ORDER_EVENT_ACCEPT_LIVE: lib.ORDER_LIVE,
    lib.ORDER_EVENT_ACCEPT_DONE: lib.ORDER_FILLED,
    lib.ORDER_EVENT_ACCEPT_DEAD: lib.ORDER_CANCELED,
}
FILL = (lib.ORDER_EVENT_FILL_PART, lib.ORDER_EVENT_FILL_LAST, lib.ORDER_EVENT_FILL_OVER)
CANCEL = (lib.ORDER_EVENT_CANCEL_PART, lib.ORDER_EVENT_CANCEL_LAST, lib.ORDER_EVENT_CANCEL_OVER)


def possible(state: int, answered: bool) -> bool:
    """Whether an order can be so at all: live and rejected are answers, none and sent are not."""
    if state in (lib.ORDER_LIVE, lib.ORDER_REJECTED):
        return answered
    return not answered or state not in (lib.ORDER_NONE, lib.ORDER_SENT)


def taken(state: int, part: tuple[int, int, int], event: int, done: int) -> tuple[int, int]:
    """Shares leave an order: a fact; legal of a live order, and no more of it than was left."""
    if state not in OPEN:
        return state, FEARED
    after = state if event == part[0] else done
    return after, LEGAL if state == lib.ORDER_LIVE and event != part[2] else FEARED


def described(state: int, answered: bool, event: int) -> tuple[int, int]:
    """The venue says what an order is: once, and what was said of it before stands."""
    if answered:
        return (ACCEPT[event], FEARED) if state == lib.ORDER_REJECTED else (state, REFUSED)
    if state == lib.ORDER_REPLACED:
        return state, LEGAL
    if state in (lib.ORDER_FILLED, lib.ORDER_CANCELED) and event != lib.ORDER_EVENT_ACCEPT_LIVE:
        return state, LEGAL
    return ACCEPT[event], LEGAL


def ours(state: int, event: int) -> tuple[int, int]:
    """What this side does with an order."""
    before, after = (lib.ORDER_NONE, lib.ORDER_SENT)[:: 1 if event == lib.ORDER_EVENT_ENTER else -1]
    return (after, LEGAL) if state == before else (state, REFUSED)


def ended(state: int, answered: bool, event: int) -> tuple[int, int]:
    """Rejected, replaced by another."""
    if event == lib.ORDER_EVENT_RETIRE:
        return (lib.ORDER_REPLACED, LEGAL) if state in OPEN else (state, FEARED)
    if state not in (lib.ORDER_NONE, lib.ORDER_SENT):
        return state, REFUSED
    return lib.ORDER_REJECTED, LEGAL if event == lib.ORDER_EVENT_REJECT else FEARED


def noticed(state: int, event: int) -> tuple[int, int]:
    """What only an open order can hear of."""
    if state not in OPEN or event == lib.ORDER_EVENT_REDUCE_WRONG:
        return state, REFUSED
    return (lib.ORDER_CANCELED if event == lib.ORDER_EVENT_REDUCE_ALL else state), LEGAL


def reference(state: int, answered: bool, event: int) -> tuple[int, int]:
    """(state after, verdict) by the rules."""
    if not possible(state, answered):
        return state, REFUSED
    if event in (lib.ORDER_EVENT_ENTER, lib.ORDER_EVENT_SETTLE):
        return ours(state, event)
    if event in ACCEPT:
        return described(state, answered, event)
    if event in FILL:
        return taken(state, FILL, event, lib.ORDER_FILLED)
    if event in CANCEL:
        done = state not in OPEN and state != lib.ORDER_NONE
        return (state, REFUSED) if done else taken(state, CANCEL, event, lib.ORDER_CANCELED)
    if event in (lib.ORDER_EVENT_RETIRE, lib.ORDER_EVENT_REJECT, lib.ORDER_EVENT_REJECT_TRADED):
        return ended(state, answered, event)
    if event in (lib.ORDER_EVENT_BREAK, lib.ORDER_EVENT_BREAK_UNTRADED):
        return state, LEGAL if event == lib.ORDER_EVENT_BREAK else FEARED
    return noticed(state, event)


@pytest.mark.parametrize("event", EVENTS, ids=NAMES)
def test_every_state_answers_an_event_as_the_rules_say(event: int) -> None:
    for state, answered in itertools.product(STATES, (False, True)):
        step = lib.order_transition(state, answered, event)
        assert (step.state, step.verdict) == reference(state, answered, event), (state, answered)


def test_what_is_no_state_or_event_is_refused() -> None:
    for state, event in ((lib.ORDER_REPLACED + 1, 0), (lib.ORDER_SENT, lib.ORDER_EVENT_COUNT)):
        step = lib.order_transition(state, 0, event)
        assert (step.state, step.verdict) == (state, REFUSED)


def test_an_order_that_ended_comes_back_only_by_the_venue_s_description_of_it() -> None:
    for state, answered, event in itertools.product(STATES, (False, True), EVENTS):
        if state not in OPEN and lib.order_transition(state, answered, event).state in OPEN:
            assert event == lib.ORDER_EVENT_ACCEPT_LIVE or (state, event) == (lib.ORDER_NONE, lib.ORDER_EVENT_ENTER)


def test_nothing_that_is_refused_changes_anything() -> None:
    for state, answered, event in itertools.product(STATES, (False, True), EVENTS):
        step = lib.order_transition(state, answered, event)
        assert step.verdict != REFUSED or step.state == state
