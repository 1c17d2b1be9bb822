# SPDX-License-Identifier: ISC
"""Waiting for a state, and programs that run beside the test.

A Process is started with its output going to a file, is read through that
file, and is ended by its process id. It dies with the test, whatever happens
to the test. Daemons of ours are judged when the lab closes: they must still
be there, end with 0 on SIGTERM, leave no sanitizer report, and want no system call
that their sandbox refuses.
"""

import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = float(os.environ.get("NB6_PATIENCE", "1"))
PR_SET_PDEATHSIG = 1
SANDBOX_REFUSAL = re.compile(r"sandbox: refused a system call: .*")  # a gap in its list
SANITIZER_REPORT = re.compile(
    r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|: runtime error: |SUMMARY: \w+Sanitizer"
)

_libc = ctypes.CDLL(None, use_errno=True)


def wait_for(state, limit=10.0, what=None):
    """Return the first true value of state(); AssertionError after `limit` seconds.

    what    said when the limit is reached: a text, or a function that makes one
    """
    end = time.monotonic() + limit * PATIENCE
    while True:
        value = state()
        if value:
            return value
        if time.monotonic() >= end:
            text = what() if callable(what) else what or getattr(state, "__name__", "state")
            raise AssertionError(f"not within {limit * PATIENCE:.0f} s: {text}")
        time.sleep(0.02)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program in the background. Its output, both kinds, is in the file `log`."""

    def __init__(self, name, argv, log, env=None, ours=False, pass_fds=()):
        self.name = name
        self.argv = [str(arg) for arg in argv]
        self.log = Path(log)
        self.ours = ours  # judged by complaints()
        self.asked_to_end = False
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                pass_fds=pass_fds,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def text(self, since=0):
        """The log so far, from the byte that mark() gave."""
        return self.log.read_bytes()[since:].decode("utf-8", "replace")

    def mark(self):
        return self.log.stat().st_size

    def tail(self, lines=15):
        return "\n".join(self.text().splitlines()[-lines:])

    def wait_for_line(self, pattern, limit=10.0, since=0):
        """Return the match of a regular expression in the log; a program that ended fails."""
        expression = re.compile(pattern, re.MULTILINE)

        def seen():
            alive = self.running()
            match = expression.search(self.text(since))
            assert match or alive, (
                f"{self.name} ended with {self.popen.returncode} before it said "
                f"{pattern!r}:\n{self.tail()}"
            )
            return match

        what = f"{self.name} says {pattern!r}; it said:\n"
        return wait_for(seen, limit, lambda: what + self.tail())

    def send_signal(self, number):
        self.popen.send_signal(number)

    def stop(self, limit=10.0):
        """SIGTERM, and SIGKILL when that does not help. Returns the exit status."""
        self.asked_to_end = True
        if self.running():
            self.popen.terminate()
        try:
            return self.popen.wait(limit * PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()

    def complaints(self):
        """Stop it, and say what a daemon of ours did wrong: a list of texts."""
        died = self.popen.poll() if not self.asked_to_end else None
        status = self.stop()
        if not self.ours:
            return []
        found = []
        if died is not None:
            found.append(f"{self.name} ended by itself with {died}:\n{self.tail()}")
        elif status != 0:
            found.append(f"{self.name} ended with {status} on SIGTERM:\n{self.tail()}")
        report = SANITIZER_REPORT.search(self.text())
        refused = SANDBOX_REFUSAL.search(self.text())
        if refused:
            found.append(f"{self.name}: {refused.group()}")
        if report:
            found.append(f"{self.name}: sanitizer report:\n{self.text(report.start())[:8000]}")
        return found
