# SPDX-License-Identifier: ISC
"""BIOS: iPXE in the network card's ROM -> script by HTTP -> kernel and initrd -> Linux."""

from firmware.conftest import unless
from firmware.machine import BIOS_IPXE, why_no_machine

pytestmark = unless(why_no_machine(BIOS_IPXE))


def test_seabios_ipxe_rom_boots_linux(boot_site):
    machine = boot_site.power_on(BIOS_IPXE)
    machine.wait_for_line(r"iPXE \S+ .*-- Open Source", 60)
    machine.wait_for_line(rf"netboot6: iPXE runs the script of {machine.mac}", 90)
    steps = boot_site.expect_linux(machine)
    for step in ("iPXE x86-bios Request", "HTTP /boot.ipxe", "HTTP /vmlinuz", "HTTP /initrd"):
        assert step in steps
    boot_site.expect_one_address(machine)
