# SPDX-License-Identifier: ISC
"""Which way a server is reached, and when that may have changed.

    router  up0 2001:db8:1::1/64 ---- 2001:db8:1::2, ::3  (next hops that never answer)
"""

import errno
import os
import re
import signal
from pathlib import Path

import pytest

from lab.netns import wait_for

WATCH = Path(os.environ.get("NB6_BUILD", "."), "tests/lab/route_watch")
SERVER = "2001:db8:d::547"
UNREACHABLE = [
    ("unreachable", errno.EHOSTUNREACH),
    ("prohibit", errno.EACCES),
    ("blackhole", errno.EINVAL),
    ("throw", errno.ENETUNREACH),
]


@pytest.fixture
def router(lab):
    made = lab.namespace("router")
    lab.veth(made, "up0", lab.namespace("uplink"), "down0")
    made.address("up0", "2001:db8:1::1/64")
    return made


class Watch:
    def __init__(self, router, *servers):
        self.router = router
        self.process = router.popen("route_watch", WATCH, *servers, ours=False)
        self.process.wait_for_line(r"^way " + servers[-1])

    def messages(self):
        """How many messages passed the filter, and how often some were lost."""
        return tuple(map(int, re.findall(r"^changed (\d+) (\d+)$", self.process.text(), re.M)[-1]))

    def way(self, server):
        """errno, ifindex, next hop, source, metric, table, protocol: the last that was said."""
        return re.findall(rf"^way {server} (.*)$", self.process.text(), re.M)[-1].split()

    def expect(self, server, next_hop, error=0):
        def seen():
            found = self.way(server)
            return int(found[0]) == error and found[2] == next_hop

        wait_for(seen, what=lambda: f"{server} by {next_hop}; it said:\n{self.process.tail()}")


def batch(namespace, lab, lines):
    path = lab.file("batch", "\n".join(lines) + "\n")
    namespace.ip("-6", "-batch", str(path))


def test_a_path_is_the_route_of_the_kernel(router):
    up0 = str(router.ifindex("up0"))
    router.route("2001:db8:2::/64", "via", "2001:db8:1::2", "metric", "77", "proto", "bgp")
    router.ip("-6", "nexthop", "add", "id", "5", "via", "2001:db8:1::3", "dev", "up0")
    router.route("2001:db8:3::/64", "nhid", "5")
    servers = ["2001:db8:1::9", "2001:db8:2::1", "2001:db8:3::1", "2001:db8:4::1"]
    watch = Watch(router, *servers)
    source = "2001:db8:1::1"
    assert watch.way(servers[0])[:4] == ["0", up0, "::", source]
    bgp = ["0", up0, "2001:db8:1::2", source, "77", "254", "186"]
    assert watch.way(servers[1]) == bgp
    assert watch.way(servers[2])[:4] == ["0", up0, "2001:db8:1::3", source]
    assert watch.way(servers[3])[0] == str(errno.ENETUNREACH)


@pytest.mark.parametrize("kind, error", UNREACHABLE)
def test_a_server_that_a_route_forbids(router, kind, error):
    router.route(kind, "2001:db8:d::/48")
    assert Watch(router, SERVER).way(SERVER)[0] == str(error)


def test_only_routes_that_cover_a_server_wake(router, lab):
    watch = Watch(router, SERVER)
    assert watch.messages() == (0, 0)
    others = [f"2001:db8:{i:x}::/64 via 2001:db8:1::2" for i in range(0x1000, 0x1800)]
    batch(router, lab, [f"route add {other}" for other in others])
    batch(router, lab, [f"route del {other}" for other in others])
    router.route("2001:db8:d::/48", "via", "2001:db8:1::2")
    watch.expect(SERVER, "2001:db8:1::2")
    assert watch.messages() == (1, 0)
    router.route("2001:db8:d::547/128", "via", "2001:db8:1::3")
    watch.expect(SERVER, "2001:db8:1::3")
    router.ip("-6", "route", "del", "2001:db8:d::547/128")
    watch.expect(SERVER, "2001:db8:1::2")
    router.ip("-6", "route", "del", "2001:db8:d::/48")
    watch.expect(SERVER, "::", errno.ENETUNREACH)
    router.route("default", "via", "2001:db8:1::3")
    watch.expect(SERVER, "2001:db8:1::3")
    assert watch.messages() == (5, 0)


def test_a_nexthop_object_that_changes(router):
    router.sysctl("net.ipv4.nexthop_compat_mode", 0)  # no route message comes along
    router.ip("-6", "nexthop", "add", "id", "5", "via", "2001:db8:1::2", "dev", "up0")
    router.route("2001:db8:d::/48", "nhid", "5")
    watch = Watch(router, SERVER)
    watch.expect(SERVER, "2001:db8:1::2")
    router.ip("-6", "nexthop", "replace", "id", "5", "via", "2001:db8:1::3", "dev", "up0")
    watch.expect(SERVER, "2001:db8:1::3")


def test_a_rule_that_leads_to_another_table(router):
    router.route("default", "via", "2001:db8:1::2")
    router.route("default", "via", "2001:db8:1::3", "table", "100")
    watch = Watch(router, SERVER)
    watch.expect(SERVER, "2001:db8:1::2")
    router.ip("-6", "rule", "add", "to", "2001:db8:d::/48", "lookup", "100")
    watch.expect(SERVER, "2001:db8:1::3")


def test_lost_messages_make_paths_stale(router, lab):
    watch = Watch(router, SERVER)
    watch.process.send_signal(signal.SIGSTOP)
    routes = [f"route add 2001:db8:d::/48 via 2001:db8:1::2 metric {i}" for i in range(1, 4000)]
    batch(router, lab, routes)
    router.route("2001:db8:d::/64", "via", "2001:db8:1::3")
    watch.process.send_signal(signal.SIGCONT)
    watch.expect(SERVER, "2001:db8:1::3")
    messages, overruns = watch.messages()
    assert overruns == 1 and messages < 4000
