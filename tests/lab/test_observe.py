# SPDX-License-Identifier: ISC
"""What the daemons show to an operator: watch, trace and metrics; and their sandbox."""

import contextlib
import json
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Request,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptIA_NA,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, CLIENT, CLIENT_MAC, Bench, dhcp_to
from lab.boot_client import MAC, X64_UEFI, Relay, address, arch, request_of, solicit
from lab.netns import link_local, run
from lab.process import PATIENCE, wait_for
from lab.topology import CORE_ROUTER, SERVER, program


class Stream:
    """The events that a daemon sends on its control socket."""

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
        """Skip to the next event with these values and return it."""
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


def test_watch_reports_links(bench):
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


def test_watch_reports_paths_to_servers(bench):
    site = bench.site
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    watch = Stream(site, "relayd", "watch")
    site.router.ip("-6", "route", "add", f"{SERVER}/128", "via", "2001:db8:200::69")
    event = watch.expect(event="server", server=SERVER, reachable=True, uplink="up2")
    assert (event["source"], event["uplink-before"]) == ("2001:db8:200::1", "core")
    site.router.ip("-6", "route", "add", "unreachable", f"{SERVER}/128", "metric", "1")
    watch.expect(event="server", reachable=False, reason="No route to host")


def test_watch_reports_drops_reloads_and_lost_events(site):
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
    assert (event["event"], event["done"]) == ("reload", False), "one drop a second is reported"
    assert f"{config}:1: " in event["problems"]
    config.write_text(f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    relayd.send_signal(1)
    watch.expect(event="reload", done=True)


def test_watch_reports_netlink_messages_that_the_kernel_dropped(bench):
    site = bench.site
    pid = next(p.pid for p in site.lab.processes if p.name == "relayd")
    site.lab.veth(site.router, "junk", site.router, "junk-peer")
    lines = "".join(f"link set dev junk mtu {1400 + n % 90}\n" for n in range(6000))
    watch = Stream(site, "relayd", "watch")
    os.kill(pid, signal.SIGSTOP)
    try:
        site.router.ip("-batch", site.lab.file("storm.batch", lines))
        site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    finally:
        os.kill(pid, signal.SIGCONT)
    watch.expect(event="link", link="lan1", state="no address")
    assert watch.expect(event="netlink", resyncs=2)["overruns"] > 0


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


# --- the command ----------------------------------------------------------------------


def commands():
    """("relay", "links") and so on, as `netboot6 help` lists them, without those that need an
    argument or go on until they are interrupted."""
    text = run(program("netboot6/netboot6"), "help").stdout
    found = re.findall(r"^  (relay|boot) ([a-z]+)( [A-Z]+)?  +", text, re.MULTILINE)
    return [(daemon, name) for daemon, name, argument in found
            if not argument and name not in ("watch", "trace")]


def test_every_answer_is_json_on_request(site, bootd):
    """One line that a JSON parser accepts; without --json it is text."""
    site.start_relayd()
    frame = Ether(src=MAC, dst=ALL_RELAYS_MAC) / IPv6(src=link_local(MAC), dst=ALL_RELAYS)
    wire = site.clients.wire("br-1")
    wire.send(frame / UDP(sport=546, dport=547) / solicit(arch(X64_UEFI)))
    wire.expect(dhcp_to(link_local(MAC)))
    asked = commands()
    assert ("boot", "explain") in asked and ("relay", "servers") in asked
    for daemon, name in asked:
        control = site.lab.directory / ("relayd.sock" if daemon == "relay" else "bootd.sock")
        argv = (program("netboot6/netboot6"), "--control", control, daemon, name)
        [line] = run(*argv, "--json").stdout.splitlines()
        assert isinstance(json.loads(line), dict)
        assert not run(*argv).stdout.startswith("{")
    [line] = run(*argv[:3], "boot", "show", MAC, "--json").stdout.splitlines()
    assert json.loads(line)["machine"] == MAC


def test_the_socket_of_the_other_daemon_is_named(site):
    site.start_relayd()
    control = site.lab.directory / "relayd.sock"
    argv = (program("netboot6/netboot6"), "--control", control, "boot")
    done = run(*argv, "status", check=False)
    assert done.returncode == 1
    assert "that of netboot6-relayd; expected that of netboot6-bootd" in done.stderr
    done = run(*argv, "list", check=False)
    assert done.returncode == 1 and 'netboot6-relayd has no command "list"' in done.stderr


# --- relay trace ----------------------------------------------------------------------


def test_trace_shows_all_messages_of_one_client(bench):
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
def test_trace_by_other_attributes(bench, word):
    trace = Stream(bench.site, "relayd", "trace", word)
    bench.expect_relayed(bench.solicit())
    assert trace.next()["transaction"] == f"{bench.xid:06x}"


def test_trace_shows_messages_that_the_kernel_refuses(bench):
    site = bench.site
    trace = Stream(site, "relayd", "trace", "link=lan1")
    site.router.ip("-6", "route", "add", "blackhole", f"{SERVER}/128")
    site.router.ip("-6", "route", "flush", "cache")
    bench.send(bench.solicit())
    event = trace.expect(verdict="refused")
    assert (event["server"], event["mac"], event["link"]) == (SERVER, CLIENT_MAC, "lan1")


def test_trace_refuses_an_unknown_filter(bench):
    answer = bench.site.ask("relayd", "trace", "mac=nonsense")
    assert answer["error"] == "trace: mac: \"nonsense\" is not valid; expected a MAC address"


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


# --- the log --------------------------------------------------------------------------


def test_lines_of_the_log_are_json_on_request(site):
    """With the setting `log = json`: every line, and the lines of a boot with machine and stage."""
    root = site.lab.directory / "root"
    root.mkdir()
    (root / "boot.efi").write_text("a boot file")
    config = BOOTD.replace("root = ", "log = json\nroot = ").format(root=root)
    bootd = site.start_bootd(config + f'host "db1" {{ mac = "{MAC}" }}\n', ports=(("udp", 547), ("tcp", 80)))
    through = Relay(site)
    advertise = through.ask(solicit(arch(X64_UEFI)))
    given = address(through.ask(request_of(advertise, arch(X64_UEFI))))
    site.router.address("lan1", f"{given}/128")
    site.server.route("2001:db8:1::/64", "via", CORE_ROUTER)
    site.router.run("curl", "-gsSf", "--interface", given, f"http://[{SERVER}]/boot.efi")
    bootd.wait_for_line("HTTP /boot.efi done")
    lines = [json.loads(line) for line in bootd.text().splitlines()]
    assert all(line["level"] and line["time"] and line["program"] == "netboot6-bootd" for line in lines)
    [ready] = [line for line in lines if line.get("event") == "ready"]
    assert ready["message"].startswith("ready: ")
    machine = {"mac": MAC, "host": "db1", "subnet": "2001:db8:1::/64"}
    stages = [line["stage"] for line in lines if machine.items() <= line.items()]
    assert stages == ["firmware asks", "firmware addressed", "firmware fetches"]


def test_settings_of_the_log(site):
    """quiet and debug in the file; the options of the command line come before them."""
    config = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n'
    mark = 0  # all starts have one log
    for setting, options, levels in (
        ("quiet = true", (), {"notice"}),
        ("debug = true", (), {"debug", "info", "notice"}),
        ("debug = true", ("--quiet",), {"notice"}),
    ):
        relayd = site.start_relayd(*options, config=config + setting + "\n")
        site.ask("relayd", "reload")
        relayd.stop()
        text, mark = relayd.text(mark), relayd.mark()
        found = set(re.findall(r"^[\d:.]+ ([a-z]+): ", text, re.MULTILINE))
        assert "notice" in found and found <= levels, text
        assert ("info" in found) == ("info" in levels), text


# --- metrics ------------------------------------------------------------------------------


class Metrics:
    """The exposition, parsed: {(name, ((label, value), ...)): number}, and the types."""

    SAMPLE = re.compile(r'([a-z_0-9]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')

    def __init__(self, text):
        self.values, self.types = {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                assert name not in self.types
                self.types[name] = kind
            elif not line.startswith("# HELP "):
                name, labels, value = self.SAMPLE.fullmatch(line).groups()
                key = name, tuple(sorted(re.findall(r'([a-z_]+)="([^"]*)"', labels or "")))
                assert key not in self.values, line
                assert re.sub("_(bucket|sum|count)$", "", name) in self.types or name in self.types
                self.values[key] = float(value)
        for name, kind in self.types.items():
            assert (kind == "counter") == name.endswith("_total"), name

    def get(self, name, **labels):
        return self.values.get((name, tuple(sorted(labels.items()))))


def scrape(namespace, port):
    url = f"http://[::1]:{port}/metrics"
    done = namespace.run("curl", "-gsS", "-m", 20, "-D", "-", url)
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    assert " 200 " in head and "text/plain; version=0.0.4" in head
    return Metrics(body)


def test_metrics_of_the_relay(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan*", "lan9"}}
        server "{SERVER}" {{}}
        metrics {{}}
    """)
    bench = Bench(site)
    for _ in range(3):
        relayed = bench.expect_relayed(bench.solicit())
    bench.send(bytes([7, 1, 2, 3]))
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bench.send_reply(bench.reply(relayed, DHCP6_Advertise(trid=bench.xid)))
    bench.wire.expect(lambda frame: UDP in frame and frame[UDP].sport == 547)
    found = scrape(site.router, 9547)
    relay = "netboot6_relay_"
    assert found.get(relay + "received_messages_total", link="lan1", type="Solicit") == 3
    assert found.get(relay + "forwarded_messages_total", link="lan1") == 3
    assert found.get(relay + "dropped_messages_total", link="lan1", reason="server-type") == 1
    assert found.get(relay + "replied_messages_total", link="lan1", type="Advertise") == 1
    assert found.get(relay + "link_ready", link="lan1") == 1
    assert found.get(relay + "link_ready", link="lan9") == 0
    assert found.get(relay + "links", state="absent") == 1
    assert found.get(relay + "server_replies_total", server=SERVER, link="", source="auto") == 1
    assert found.get(relay + "receive_queue_drops_total") == 0
    # the same by the control socket; nothing else over HTTP
    shown = site.router.run(program("netboot6/netboot6"), "--control",
                            site.lab.directory / "relayd.sock", "relay", "metrics").stdout
    assert Metrics(shown).types == found.types
    refused = site.router.run("curl", "-gs", "-o", "/dev/null", "-w", "%{http_code}",
                              "http://[::1]:9547/etc/passwd")
    assert refused.stdout == "404"


def test_metrics_without_series_of_links(site):
    """A router with thousands of links has tens of thousands of series; a reload brings them back."""
    site.add_client_link(2)
    config = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n'
    site.start_relayd(config=config + "metrics { per-link = false }\n")
    bench = Bench(site)
    for number in (1, 2):
        bench.wire = site.clients.wire(f"br-{number}")
        bench.expect_relayed(bench.solicit())
        bench.send(bytes([7, 1, 2, 3]))
    relay = "netboot6_relay_"
    wait_for(lambda: scrape(site.router, 9547).get(
        relay + "dropped_messages_total", link="", reason="server-type") == 2)
    found = scrape(site.router, 9547)
    assert found.get(relay + "received_messages_total", link="", type="Solicit") == 2
    assert found.get(relay + "forwarded_messages_total", link="") == 2
    assert found.get(relay + "forwarded_without_mac_messages_total", link="") == 0
    assert found.get(relay + "links", state="ready") == 2
    assert not [key for key in found.values if ("link", "lan1") in key[1]]
    site.lab.file("relayd.conf", config + "metrics { }\n")
    site.ask("relayd", "reload")
    found = scrape(site.router, 9547)
    assert found.get(relay + "forwarded_messages_total", link="lan2") == 1
    assert found.get(relay + "link_ready", link="lan1") == 1


def test_link_names_with_any_octets_break_nothing_that_is_shown(site):
    """Escape sequences and octets that are no UTF-8; a name that looks like an escaped one."""
    names = [b"lan\x1b[31m", b"lan\xff\xfe", b"lan\\x1b[31m", "lan\u00e9".encode()]
    shown = ["lan\\x1b[31m", "lan\\xff\\xfe", "lan\\x5cx1b[31m", "lan\u00e9"]
    for number, name in enumerate(map(os.fsdecode, names)):
        site.router.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"p{number}")
        site.router.run("ip", "link", "set", name, "up")
    relayd = site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        metrics {{ listen = "[::1]:9547" }}
    """)
    control = site.lab.directory / "relayd.sock"
    found = {row["name"]: row for row in site.ask("relayd", "links")["links"]}
    assert set(found) == {"lan1", *shown}
    exposition = scrape(site.router, 9547)
    for name in shown:  # the exposition has two backslashes for one
        label = name.replace("\\", "\\\\")
        assert exposition.get("netboot6_relay_link_ready", link=label) in (0, 1)
    for words in (("relay", "links"), ("relay", "metrics")):
        done = run(program("netboot6/netboot6"), "--control", control, *words)
        text = done.stdout.replace("\\\\", "\\")
        assert all(name in text for name in shown)
        assert "\x1b" not in done.stdout
    assert "\x1b[31m" not in relayd.text()


@pytest.mark.parametrize(
    ("method", "key", "metric"),
    [
        # the filter keeps each link to its share of the queue; without it the queue is full
        ("ebpf", None, "netboot6_relay_backlog_drops_total"),
        ("packet-socket", "receive-queue-drops", "netboot6_relay_receive_queue_drops_total"),
    ],
)
def test_drops_of_the_receive_queue_are_counted(site, method, key, metric):
    site.start_relayd("--client-mac-by", method)
    bench = Bench(site)
    pid = next(p.pid for p in site.lab.processes if p.name == "relayd")
    frame = bytes(bench.frame(CLIENT_MAC, ALL_RELAYS_MAC) / bench.packet(bytes(1400)))
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(20000):
            bench.wire.send(frame)
    finally:
        os.kill(pid, signal.SIGCONT)

    def drops():
        return Metrics(site.ask("relayd", "metrics")["metrics"]).get(metric)

    wait_for(lambda: drops() > 0, what=f"{metric} counts")
    if key:
        assert site.ask("relayd", "status")[key] > 0
    else:
        [link] = site.ask("relayd", "links")["links"]
        assert link["backlog-drops"] > 0


BOOTD = """
root = "{root}"
tftp {{ }}
http {{ }}
metrics {{ listen = "[::1]:9999" }}
subnet "2001:db8:1::/64" {{ addresses = pool  pool = "2001:db8:1::1000-2001:db8:1::10ff" }}
boot "all" {{ url = "tftp://[2001:db8:100::69]/boot.efi" }}
"""


def firmware_message(kind, xid, server_id=None):
    message = kind(trid=xid) / DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))
    if server_id:
        message /= DHCP6OptServerId(duid=server_id)
    message /= DHCP6OptIA_NA(iaid=1)
    arch = bytes.fromhex("003d00020007")  # x64-uefi
    asked = bytes.fromhex("00060004") + bytes.fromhex("003b003c")
    vendor = b"PXEClient:Arch:00007:UNDI:003016"
    vendor = b"\0\0\x01\x57" + len(vendor).to_bytes(2, "big") + vendor
    return bytes(message) + arch + asked + b"\0\x10" + len(vendor).to_bytes(2, "big") + vendor


def test_metrics_of_bootd(site):
    (site.lab.directory / "root").mkdir()
    site.lab.file("root/boot.efi", "x" * 5000)
    site.start_bootd(BOOTD.format(root=site.lab.directory / "root"))
    relay = site.router.udp_socket("2001:db8:100::1", 547)
    relay.settimeout(10 * PATIENCE)

    def ask(message):
        forward = DHCP6_RelayForward(linkaddr="2001:db8:1::1", peeraddr=CLIENT)
        forward /= DHCP6OptClientLinkLayerAddr(clladdr=CLIENT_MAC)
        relay.sendto(bytes(forward / DHCP6OptRelayMsg(message=message)), (SERVER, 547))
        return DHCP6_RelayReply(relay.recv(65535))[DHCP6OptRelayMsg].message

    advertise = ask(firmware_message(DHCP6_Solicit, 1))
    reply = ask(firmware_message(DHCP6_Request, 2, advertise[DHCP6OptServerId].duid))
    assert reply.msgtype == 7
    site.router.run("curl", "-gsS", "-m", 20, "-o", "/dev/null", f"http://[{SERVER}]/boot.efi")
    found = scrape(site.server, 9999)
    boot = "netboot6_boot_"
    assert found.get(boot + "received_messages_total", type="Solicit") == 1
    assert found.get(boot + "sent_messages_total", type="Reply") == 1
    assert found.get(boot + "bindings", state="lease") == 1
    assert found.get(boot + "stored_leases_total") == 1
    assert found.get(boot + "lease_commit_duration_seconds_count") == 1
    assert found.get(boot + "answer_duration_seconds_count") == 2
    assert found.get(boot + "answer_duration_seconds_bucket", le="+Inf") == 2
    assert found.get(boot + "sent_bytes_total", protocol="http") == 5000
    assert found.get(boot + "fetches_total", protocol="http", result="done") == 1
    stage = {"stage": "firmware addressed"}
    assert found.get(boot + "stage_duration_seconds_count", **stage) == 1
    assert found.get(boot + "receive_queue_drops_total") == 0
    assert found.get(boot + "accept_failures_total") == 0
    assert 1e6 < found.get("process_resident_memory_bytes") < 1e9
    assert found.get("process_open_fds") > 5
    assert found.get("process_max_fds") >= found.get("process_open_fds")
    assert abs(found.get("process_start_time_seconds") - time.time()) < 600
    assert found.get("process_cpu_seconds_total") > 0
    # what the public file server is asked for is a file
    public = site.router.run("curl", "-gs", "-o", "/dev/null", "-w", "%{http_code}",
                             f"http://[{SERVER}]/metrics")
    assert public.stdout == "404"


# --- the sandbox ----------------------------------------------------------------------------


def is_confined(process):
    """True if a seccomp filter is active in all threads."""
    for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
        if "\nSeccomp:\t2\n" not in status.read_text():
            return False
    return True


def test_both_daemons_refuse_system_calls_that_they_do_not_need(site):
    """All labs run in the sandbox: a system call refused in any of them is a failure there."""
    config = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\nmetrics {{}}\n'
    relayd = site.start_relayd(config=config)
    (site.lab.directory / "root").mkdir()
    bootd = site.start_bootd(BOOTD.format(root=site.lab.directory / "root"))
    for daemon in (relayd, bootd):
        daemon.wait_for_line("sandbox: system calls that are not needed are refused from now on")
        wait_for(lambda: is_confined(daemon))
        daemon.send_signal(signal.SIGHUP)
    relayd.wait_for_line("relayd.conf: reloaded")
    assert site.ask("relayd", "reload") == {"reloaded": True, "warnings": ""}
    assert "error" not in site.ask("bootd", "reload")
    site.add_client_link(2)
    wait_for(lambda: site.router.joined("lan2"))
    scrape(site.router, 9547)
    scrape(site.server, 9999)


def test_without_the_sandbox(site):
    relayd = site.start_relayd("--no-sandbox")
    relayd.wait_for_line("notice: ready: ")
    assert "\nSeccomp:\t0\n" in Path(f"/proc/{relayd.pid}/status").read_text()
