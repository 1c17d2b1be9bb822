# SPDX-License-Identifier: ISC
"""Tests marked `in_guest` are run by a pytest inside a guest, and reported as if they ran here.

    host                                           guest
    ----                                           -----
    before the first such test: boots the guest,   pytest, with those tests that
    with all such tests that were selected         the host's pytest selected
    for each: waits for its reports, hands   <---  each report is a line of
    them to pytest                                 DIRECTORY/reports
    at the end: the guest must have ended          powers off

So selection (-k), results, tracebacks and times are as for any other test. What
a failed test leaves (logs, captures) is in DIRECTORY, which is then named and kept.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from firmware.guest import boot_guest, why_no_guest
from firmware.payload import PayloadError, make_payload
from lab.netns import why_no_namespaces
from lab.process import PATIENCE, wait_for

TESTS = Path(__file__).parent.parent
SHARED = "NB6_GUEST_SHARED"  # in the environment of the guest's pytest: DIRECTORY
SLOWER = 4  # than the host: how much more patience the guest has
START_LIMIT_S = 180
TEST_LIMIT_S = 240

# Where labs are made in the guest is fast memory; what is left of them is then copied out.
RUN = """\
cd "$1" && shift && "$@"
status=$?
cp -r /tmp/netboot6-guest/. "$NB6_GUEST_SHARED" 2>/dev/null
exit $status
"""


def plugin(config):
    """The half of this that is needed here."""
    shared = os.environ.get(SHARED)
    return GuestSide(config, Path(shared)) if shared else HostSide(config)


class GuestSide:
    """Writes down each report."""

    def __init__(self, config, shared):
        self.config = config
        self.path = shared / "reports"

    def pytest_runtest_logreport(self, report):
        row = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        with self.path.open("a") as reports:
            reports.write(json.dumps(row) + "\n")


class HostSide:
    """Boots the guest, and reports in its tests' place."""

    def __init__(self, config):
        self.config = config
        self.guest = None
        self.directory = None
        self.failed = False

    def pytest_collection_modifyitems(self, items):
        marked = [item for item in items if item.get_closest_marker("in_guest")]
        reason = why_no_namespaces() or why_no_guest() if marked else None
        for item in marked:
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if not _runs_in_guest(item):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(item):
            self.failed |= report.failed
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _reports(self, item):
        """Those of one test, as they come."""
        try:
            if not self.guest:
                self._boot(item.session.items)
            limit = TEST_LIMIT_S if self._rows() else START_LIMIT_S + TEST_LIMIT_S
            wait_for(lambda: self._has_ended(item), limit, lambda: f"the guest's report of {item.name}")
        except (AssertionError, PayloadError) as why:
            skipped = isinstance(why, PayloadError)
            return [self._own_report(item, "skipped" if skipped else "failed", str(why))]
        return [self._report(row) for row in self._rows() if row["nodeid"] == item.nodeid]

    def _has_ended(self, item):
        if any(row["nodeid"] == item.nodeid and row["when"] == "teardown" for row in self._rows()):
            return True
        assert self.guest.running(), f"the guest has ended; it said:\n{self.guest.tail(40)}"
        return False

    def _rows(self):
        path = self.directory / "reports"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def _report(self, row):
        return self.config.hook.pytest_report_from_serializable(config=self.config, data=row)

    def _own_report(self, item, outcome, why):
        longrepr = (str(item.path), item.location[1], why) if outcome == "skipped" else why
        keywords = {word: 1 for word in item.keywords}
        when = "setup" if outcome == "skipped" else "call"
        return pytest.TestReport(item.nodeid, item.location, keywords, outcome, longrepr, when)

    def _boot(self, items):
        parent = os.environ.get("NB6_LAB_DIR") or tempfile.gettempdir()
        payload = make_payload()
        Path(parent).mkdir(parents=True, exist_ok=True)
        self.directory = Path(tempfile.mkdtemp(prefix="netboot6-guest-", dir=parent))
        self.directory.chmod(0o755)
        nodes = [item.nodeid for item in items if _runs_in_guest(item)]
        argv = ("sh", "-c", RUN, "sh", TESTS, sys.executable, "-B", "-m", "pytest")
        argv += ("-c", TESTS / "pytest.ini", "--rootdir", TESTS, "-v", *nodes)
        env = {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}
        env |= {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "NB6_BUILD": os.environ["NB6_BUILD"]}
        env |= {SHARED: self.directory, "NB6_LAB_DIR": "/tmp/netboot6-guest"}
        env |= {"NB6_PATIENCE": PATIENCE * SLOWER, "HOME": "/root", "LC_ALL": "C.UTF-8"}
        self.guest = boot_guest(payload, self.directory, argv, env)

    def pytest_terminal_summary(self, terminalreporter):
        if self.guest and self.failed:
            terminalreporter.write_line(f"the guest's console, logs and captures: {self.directory}")

    def pytest_unconfigure(self):
        if not self.guest:
            return
        if not self.failed:
            self.guest.stop()
            shutil.rmtree(self.directory, ignore_errors=True)
        else:
            self._let_it_end()

    def _let_it_end(self):
        try:
            self.guest.wait_for_end(30)
        except AssertionError:
            pass  # it is stopped all the same
        self.guest.stop()


def _runs_in_guest(item):
    return item.get_closest_marker("in_guest") and not item.get_closest_marker("skip")
