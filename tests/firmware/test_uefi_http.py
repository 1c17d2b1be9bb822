# SPDX-License-Identifier: ISC
"""UEFI HTTP Boot: OVMF -> a unified kernel image by HTTP -> Linux. The shortest chain."""

from firmware.conftest import unless
from firmware.machine import UEFI_HTTP, why_no_machine
from firmware.payload import why_no_uki

pytestmark = unless(why_no_machine(UEFI_HTTP), why_no_uki())


def test_ovmf_http_boots_a_unified_kernel_image(boot_site):
    machine = boot_site.power_on(UEFI_HTTP)
    machine.wait_for_line(r"URI: http://\[2001:db8:100::69\]/uki\.efi", 90)
    machine.wait_for_line(r"starting Boot\d+ .*UEFI HTTPv6", 90)
    steps = boot_site.expect_linux(machine)
    assert "x64-http Request" in steps
    assert "HTTP /uki.efi" in steps
    boot_site.expect_one_address(machine)
