# SPDX-License-Identifier: ISC
"""What bootd tells of a boot: scripts made for a machine, its story, and why it gets what it gets."""

import json
import re
import socket
import subprocess
from pathlib import Path

from scapy.packet import raw

from lab.boot_client import (
    LINK,
    MAC,
    SUBNET,
    X64_HTTP,
    X64_UEFI,
    address,
    arch,
    control,
    relay,
    request_of,
    solicit,
    user_class,
    uuid_duid,
)
from lab.netns import run, wait_for
from lab.topology import SERVER, program

CAPTURES = Path(__file__).parents[1] / "data/captures"


# --- scripts -------------------------------------------------------------------------


def fetch(site, path, source=None):
    """source: the machine's own address, which the router stands in for."""
    if source and not site.router.has_address(source):
        site.router.address("lan1", f"{source}/128")
    own = ("--interface", source) if source else ()
    return site.router.run("curl", "-sSg", *own, f"http://[{SERVER}]{path}").stdout


def given(through, *options, **how):
    """The address that DHCPv6 gives to the machine."""
    return address(through.ask(request_of(through.ask(solicit(*options), **how), *options), **how))


def test_script_is_rendered_for_the_host(site, bootd, through):
    db1 = "52:54:00:00:00:d1"
    own = given(through, arch(X64_UEFI), mac=db1)
    assert f"echo {db1} db1 db ${{net0/ip}}" in fetch(site, f"/boot.ipxe?mac={db1}", own)
    assert f"echo {db1} db1 db ${{net0/ip}}" in fetch(site, "/boot.ipxe", own)
    other = given(through, arch(X64_UEFI))
    assert f"echo {MAC} ${{host}}" in fetch(site, "/boot.ipxe", other)


def test_nobody_reads_the_script_of_another_machine(site, bootd, through):
    """Nor says that it has booted: the address that asks decides."""
    db1 = "52:54:00:00:00:d1"
    given(through, arch(X64_UEFI), mac=db1)
    other = given(through, arch(X64_UEFI))
    for source in (other, None):
        assert "db1" not in fetch(site, f"/boot.ipxe?mac={db1}", source)
    bootd.wait_for_line(f"script refused: {other} asks for the script of {db1}")
    assert "names another machine" in fetch(site, f"/netboot6/booted?mac={db1}", other)
    assert "belongs to no machine" in fetch(site, f"/netboot6/booted?mac={db1}")
    assert control(bootd, f"show {db1}")["stage"] == "firmware addressed"


def test_script_is_rendered_for_the_port(site, bootd, through):
    """What is plugged into it is this host, also when it fetches files later, which say no port."""
    host = 'host "slot3" { interface-id = "vlan100" group = "rack" }\ngroup "rack" { set = {"profile=rack"} }\n'
    site.lab.file("bootd.conf", bootd.config + host)
    assert control(bootd, "reload")["reloaded"]
    own = given(through, arch(X64_UEFI))
    assert f"echo {MAC} slot3 rack " in fetch(site, f"/boot.ipxe?mac={MAC}", own)
    shown = control(bootd, f"explain mac={MAC} arch=x64-uefi interface-id=vlan100")
    assert (shown["host"], shown["host-by"], shown["groups"]) == ("slot3", "port", ["rack"])


# --- what has happened ---------------------------------------------------------------


def test_the_story_of_a_boot(site, bootd, through):
    advertise = through.ask(solicit(arch(X64_UEFI)))
    through.ask(request_of(advertise, arch(X64_UEFI)))
    bootd.wait_for_line(rf'{MAC} x64-uefi Solicit on {SUBNET} via relay {LINK} "vlan100" -> ')
    through.ask(solicit(arch(X64_UEFI), user_class("iPXE")))
    through.ask(request_of(advertise, arch(X64_UEFI), user_class("iPXE")))
    assert "noted" in fetch(site, f"/netboot6/booted?mac={MAC}", address(advertise))
    bootd.wait_for_line(rf"{MAC}.*booted")
    shown = control(bootd, f"show {MAC}")
    assert shown["stage"] == "booted" and shown["address"] == address(advertise)
    steps = [step["step"] for step in shown["steps"]]
    assert steps[0] == "x64-uefi Solicit" and steps[-1] == "booted"
    assert "iPXE x64-uefi Request" in steps
    assert [row["machine"] for row in control(bootd, "list")["boots"]] == [MAC]
    leases = control(bootd, "leases")["leases"]
    assert [(row["machine"], row["state"]) for row in leases] == [(MAC, "bound")]


def test_watch_reports_each_step(site, bootd, through):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(bootd.control))
        sock.sendall(b"watch\n")
        lines = sock.makefile()
        wait_for(lambda: through.ask(solicit(arch(X64_UEFI))) and _has_line(sock), what="an event")
        for line in lines:
            event = json.loads(line)
            if event.get("machine") == MAC:
                break
        assert event["event"]["step"] == "x64-uefi Solicit"


def _has_line(sock):
    sock.setblocking(False)
    try:
        return b'"machine"' in sock.recv(65535, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(5)


def test_an_unverified_mac_is_logged_once(bootd, through):
    """Firmware by a relay without option 79, then by one with it: one machine, one address."""
    hinted = through.ask(solicit(arch(X64_UEFI), client=uuid_duid(1)), mac=None)
    through.ask(request_of(hinted, arch(X64_UEFI)), mac=None)
    assert control(bootd, f"show {MAC}")["mac-from"] == "eui-64-hint"
    assert [row["mac-from"] for row in control(bootd, "leases")["leases"]] == ["eui-64-hint"]
    bootd.wait_for_line(f"{MAC}: unverified MAC, read from its link-local address")
    proven = through.ask(solicit(arch(X64_UEFI), client=uuid_duid(2)))
    assert address(proven) == address(hinted)
    assert [row["mac-from"] for row in control(bootd, "list")["boots"]] == ["option-79"]
    assert bootd.text().count("unverified MAC") == 1


def test_status_counts(bootd, through):
    through.ask(solicit())
    through.hears_nothing(relay(solicit(), link="2001:db8:77::1"))
    dhcp = control(bootd, "status")["dhcp"]
    assert dhcp["received"]["Solicit"] == 3 and dhcp["sent"]["Advertise"] == 2
    assert dhcp["dropped"]["no-subnet"] == 1


def test_operators_command(bootd, through):
    """netboot6 boot ...: the same answers as tables, for people."""
    through.ask(solicit(arch(X64_UEFI)))

    def shown(*words):
        argv = (program("netboot6/netboot6"), "--control", bootd.control, "boot", *words)
        return run(*argv).stdout

    assert re.search(rf"{MAC} +option-79 +- +2001:db8:1:\S+ +firmware asks +\d+ s ago +1 +x64-uefi Sol", shown("list"))
    assert re.search(rf"2001:db8:1:\S+ +{MAC} +option-79 +offered", shown("leases"))
    assert re.search(r"db1 +52:54:00:00:00:d1 +- +- +2001:db8:1::d1", shown("hosts"))
    assert "step: x64-uefi Solicit" in shown("show", MAC)
    given = re.search(r"2001:db8:1:\S+", shown("leases"))[0]
    for name in (given, MAC.replace(":", "-").upper(), MAC.replace(":", "")):
        assert f"machine: {MAC}" in shown("show", name)
    explained = shown("explain", "--mac", MAC, "--arch", "x64-uefi", "--arch", "11")
    assert "url: tftp://" in explained and "  archs: x64-uefi, arm64-uefi\n" in explained
    assert "Solicit: 1" in shown("status")


# --- what would happen ---------------------------------------------------------------


def test_explain_names_the_rule(bootd):
    shown = control(bootd, "explain mac=52:54:00:00:00:d1 arch=x64-uefi subnet=2001:db8:1::/64")
    assert (shown["host"], shown["rule"]) == ("db1", "uefi")
    assert shown["url"] == "tftp://[2001:db8:100::69]/snponly.efi"
    unmet = {row["rule"]: row["unmet"] for row in shown["rules"]}
    assert unmet == {"ipxe": "user-class", "http": "arch", "uefi": None}
    assert "error" in control(bootd, "explain arch=nonsense")
    assert control(bootd, "explain subnet=2001:db8:77::/64")["subnet"] is None


def test_explain_of_captured_clients(bootd):
    """Real firmware, as relays sent it and as it was on its own link; asked about by packet."""
    command = [program("netboot6/netboot6"), "--control", bootd.control, "--json", "boot", "explain"]

    def explain(*words):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    relayed = explain("--capture", CAPTURES / "ovmf-2022.11-chain-ipxe-2019-server.pcap")
    asked = [(one["client"]["message"], one["firmware"], one["rule"]) for one in relayed]
    assert ("Solicit", "x64-uefi", "uefi") in asked
    assert ("Request", "iPXE x64-uefi", "ipxe") in asked
    assert all(one["client"]["mac"] == MAC and one["client"]["relays"] == 1 for one in relayed)
    assert len({one["address"] for one in relayed}) == 1  # one machine, whatever it calls itself
    first = next(one for one in relayed if one["rule"] == "uefi")
    assert [rule["unmet"] for rule in first["rules"]] == ["user-class", "arch", None]
    assert "only tftp://" in first["firmware-note"]
    assert explain("--capture", CAPTURES / "ovmf-2022.11-chain-ipxe-2019-server.pcap", "--packet",
                   str(first["packet"])) == [first]
    own_link = explain("--capture", CAPTURES / "ovmf-2022.11-http6-ia_na.pcap", "--subnet", "2001:db8:1::/64")
    assert {one["client"]["mac-from"] for one in own_link} == {"frame"}
    assert "http" in {one["rule"] for one in own_link}
    grub = explain("--capture", CAPTURES / "ovmf-2022.11-chain-grub-2.06-server.pcap")
    assert any("how GRUB asks" in (one["firmware-note"] or "") for one in grub)
    (one,) = explain("--message", raw(relay(solicit(arch(X64_HTTP)))).hex())
    assert (one["rule"], one["client"]["interface-id"]) == ("http", "vlan100")
    for words, said in (
        (("--capture", "/dev/null"), "expected a capture"),
        (("--capture", CAPTURES / "ovmf-2022.11-http6-ia_na.pcap", "--packet", "1"), "no DHCPv6 request"),
        (("--message", "0c00"), "the header or an option of a relay"),
        (("--message", "xy"), 'message: "xy" is not valid; expected the octets'),
        (("--mac", "5254"), 'mac: "5254" is not valid; expected a MAC address such as'),
        (("--arch", "x86"), 'arch: "x86" is not valid; expected an architecture such as'),
        (("--iaid", "-1"), "iaid: \"-1\" is not valid; expected a number from 0"),
    ):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and said in done.stderr
