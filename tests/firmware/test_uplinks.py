# SPDX-License-Identifier: ISC
"""relayd where an IGP moves the way to the server: BIRD, OSPFv3 over two uplinks.

        router a                    server
   ┌────────────────┐        ┌─────────────────┐
   │ trunk     core ┼────────┼ core            │   the server's address is on its lo,
   │           up2 ─┼────────┼ up2             │   announced by OSPFv3
   └────────────────┘        └─────────────────┘
    2001:db8:100::a, 2001:db8:200::a         2001:db8:ffff::69
"""

import json

import pytest

from firmware.conftest import unless
from firmware.router_site import VLANS, TrunkBench
from lab.netns import missing_programs, run, wait_for
from lab.topology import program

SERVER_LO = "2001:db8:ffff::69"
SOURCE = {"core": "2001:db8:100::a", "up2": "2001:db8:200::a"}
MISSING = missing_programs("bird", "birdc")

pytestmark = [
    pytest.mark.in_guest,
    unless(f"programs are missing: {', '.join(MISSING)}" if MISSING else None),
]

BIRD_CONF = """\
router id 10.0.0.{number};
log stderr all;
protocol device {{ scan time 1; }}
protocol kernel {{ ipv6 {{ export all; import none; }}; }}
protocol ospf v3 uplinks {{
	ipv6 {{ export none; import where net.len = 128; }};
	area 0 {{
		interface "core" {{ type ptp; hello 1; dead 4; cost {core}; }};
		interface "up2" {{ type ptp; hello 1; dead 4; cost {up2}; }};
		{announced}
	}};
}}
"""


class Bird:
    """One of the two; what it announces beside its uplinks."""

    def __init__(self, site, namespace, number, announced=""):
        self.site = site
        self.namespace = namespace
        self.number = number
        self.announced = announced
        self.socket = site.lab.directory / f"bird-{number}.ctl"
        self.path = None
        self.write(core=10, up2=20)
        argv = ("bird", "-f", "-c", self.path, "-s", self.socket)
        namespace.popen(f"bird-{number}", *argv)

    def write(self, **costs):
        text = BIRD_CONF.format(number=self.number, announced=self.announced, **costs)
        self.path = self.site.lab.file(f"bird-{self.number}.conf", text)

    def tell(self, *words):
        run("birdc", "-s", self.socket, *words)


class Uplinks:
    """The drawing above, with relayd and a client; traffic goes by core."""

    def __init__(self, site):
        self.site = site
        self.router = site.a
        namespace = site.a.namespace
        site.lab.veth(namespace, "up2", site.server, "up2")
        namespace.ip("link", "set", "up2", "group", VLANS)  # deleted with the VLANs
        namespace.address("up2", f"{SOURCE['up2']}/64")
        site.server.address("up2", "2001:db8:200::69/64")
        if not site.server.has_address(SERVER_LO):
            site.server.address("lo", f"{SERVER_LO}/128")
        self.bird = Bird(site, namespace, 1)
        Bird(site, site.server, 2, f"stubnet {SERVER_LO}/128;")
        self.await_route("core")
        self.relayd = site.a.start_relayd(server=SERVER_LO)
        site.a.add_vlan(10)
        site.a.await_state("vlan10")
        self.bench = TrunkBench(site, server=SERVER_LO)

    def route(self):
        """Where the kernel sends what is for the server."""
        words = self.router.namespace.ip("-6", "route", "get", SERVER_LO, check=False).stdout.split()
        return words[words.index("dev") + 1] if "dev" in words else None

    def await_route(self, uplink):
        wait_for(lambda: self.route() == uplink, 30, f"BIRD's route is by {uplink}")

    def expect_shift(self, move, uplink, number):
        """After the move messages go by the other uplink, and relayd says so."""
        since = self.relayd.mark()
        move()
        self.await_route(uplink)
        self.bench.send(self.bench.solicit(), vlan=10)  # the next one, whatever relayd has learnt
        _, sender = self.bench.at_server()
        assert sender[0] in SOURCE.values()
        self.relayd.wait_for_line(rf"server {SERVER_LO}: uplink {uplink},", since=since)
        self.bench.send(self.bench.solicit(), vlan=10)
        relayed, sender = self.bench.at_server()
        assert sender[0] == SOURCE[uplink]
        assert relayed.linkaddr == "2001:db8:10::a"
        server = self.shown()
        assert (server["uplink"], server["source"]) == (uplink, SOURCE[uplink])
        assert server["reachable"] and server["shifts"] == number
        assert server["next-hop"].startswith("fe80::")

    def shown(self):
        """What `netboot6 relay servers` shows of the server."""
        argv = (program("netboot6/netboot6"), "--json", "--control", self.router.control)
        return json.loads(run(*argv, "relay", "servers").stdout)["servers"][0]


def test_messages_follow_the_igp_from_uplink_to_uplink(router_site):
    uplinks = Uplinks(router_site)

    def cost_of_core(cost):
        uplinks.bird.write(core=cost, up2=20)
        uplinks.bird.tell("configure")

    def cable_of_up2(state):
        router_site.server.ip("link", "set", "up2", state)

    uplinks.expect_shift(lambda: cost_of_core(100), "up2", 1)
    uplinks.expect_shift(lambda: cost_of_core(10), "core", 2)
    uplinks.expect_shift(lambda: cost_of_core(100), "up2", 3)
    uplinks.expect_shift(lambda: cable_of_up2("down"), "core", 4)
    uplinks.expect_shift(lambda: cable_of_up2("up"), "up2", 5)


def test_no_route_to_the_server_and_back(router_site):
    """BIRD withdraws the route: messages are counted, not sent astray; the way back is found."""
    uplinks = Uplinks(router_site)
    uplinks.bird.tell("disable", "uplinks")
    wait_for(lambda: uplinks.route() is None, what="no route")
    uplinks.relayd.wait_for_line(rf"server {SERVER_LO}: no path")
    uplinks.bench.send(uplinks.bench.solicit(), vlan=10)
    wait_for(lambda: uplinks.router.dropped("send-failed") == 1, what="the message is counted")
    assert uplinks.shown()["reachable"] is False
    since = uplinks.relayd.mark()
    uplinks.bird.tell("enable", "uplinks")
    uplinks.relayd.wait_for_line(rf"server {SERVER_LO}: uplink core,", 30, since=since)
    message = uplinks.bench.solicit()
    uplinks.bench.expect_relayed(message, vlan=10)
