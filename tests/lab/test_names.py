# SPDX-License-Identifier: ISC
"""Names that programs of operators depend on: keys of JSON answers and metrics.

tests/data/golden/names.txt lists them, one a line. A name may come; one that goes, or is
spelled otherwise, breaks somebody's dashboard: this test says so. After such a decision,
write the list again with NB6_GOLDEN=write, and name the change in NEWS.
"""

import os
import re
from pathlib import Path

from lab.boot_client import CONF, MAC, X64_UEFI, Relay, arch, request_of, solicit
from lab.topology import Site

GOLDEN = Path(__file__).parents[1] / "data/golden/names.txt"
METRIC = re.compile(r"^(netboot6_\w+)(?:\{(.*)\})? ")


def keys_of(value, path):
    """The paths of all keys below a JSON value; the elements of an array are one."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield f"{path}.{key}"
            yield from keys_of(below, f"{path}.{key}")
    elif isinstance(value, list):
        for below in value:
            yield from keys_of(below, f"{path}[]")


def metrics_of(text):
    """name{label,label}, for each series."""
    for line in text.splitlines():
        match = METRIC.match(line)
        if match:
            labels = re.findall(r'(\w+)="', match[2] or "")
            yield f"{match[1]}{{{','.join(labels)}}}" if labels else match[1]


def names(site):
    """All that both daemons name after a boot through the relay's address."""
    found = set()
    for daemon, words in (
        ("relayd", ("status", "links", "servers")),
        ("bootd", ("status", "list", f"show {MAC}", "hosts", "leases",
                   f"explain mac={MAC} arch=x64-uefi subnet=2001:db8:1::/64")),
    ):
        for word in words:
            answer = site.ask(daemon, word)
            assert "error" not in answer, f"{daemon} {word}: {answer['error']}"
            found |= set(keys_of(answer, f"{daemon} {word.split()[0]}"))
        found |= {f"metric {name}" for name in metrics_of(site.ask(daemon, "metrics")["metrics"])}
    return found


def test_no_name_of_json_or_metrics_goes_away(lab):
    site = Site(lab)
    root = lab.directory / "root"
    root.mkdir()
    control = lab.directory / "bootd.sock"
    site.start_bootd(CONF.format(root=root, control=control, state=lab.directory))
    client = Relay(site)
    advertise = client.ask(solicit(arch(X64_UEFI)))
    client.ask(request_of(advertise, arch(X64_UEFI)))
    client.socket.close()  # the relay wants its port
    site.start_relayd()
    found = names(site)
    if os.environ.get("NB6_GOLDEN") == "write":
        GOLDEN.write_text("".join(f"{name}\n" for name in sorted(found)))
    gone = set(GOLDEN.read_text().splitlines()) - found
    assert not gone, f"names that programs of operators read are gone: {sorted(gone)}"
