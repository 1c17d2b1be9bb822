# SPDX-License-Identifier: ISC
"""The link monitor in a storm of changes, with and without lost events.

netlink_storm compares its table with fresh dumps as it goes; here what it shows at
the end is compared with what iproute2 shows. NB6_SEED sets the seed.
"""

import json
import os
import time
from pathlib import Path

import pytest

STORM = Path(os.environ.get("NB6_BUILD", "."), "tests/lab/netlink_storm")


def links_of_ip(namespace):
    links = json.loads(namespace.ip("-j", "-d", "link", "show").stdout)
    ifindex = {link["ifname"]: link["ifindex"] for link in links}
    shown = set()
    for link in links:
        kind = link.get("linkinfo", {}).get("info_kind", "-")
        lower = ifindex.get(link.get("link"), 0) if kind != "veth" else 0
        master = ifindex.get(link.get("master"), 0)
        row = (link["ifindex"], link["ifname"], kind, link["mtu"], lower, master, link["address"])
        shown.add("link " + " ".join(map(str, row)))
    return shown


def addresses_of_ip(namespace):
    return {
        f"address {link['ifindex']} {address['local']} {address['prefixlen']}"
        for link in json.loads(namespace.ip("-j", "-6", "address", "show").stdout)
        for address in link.get("addr_info", ())
    }


@pytest.mark.parametrize(
    "receive_buffer, changes",
    [
        pytest.param(2048, 10000, id="one-event-fits"),
        pytest.param(65536, 6000, id="some-events-fit"),
        pytest.param(0, 4000, id="all-events-fit"),
    ],
)
def test_the_table_is_what_the_kernel_has(lab, receive_buffer, changes):
    seed = os.environ.get("NB6_SEED") or time.time_ns() % 2**32
    namespace = lab.namespace("storm")
    for which in ("all", "default"):
        namespace.sysctl(f"net.ipv6.conf.{which}.accept_dad", 1)
    argv = (STORM, "-s", seed, "-n", changes, "-b", receive_buffer)
    print(*argv)
    storm = namespace.run(*argv, timeout=600)
    print(storm.stderr)
    counters = storm.stderr.split()
    overruns = int(counters[counters.index("overruns") + 1])
    assert (overruns > 0) == (receive_buffer > 0)
    table = storm.stdout.splitlines()
    assert {row for row in table if row.startswith("link")} == links_of_ip(namespace)
    assert {row for row in table if row.startswith("address")} == addresses_of_ip(namespace)
