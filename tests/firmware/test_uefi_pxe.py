# SPDX-License-Identifier: ISC
"""UEFI PXE: OVMF -> iPXE by TFTP -> script by HTTP -> kernel and initrd -> Linux.

The longest chain: two firmwares ask with two DUIDs, the boot rules tell them
apart, and each thing comes from another protocol. Without a machine of metal,
the nearest to the truth.
"""

from firmware.boot_site import why_no_ipxe
from firmware.conftest import unless
from firmware.machine import UEFI_PXE, why_no_machine

pytestmark = unless(why_no_machine(UEFI_PXE), why_no_ipxe())


def test_ovmf_pxe_boots_linux_through_ipxe(boot_site):
    machine = boot_site.power_on(UEFI_PXE)
    machine.wait_for_line(r"NBP filename is snponly\.efi", 90)
    machine.wait_for_line(r"NBP file downloaded successfully", 30)
    machine.wait_for_line(r"iPXE \S+ .*-- Open Source", 30)
    machine.wait_for_line(rf"netboot6: iPXE runs the script of {machine.mac}", 90)
    steps = boot_site.expect_linux(machine)
    for step in (
        "x64-uefi Request",
        "TFTP snponly.efi",
        "iPXE x64-uefi Request",
        "HTTP /boot.ipxe",
        "HTTP /vmlinuz",
        "HTTP /initrd",
    ):
        assert step in steps
    boot_site.expect_one_address(machine)
