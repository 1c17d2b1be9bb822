# SPDX-License-Identifier: ISC
"""Fixtures of the labs: `lab` is empty, `site` is the drawing of topology.py,
`bench` has the relay on it, with a client and a server; `bootd` has bootd, and `through` is
a relay before it.

Each test gets a directory. It is removed when the test passed, else kept and
named: logs of all programs, configs, captures.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from lab.bench import Bench
from lab.boot_client import CONF, Relay
from lab.netns import Lab, why_no_namespaces
from lab.topology import Site

_outcome = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for node in item.listchain():  # a lab may be a module's
            node.stash[_outcome] = "failed"


@pytest.fixture(scope="session")
def _namespaces():
    reason = why_no_namespaces()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def lab(request, _namespaces):
    """An empty Lab; our daemons in it are judged at the end."""
    return make_lab(request)


def make_lab(request):
    """A Lab for a fixture: it lives as long as the fixture does."""
    parent = os.environ.get("NB6_LAB_DIR") or tempfile.gettempdir()
    Path(parent).mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:40]
    directory = Path(tempfile.mkdtemp(prefix=f"netboot6-{name}-", dir=parent))
    directory.chmod(0o755)  # daemons that gave up root read their files here
    made = Lab(directory)
    request.addfinalizer(lambda: _close(request.node, made))
    return made


def _close(node, lab):
    complaints = lab.close()
    if complaints or node.stash.get(_outcome, None) or os.environ.get("NB6_KEEP"):
        if isinstance(node, pytest.Item):
            kept = f"logs and captures are kept in {lab.directory}"
            node.add_report_section("teardown", "lab", kept)
        print(f"logs and captures are kept in {lab.directory}")
    else:
        shutil.rmtree(lab.directory, ignore_errors=True)
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture
def site(lab):
    """One client link, a router, a server; all links are recorded."""
    made = Site(lab)
    made.capture()
    return made


@pytest.fixture
def bench(site):
    site.start_relayd()
    return Bench(site)


@pytest.fixture
def bootd(site):
    """bootd with boot_client's CONF; it has .control, a path, .config and .root."""
    root = site.lab.directory / "root"
    root.mkdir()
    (root / "boot.ipxe").write_text("#!ipxe\necho ${mac} ${host} ${profile} ${net0/ip}\n")
    control = site.lab.directory / "bootd.sock"
    text = CONF.format(root=root, control=control, state=site.lab.directory)
    daemon = site.start_bootd(text, ports=(("udp", 547), ("udp", 69), ("tcp", 80)))
    daemon.control, daemon.config, daemon.root = control, text, root
    return daemon


@pytest.fixture
def through(site, bootd):
    return Relay(site)
