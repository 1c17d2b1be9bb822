# SPDX-License-Identifier: ISC
"""UEFI HTTP Boot: OVMF -> iPXE by HTTP -> bootd's built-in autoexec.ipxe -> script -> Linux.

iPXE fetches autoexec.ipxe since 2020; NB6_IPXE_EFI names such a one where the installed one is older.
"""

import os
import shutil
from pathlib import Path

from firmware.boot_site import IPXE_EFI
from firmware.conftest import unless
from firmware.machine import UEFI_HTTP, why_no_machine
from firmware.payload import why_no_uki

IPXE = Path(os.environ.get("NB6_IPXE_EFI", IPXE_EFI))


def why_no_autoexec():
    if not IPXE.exists():
        return f"{IPXE} is missing (package ipxe)"
    if b"autoexec.ipxe" not in IPXE.read_bytes():
        return f"{IPXE} does not fetch autoexec.ipxe; set NB6_IPXE_EFI to a newer one"
    return None


pytestmark = unless(why_no_machine(UEFI_HTTP), why_no_uki(), why_no_autoexec())


def test_the_built_in_script_starts_ipxe_without_its_waits(boot_site):
    boot_file = boot_site.root / "uki.efi"  # of the rule for HTTP Boot
    boot_file.unlink()
    shutil.copy(IPXE, boot_file)
    machine = boot_site.power_on(UEFI_HTTP)
    machine.wait_for_line(rf"netboot6: iPXE runs the script of {machine.mac}", 90)
    steps = boot_site.expect_linux(machine)
    order = [steps.index(f"HTTP /{name}") for name in ("autoexec.ipxe", "boot.ipxe", "vmlinuz")]
    assert order == sorted(order)
    boot_site.expect_one_address(machine)
