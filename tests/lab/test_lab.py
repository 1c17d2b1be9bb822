# SPDX-License-Identifier: ISC
"""The lab itself: what the other stories take for granted."""

from pathlib import Path

import pytest

from lab.netns import Lab, fixed_mac, link_local, run, wait_for
from lab.topology import SERVER


def test_packets_cross_the_site(site):
    site.clients.address("br-1", "2001:db8:1::2/64")
    site.clients.route("default", "via", "2001:db8:1::1")
    here, there = site.clients.udp_socket(), site.server.udp_socket(SERVER, 9999)
    there.settimeout(5)
    here.sendto(b"hello", (SERVER, 9999))
    data, sender = there.recvfrom(100)
    assert (data, sender[0]) == (b"hello", "2001:db8:1::2")


def test_a_wire_carries_frames_both_ways(site):
    from scapy.layers.inet6 import IPv6, UDP
    from scapy.layers.l2 import Ether

    client, router = site.clients.wire("br-1"), site.router.wire("lan1")
    there = Ether(src=client.mac, dst=router.mac) / IPv6(src="::1", dst="::2") / UDP(dport=9)
    client.send(there)
    seen = router.expect(lambda frame: UDP in frame and frame[UDP].dport == 9)
    assert seen.src == client.mac
    router.send(Ether(src=router.mac, dst=client.mac) / IPv6() / UDP(dport=10))
    client.expect(lambda frame: UDP in frame and frame[UDP].dport == 10)


def test_names_of_states(site):
    assert not site.server.listens("udp", 547)
    site.server.udp_socket(SERVER, 547)
    assert site.server.listens("udp", 547)
    assert site.router.joined("lan1", "ff02::1")
    assert not site.router.joined("lan1", "ff02::1:2")


def test_link_local_addresses_are_known_beforehand(site):
    shown = site.router.ip("-6", "addr", "show", "dev", "lan1").stdout
    assert link_local(fixed_mac("router", "lan1")) in shown


def test_waiting_is_limited():
    with pytest.raises(AssertionError, match="the moon"):
        wait_for(lambda: False, 0.1, "the moon")


def test_a_program_that_ends_early_is_named(lab):
    process = lab.namespace("one").popen("brief", "sh", "-c", "echo oh no; exit 3")
    with pytest.raises(AssertionError, match="(?s)ended with 3.*oh no"):
        process.wait_for_line("ready")


def test_a_daemon_of_ours_is_judged(tmp_path, _namespaces):
    report = "==1==ERROR: AddressSanitizer: heap-use-after-free"
    with Lab(tmp_path) as lab:
        one = lab.namespace("one")
        loud = one.popen("loud", "sh", "-c", f"echo '{report}'; exec sleep 60", ours=True)
        loud.wait_for_line("heap-use")
        dead = one.popen("dead", "false", ours=True)
        wait_for(lambda: not dead.running())
        complaints = "\n".join(lab.close())
    assert "heap-use-after-free" in complaints
    assert "dead ended by itself with 1" in complaints


def test_nothing_remains_after_the_lab(tmp_path, _namespaces):
    with Lab(tmp_path) as lab:
        one = lab.namespace("one")
        process = one.popen("sleep", "sleep", "60")
        name = one.full_name
    assert not process.running()
    assert not Path(f"/run/netns/{name}").exists()
    assert name not in run("ip", "netns", "list").stdout
