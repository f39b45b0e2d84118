"""Whatever people, clocks, restarts and disks do: no limit is looser than two people, or its own past, allow."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from desk import Time
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tickwire.services.limit_book import LimitBook
from tickwire.services.limit_change import Governance
from tickwire.services.limit_lease import Clocks
from tickwire.services.limit_paths import RefusedError, Value, declare, limit_of
from tickwire.services.limit_store import LimitStore

PATHS = ["instruments.AAPL.position_max", "risk.order_window_ms", "instruments.AAPL.restricted"]
PEOPLE = st.sampled_from(["ann", "bob", "Bob ", "cat"])
ROLES = st.sampled_from(["viewer", "trader", "risk-officer"])
NUMBERS = st.integers(1, 9)
SECONDS = st.integers(-40, 40)


def value_for(path: str, number: int) -> Value:
    return number > 4 if path.endswith("restricted") else number


class Limits(RuleBasedStateMachine):
    """Watches the limits in force over every step, and knows which steps may loosen one."""

    @initialize(numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS), approval=st.sampled_from(["loosening", "all"]))
    def begin(self, numbers: tuple[int, ...], approval: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tickwire-limits-", dir="/dev/shm"))
        self.wall, self.elapsed, self.boot = Time(10**18), Time(0), 0
        self.governance = Governance(approval, override_s_max=30, proposal_s_max=30)
        self.configured = {path: value_for(path, number) for path, number in zip(PATHS, numbers, strict=True)}
        self.book = self.start()
        self.lent: dict[str, tuple[int, int]] = {}  # until when since boot, and which boot
        self.seen = dict(self.book.effective())
        self.stood = dict(self.seen)

    def start(self) -> LimitBook:
        clocks = Clocks(self.wall, self.elapsed, str(self.boot))
        return LimitBook(declare(PATHS), self.configured, LimitStore(self.folder), self.governance, clocks)

    def look(self, may_loosen: str = "", returned: bool = False) -> None:
        """No limit but may_loosen is looser than at the last look; returned: except to what stood then already."""
        now = dict(self.book.effective())
        stands = {path: self.standing(path) for path in PATHS}
        for path in PATHS:
            rank = limit_of(path).rank
            if path == may_loosen:
                continue
            assert rank(stands[path]) <= rank(self.stood[path])
            if rank(now[path]) > rank(self.seen[path]):
                assert returned and now[path] == stands[path]
        self.seen, self.stood = now, stands

    @rule(path=st.sampled_from(PATHS), number=NUMBERS, who=PEOPLE, role=ROLES, lasts=st.none() | st.integers(1, 30))
    def propose_alone(self, path: str, number: int, who: str, role: str, lasts: int | None) -> None:
        value = value_for(path, number)
        before = self.seen[path]
        try:
            change = self.book.propose(who, role, path, value, "because", expires_s=lasts)
        except RefusedError:
            self.look()
            return
        assert change.state != "waiting" or (change.loosens and role == "risk-officer")
        assert change.state == "waiting" or limit_of(path).rank(value) <= limit_of(path).rank(before)
        self.look()
        assert self.seen[path] == (before if change.state == "waiting" else value)

    @rule(who=PEOPLE, role=ROLES, data=st.data())
    def approve(self, who: str, role: str, data: st.DataObject) -> None:
        pending = self.book.pending()
        if not pending:
            return
        change = data.draw(st.sampled_from(pending))
        try:
            done = self.book.approve(change.id, who, role)
        except RefusedError:
            self.look()
            return
        assert role == "risk-officer" and who.strip().lower() != change.who.strip().lower()
        self.look(may_loosen=change.path)
        if change.state == "waiting":
            assert self.seen[change.path] == done.new
            self.lent[change.path] = (self.elapsed() + done.expires_s * 10**9, self.boot)

    @rule(who=PEOPLE, role=ROLES, data=st.data())
    def reject(self, who: str, role: str, data: st.DataObject) -> None:
        pending = self.book.pending()
        if pending:
            try:
                self.book.reject(data.draw(st.sampled_from(pending)).id, who, role, "because")
            except RefusedError:
                assert role != "risk-officer"
            self.look()

    @rule(seconds=st.integers(0, 40))
    def pass_time(self, seconds: int) -> None:
        self.wall.pass_s(seconds)
        self.elapsed.pass_s(seconds)
        self.look(returned=True)

    @rule(path=st.sampled_from(PATHS), number=NUMBERS, lasts=st.integers(5, 30))
    def lend(self, path: str, number: int, lasts: int) -> None:
        """Two people agree on an override."""
        before = self.seen[path]
        try:
            change = self.book.propose("ann", "risk-officer", path, value_for(path, number), "x", "bob", lasts)
        except RefusedError:
            return
        self.lent[path] = (self.elapsed() + lasts * 10**9, self.boot)
        self.look(may_loosen=path)
        assert change.old == before and self.seen[path] == change.new

    @rule(seconds=SECONDS)
    def step_clock(self, seconds: int) -> None:
        self.wall.pass_s(seconds)
        self.look(returned=True)

    @rule(data=st.data(), reboot=st.booleans(), seconds=SECONDS)
    def restart(self, data: st.DataObject, reboot: bool, seconds: int) -> None:
        if reboot:
            self.boot += 1
            self.elapsed.now_ns = 0
        self.wall.pass_s(seconds)
        numbers = data.draw(st.tuples(NUMBERS, NUMBERS, NUMBERS))
        self.configured = {path: value_for(path, number) for path, number in zip(PATHS, numbers, strict=True)}
        self.book = self.start()
        self.look(returned=True)
        for path, value in self.configured.items():
            assert limit_of(path).rank(self.standing(path)) <= limit_of(path).rank(value)

    @rule(name=st.sampled_from(["limits.json", "limits.jsonl"]), cut=st.integers(0, 400), data=st.data())
    def damage_and_restart(self, name: str, cut: int, data: st.DataObject) -> None:
        """One of the two files is torn, or gone: the other one knows."""
        path = self.folder / name
        content = path.read_bytes() if path.exists() else b""
        if data.draw(st.booleans()):
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content[: max(0, len(content) - cut)])
        tight = dict(self.seen)
        self.book = self.start()
        self.look()
        for each in PATHS:
            assert limit_of(each).rank(self.seen[each]) <= limit_of(each).rank(tight[each])

    @invariant()
    def what_is_lent_ends(self) -> None:
        if not hasattr(self, "book"):
            return
        for view in self.book.views():
            value, standing = limit_of(view.path).parse(view.effective), self.standing(view.path)
            if limit_of(view.path).rank(value) > limit_of(view.path).rank(standing):
                assert 0 <= view.override_ends_ns - self.wall() <= 90 * 10**9
                assert view.override_ends_ns > self.wall()
                until_ns, boot = self.lent[view.path]
                assert boot != self.boot or self.elapsed() < until_ns

    def standing(self, path: str) -> Value:
        text = {view.path: view.standing for view in self.book.views()}[path]
        return limit_of(path).parse(text)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestLimits = Limits.TestCase
TestLimits.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
