# SPDX-License-Identifier: ISC
"""What an operator sees of the daemons while they work: watch and trace."""

import contextlib
import json
import socket

import pytest
from scapy.layers.dhcp6 import DHCP6_Advertise, DHCP6OptClientId, DHCP6OptServerId, DUID_LL

from lab.bench import ALL_RELAYS_MAC, CLIENT, CLIENT_MAC, Bench
from lab.process import PATIENCE, wait_for
from lab.topology import SERVER, program


class Stream:
    """Events of a daemon, as its control socket gives them."""

    def __init__(self, site, daemon, *words):
        self.sock = socket.socket(socket.AF_UNIX)
        site.lab.closing.callback(self.sock.close)
        self.sock.settimeout(10 * PATIENCE)
        self.sock.connect(str(site.lab.directory / f"{daemon}.sock"))
        self.sock.sendall(" ".join(words).encode() + b"\n")
        self.lines = self.sock.makefile()
        assert "error" not in self.next()

    def next(self):
        return json.loads(self.lines.readline())

    def expect(self, **wanted):
        """The next event with these values; those before it are passed over."""
        seen = []
        with contextlib.suppress(TimeoutError):
            while True:
                event = self.next()
                if all(event.get(key.replace("_", "-")) == value for key, value in wanted.items()):
                    return event
                seen.append(event)
        raise AssertionError(f"no {wanted} among {seen}")


def command(site, name, *words):
    """The netboot6 command in the background, as an operator runs it."""
    argv = (program("netboot6/netboot6"), "--control", site.lab.directory / "relayd.sock")
    return site.router.popen(name, *argv, "relay", *words)


@pytest.fixture
def bench(site):
    site.start_relayd()
    return Bench(site)


# --- relay watch ----------------------------------------------------------------------


def test_watch_tells_of_links(bench):
    site = bench.site
    watch = Stream(site, "relayd", "watch")
    site.router.address("lan1", "2001:db8:1::2/64")
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    event = watch.expect(event="link", link="lan1")
    assert (event["state"], event["link-address"]) == ("ready", "2001:db8:1::2")
    assert event["link-address-before"] == "2001:db8:1::1"
    site.router.ip("-6", "addr", "del", "2001:db8:1::2/64", "dev", "lan1")
    watch.expect(event="link", state="no address", state_before="ready",
                 reason="no global address on the link")
    site.router.ip("link", "del", "lan1")
    watch.expect(event="link", link="lan1", state="absent")
    site.add_client_link(2)
    watch.expect(event="link", link="lan2", state="ready", link_address="2001:db8:2::1")


def test_watch_tells_of_ways_to_servers(bench):
    site = bench.site
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    watch = Stream(site, "relayd", "watch")
    site.router.ip("-6", "route", "add", f"{SERVER}/128", "via", "2001:db8:200::69")
    event = watch.expect(event="server", server=SERVER, reachable=True, uplink="up2")
    assert (event["source"], event["uplink-before"]) == ("2001:db8:200::1", "core")
    site.router.ip("-6", "route", "add", "unreachable", f"{SERVER}/128", "metric", "1")
    watch.expect(event="server", reachable=False, reason="No route to host")


def test_watch_tells_of_drops_reloads_and_lost_events(site):
    relayd = site.start_relayd(config=f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    bench = Bench(site)
    config = site.lab.directory / "relayd.conf"
    watch = Stream(site, "relayd", "watch")
    for _ in range(50):
        bench.send(bytes([7, 1, 2, 3]))
    event = watch.expect(event="drop", reason="server-type")
    assert (event["link"], event["from"], event["type"]) == ("lan1", CLIENT, "Reply")
    bench.expect_nothing_before(bench.solicit())
    config.write_text("width = 3\n")
    relayd.send_signal(1)
    event = watch.next()
    assert (event["event"], event["done"]) == ("reload", False), "one drop a second is told"
    assert f"{config}:1: " in event["problems"]
    config.write_text(f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    relayd.send_signal(1)
    watch.expect(event="reload", done=True)


def test_the_command_shows_events_as_lines(bench):
    site = bench.site
    watch = command(site, "watch", "watch")
    traced = command(site, "trace", "trace", "--mac", CLIENT_MAC)
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")

    def shown():
        bench.send(bench.solicit())
        return "no-address" in watch.text() and "no-address" in traced.text()

    wait_for(shown)
    site.router.address("lan1", "2001:db8:1::1/64")
    watch.wait_for_line(r"^\d\d:\d\d:\d\d\.\d\d\d  lan1: no address -> ready, "
                        r"link-address 2001:db8:1::1$")
    assert f"lan1: dropped Solicit from {CLIENT}: no-address" in watch.text()
    traced.wait_for_line(rf"  lan1 --> Solicit [0-9a-f]+ of {CLIENT}, {CLIENT_MAC} by ebpf: "
                         r"dropped, no-address: no global address on the link$")
    bench.expect_relayed(bench.solicit())
    traced.wait_for_line(rf" by ebpf: forwarded to {SERVER}, link-address 2001:db8:1::1, "
                         r"Interface-Id lan1$")


# --- relay trace ----------------------------------------------------------------------


def test_trace_tells_the_whole_way_of_one_client(bench):
    site = bench.site
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    trace = Stream(site, "relayd", "trace", f"mac={CLIENT_MAC}")
    stranger = bench.solicit()
    stranger[DHCP6OptClientId].duid = DUID_LL(lladdr="02:00:00:00:00:99")
    bench.expect_relayed(stranger, mac="02:00:00:00:00:99", src="fe80::99")
    relayed = bench.expect_relayed(bench.solicit())
    event = trace.next()
    assert event["event"] == "trace" and event["direction"] == "to-servers"
    assert (event["link"], event["client"]) == ("lan1", CLIENT)
    assert (event["mac"], event["mac-by"]) == (CLIENT_MAC, "ebpf")
    assert (event["type"], event["transaction"]) == ("Solicit", f"{bench.xid:06x}")
    assert event["duid"] == "00030001" + CLIENT_MAC.replace(":", "")
    assert (event["verdict"], event["servers"]) == ("forwarded", [SERVER])
    assert (event["link-address"], event["interface-id"]) == ("2001:db8:1::1", "lan1")
    # the answer shows no MAC of its own; it is known where the client is
    inner = DHCP6_Advertise(trid=bench.xid) / DHCP6OptServerId(duid=DUID_LL(lladdr="02:00:00:00:00:01"))
    bench.send_reply(bench.reply(relayed, inner, interface_id=b"lan9"))
    bench.send_reply(bench.reply(relayed, inner))
    event = trace.next()
    assert (event["direction"], event["type"], event["server"]) == (
        "to-client", "Advertise", SERVER)
    assert (event["verdict"], event["link"], event["port"]) == ("delivered", "lan1", 546)
    assert event["to"] == CLIENT
    bench.send(bytes([2]) + bytes(bench.solicit())[1:])
    event = trace.next()
    assert (event["verdict"], event["reason"]) == ("dropped", "server-type")


@pytest.mark.parametrize("word", [
    "link=lan1", f"address={CLIENT}", "duid=00030001" + CLIENT_MAC.replace(":", ""), ""])
def test_trace_by_other_things(bench, word):
    trace = Stream(bench.site, "relayd", "trace", word)
    bench.expect_relayed(bench.solicit())
    assert trace.next()["transaction"] == f"{bench.xid:06x}"


def test_trace_shows_what_the_kernel_refuses(bench):
    site = bench.site
    trace = Stream(site, "relayd", "trace", "link=lan1")
    site.router.ip("-6", "route", "add", "blackhole", f"{SERVER}/128")
    site.router.ip("-6", "route", "flush", "cache")
    bench.send(bench.solicit())
    event = trace.expect(verdict="refused")
    assert (event["server"], event["mac"], event["link"]) == (SERVER, CLIENT_MAC, "lan1")


def test_trace_refuses_what_it_does_not_understand(bench):
    answer = bench.site.ask("relayd", "trace", "mac=nonsense")
    assert answer["error"] == "trace: mac: 'nonsense' found, a MAC address expected"


def test_a_tracer_that_does_not_read_delays_nobody(bench):
    trace = Stream(bench.site, "relayd", "trace")
    frame = bytes(bench.frame(CLIENT_MAC, ALL_RELAYS_MAC) / bench.packet(bench.solicit()))
    for _ in range(6000):
        bench.wire.send(frame)
        bench.server.recv(65535)
    got = lost = 0
    while got + lost < 6000:
        event = trace.next()
        lost += event.get("lost", 0)
        got += "lost" not in event
    assert got + lost == 6000 and lost > 0
