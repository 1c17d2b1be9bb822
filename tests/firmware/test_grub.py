# SPDX-License-Identifier: ISC
"""Secure Boot's chain: OVMF -> shim -> GRUB -> kernel and initrd by TFTP -> Linux.

       clients                         server
  ┌────────────────────┐      ┌──────────────────────────┐
  │ machine ─── br-own ┼──────┼ lan   bootd, radvd       │     2001:db8:1::/64
  └────────────────────┘      └──────────────────────────┘

GRUB goes on with the address that firmware was given and has released, and knows no
router, so server and machine are on one link. It is the one where bootd sees the
machine itself, with no relay between.
"""

import pytest

from firmware.boot_site import CMDLINE, expect_linux
from firmware.conftest import unless
from firmware.machine import UEFI_PXE, Machine, why_no_machine
from firmware.payload import publish
from lab.netns import wait_for
from lab.packages import PackageError, unpacked
from lab.topology import Site

SERVER = "2001:db8:1::69"
HOME = f"http://[{SERVER}]/netboot6/booted?mac="

pytestmark = unless(why_no_machine(UEFI_PXE))

BOOTD_CONF = """\
listen = {{"lan"}}
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
subnet "2001:db8:1::/64" {{}}
boot "uefi" {{ arch = {{"x64-uefi"}}  url = "tftp://[{server}]/shimx64.efi" }}
"""

GRUB_CFG = f"""\
echo netboot6: GRUB runs its configuration
linux /vmlinuz {CMDLINE} netboot6.home={HOME}$net_default_mac
initrd /initrd
boot
"""


@pytest.fixture
def loaders():
    """The signed programs: their packages want to be installed on a machine's own disk."""
    try:
        shim = unpacked("shim-signed", alone=True).root
        grub = unpacked("grub-efi-amd64-signed", alone=True).root
    except PackageError as error:
        pytest.skip(str(error))
    return (
        shim / "usr/lib/shim/shimx64.efi.signed",
        grub / "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
    )


@pytest.fixture
def own_link(lab):
    """A site whose server has a link of its own, lan, to the bridge br-own."""
    site = Site(lab, client_links=0)
    site.clients.bridge("br-own")
    lab.veth(site.server, "lan", site.clients, "port-own")
    site.clients.bridge_port("br-own", "port-own")
    site.server.address("lan", f"{SERVER}/64")
    site.server.sysctl("net.ipv6.conf.all.forwarding", 1)  # radvd wants it
    site.server.capture("lan")
    return site


def test_ovmf_boots_linux_through_shim_and_grub(own_link, loaders, payload):
    site = own_link
    root = site.lab.directory / "root"
    (root / "grub").mkdir(parents=True)
    publish(payload.kernel, root, "vmlinuz")
    publish(payload.initrd, root, "initrd")
    publish(loaders[0], root, "shimx64.efi")
    publish(loaders[1], root, "grubx64.efi")
    (root / "grub/grub.cfg").write_text(GRUB_CFG)
    config = BOOTD_CONF.format(root=root, server=SERVER)
    bootd = site.start_bootd(config, ports=(("udp", 547), ("udp", 69), ("tcp", 80)))
    wait_for(lambda: site.server.joined("lan"), what="bootd joins ff02::1:2")
    site.start_radvd_on(site.server, "lan", "2001:db8:1::/64")

    site.clients.tap("tap1", "br-own")
    machine = Machine(site.lab, site.clients, "tap1", UEFI_PXE)
    machine.wait_for_line(r"NBP filename is shimx64\.efi", 90)
    machine.wait_for_line("netboot6: GRUB runs its configuration", 60)
    steps = expect_linux(site, machine, bootd)
    for step in ("TFTP shimx64.efi", "TFTP /grubx64.efi", "TFTP /grub/grub.cfg", "TFTP /initrd"):
        assert step in steps
    bindings = site.ask("bootd", "leases")["leases"]
    assert [row["mac-from"] for row in bindings] == ["frame"]
