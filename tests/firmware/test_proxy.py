# SPDX-License-Identifier: ISC
"""Proxy mode: addresses from ISC dhcpd on the machine's link, boot files from bootd behind the relay."""

import pytest

from firmware.boot_site import BootSite, why_no_ipxe
from firmware.conftest import unless
from firmware.machine import UEFI_HTTP, UEFI_PXE, why_no_machine
from firmware.payload import why_no_uki
from lab.packages import PackageError, unpacked

pytestmark = unless(why_no_machine(UEFI_PXE), why_no_ipxe(), why_no_uki())

DHCPD_CONF = """\
default-lease-time 600;
subnet6 2001:db8:1::/64 { range6 2001:db8:1::2000 2001:db8:1::2fff; }
"""


def start_dhcpd(site):
    """The other server, with an address on the machine's link, and no boot file to give."""
    try:
        dhcpd = unpacked("isc-dhcp-server", alone=True)
    except PackageError as error:
        pytest.skip(str(error))
    other = site.lab.namespace("other")
    site.lab.veth(site.clients, "port-other", other, "lan")
    site.clients.bridge_port("br-1", "port-other")
    other.address("lan", "2001:db8:1::2/64")
    files = ("-cf", site.lab.file("dhcpd.conf", DHCPD_CONF), "-lf", site.lab.file("dhcpd.leases", ""))
    argv = (dhcpd.program("dhcpd"), "-6", "-f", "-d", "--no-pid", *files, "lan")
    process = other.popen("dhcpd", *argv, env=dhcpd.env)
    process.wait_for_line("Server starting service", 10)
    return process


@pytest.fixture
def proxy_site(lab, payload):
    site = BootSite(lab, payload, subnet="addresses = proxy")
    site.dhcpd = start_dhcpd(site)
    return site


def steps_of(site, machine):
    return [step["step"] for step in site.ask("bootd", "show", machine.mac)["steps"]]


def test_ovmf_pxe_beside_isc_dhcpd(proxy_site):
    """It takes dhcpd's address, asks bootd on port 4011, and loads the boot file."""
    machine = proxy_site.power_on(UEFI_PXE)
    machine.wait_for_line(r"NBP filename is snponly\.efi", 90)
    machine.wait_for_line(r"NBP file downloaded successfully", 30)
    assert "2001:db8:1::2" in proxy_site.dhcpd.text()
    steps = steps_of(proxy_site, machine)
    assert steps[:2] == ["x64-uefi Solicit", "x64-uefi Request"] and "TFTP snponly.efi" in steps


def test_ovmf_http_beside_isc_dhcpd(proxy_site):
    """The address from the one, the URL from the other's Advertise."""
    machine = proxy_site.power_on(UEFI_HTTP)
    machine.wait_for_line(r"URI: http://\[2001:db8:100::69\]/uki\.efi", 90)
    proxy_site.bootd.wait_for_line(r"HTTP /uki.efi done", 60)
    steps = steps_of(proxy_site, machine)
    assert steps[0] == "x64-http Solicit" and "HTTP /uki.efi" in steps
