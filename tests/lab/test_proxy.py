# SPDX-License-Identifier: ISC
"""bootd beside another DHCPv6 server: boot files only, and UEFI PXE's second question on port 4011."""

import signal

import pytest
from scapy.layers.dhcp6 import DHCP6_Reply, DHCP6_Request, DHCP6OptClientId, DHCP6OptServerId

from lab.boot_client import (
    MAC, X64_HTTP, X64_UEFI, Relay, address, arch, code, ia_na, options, read_options, relay, solicit,
    url,
)
from lab.netns import wait_for
from lab.topology import SERVER

CLIENT = "2001:db8:1::77"  # as another server, or an advertised prefix, has given it
BOOT_SERVER_PORT = 4011
PXE = b"PXEClient:Arch:00007:UNDI:003000"
CONF = """\
http {}
root = "%s"
subnet "2001:db8:1::/64" { addresses = proxy }
boot "uefi" { arch = {x64-uefi}  url = "tftp://[2001:db8:100::69]/${mac}.efi" }
boot "http" { arch = {x64-http}  url = "http://[2001:db8:100::69]/uki.efi" }
"""


def vendor_class(text):
    return code(16, bytes.fromhex("00000157") + len(text).to_bytes(2, "big") + text)


@pytest.fixture
def proxy(site):
    """bootd as a proxy; .through is a relay, .client a socket of a machine behind it."""
    site.bootd = site.start_bootd(CONF % site.lab.directory, ports=(("udp", 547), ("udp", BOOT_SERVER_PORT)))
    site.through = Relay(site)
    site.router.address("lan1", f"{CLIENT}/64")
    site.client = site.router.udp_socket(CLIENT, BOOT_SERVER_PORT)
    site.client.settimeout(5)
    return site


def ask_boot_server(site, offer, *more):
    ids = DHCP6OptServerId(duid=offer[DHCP6OptServerId].duid), DHCP6OptClientId(duid=offer[DHCP6OptClientId].duid)
    request = options(DHCP6_Request(trid=7), *ids, arch(X64_UEFI), vendor_class(PXE), *more)
    site.client.sendto(bytes(request), (SERVER, BOOT_SERVER_PORT))
    data, sender = site.client.recvfrom(65535)
    assert sender[:2] == (SERVER, BOOT_SERVER_PORT)
    return DHCP6_Reply(data)


def test_uefi_pxe_is_answered_twice(proxy):
    """With its own class and no address; and by unicast again, as the machine that it was."""
    offer = proxy.through.ask(solicit(arch(X64_UEFI), vendor_class(PXE)))
    found = dict(read_options(bytes(offer)))
    assert url(offer) == f"tftp://[2001:db8:100::69]/{MAC}.efi" and found[16].endswith(PXE)
    assert address(offer) is None and not {3, 7} & set(found)
    reply = ask_boot_server(proxy, offer)
    assert url(reply) == url(offer) and dict(read_options(bytes(reply)))[16] == found[16]
    assert reply.trid == 7
    assert [row["stage"] for row in proxy.ask("bootd", "list")["boots"]] == ["firmware addressed"]


def test_uefi_http_needs_no_more_than_the_offer(proxy):
    offer = proxy.through.ask(solicit(arch(X64_HTTP), vendor_class(b"HTTPClient:Arch:00016")))
    assert url(offer) == "http://[2001:db8:100::69]/uki.efi" and address(offer) is None
    assert dict(read_options(bytes(offer)))[16] == b"\0\0\x01\x57\0\x0aHTTPClient"


def test_address_of_the_other_server_is_the_machines(proxy):
    """What it fetches from there is a step of its boot."""
    offer = proxy.through.ask(solicit(arch(X64_HTTP), vendor_class(b"HTTPClient:Arch:00016")))
    other = code(2, bytes.fromhex("000300015254000000aa"))
    client = DHCP6OptClientId(duid=offer[DHCP6OptClientId].duid)
    request = options(DHCP6_Request(trid=8), client, other, ia_na(1, [CLIENT]), arch(X64_HTTP))
    proxy.through.send(relay(request))  # the relay sends it to both
    leases = wait_for(lambda: proxy.ask("bootd", "leases")["leases"], what="it is put down")
    assert [(row["machine"], row["address"], row["state"]) for row in leases] == [(MAC, CLIENT, "registered")]
    proxy.server.route("2001:db8:1::/64", "via", "2001:db8:100::1")
    proxy.router.run("curl", "-gs", "--interface", f"host!{CLIENT}", f"http://[{SERVER}]/nothing.efi")
    steps = proxy.ask("bootd", "show", MAC)["steps"]
    assert steps[-1]["step"] == "HTTP /nothing.efi" and steps[-1]["failed"]


def test_other_requestors_get_no_answer(proxy):
    """And explain says so: who would be, and why not."""
    uefi, pxe = "explain arch=x64-uefi", "explain arch=x64-uefi vendor-class=PXEClient:Arch:00007"
    for question, said in (
        (uefi, "not answered: without the vendor class"),
        (pxe, "once more on port 4011"),
        (f"{pxe} user-class=iPXE", "not answered: it accepts no offer without an address"),
        ("explain arch=x64-http", "offered the boot file without an address"),
        ("explain arch=arm64-uefi", "not answered: there is no boot file for it"),
    ):
        answer = proxy.ask("bootd", *question.split())
        assert said in answer["proxy"] and answer["address"] is None
    for message in (solicit(), solicit(arch(X64_UEFI))):
        proxy.through.send(relay(message))
    proxy.through.ask(solicit(arch(X64_HTTP)))
    assert proxy.ask("bootd", "status")["dhcp"]["dropped"]["proxy"] == 2


def test_url_of_another_machine_is_warned_of(proxy):
    warning = r'bootd.conf:\d+: boot "uefi": .*no address of this machine'
    text = (proxy.lab.directory / "bootd.conf").read_text()
    proxy.lab.file("bootd.conf", text.replace("tftp://[2001:db8:100::69]", "tftp://[2001:db8:100::70]"))
    assert "no address of this machine" not in proxy.bootd.text()
    proxy.bootd.popen.send_signal(signal.SIGHUP)
    proxy.bootd.wait_for_line(warning)


def test_port_follows_the_configuration(proxy):
    text = (proxy.lab.directory / "bootd.conf").read_text()
    for is_open, now in ((False, text.replace("addresses = proxy", "")), (True, text)):
        proxy.lab.file("bootd.conf", now)
        proxy.bootd.popen.send_signal(signal.SIGHUP)
        wait_for(
            lambda: proxy.server.listens("udp", BOOT_SERVER_PORT) == is_open,
            what=f"port {BOOT_SERVER_PORT} is {'open' if is_open else 'closed'}",
        )
