# SPDX-License-Identifier: ISC
"""A virtual machine with real firmware, its network card on a tap of the lab.

    UEFI_PXE    OVMF, UEFI PXE over IPv6 (arch 7)
    UEFI_HTTP   OVMF, UEFI HTTP Boot over IPv6 (arch 16)
    BIOS_IPXE   SeaBIOS, iPXE from the network card's ROM (arch 0)

A Machine is a Process whose log is its serial console. It has no disk: it boots
from the network or not at all. QEMU emulates (TCG) unless KVM has been seen to
boot a small Linux on this host: /dev/kvm may be there and hang all the same.
NB6_ACCEL=tcg or kvm decides without trying.
"""

import os
import shutil
from pathlib import Path

from firmware.payload import make_payload
from lab.netns import missing_programs, run
from lab.process import PATIENCE, Process

QEMU = "qemu-system-x86_64"
OVMF_CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
OVMF_VARS = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
BIOS_ROMS = (Path("/usr/lib/ipxe/qemu/pxe-virtio.rom"), Path("/usr/share/qemu/pxe-virtio.rom"))

UEFI_PXE = "UEFI PXE"
UEFI_HTTP = "UEFI HTTP Boot"
BIOS_IPXE = "BIOS iPXE"

MAC = "52:54:00:12:34:56"
UUID = "00112233-4455-6677-8899-aabbccddeeff"

KVM_PROBE_S = 15


def why_no_machine(firmware):
    """None if such a machine can run, else the reason."""
    if not Path("/dev/net/tun").exists():
        return "/dev/net/tun is missing: no tap for a virtual machine (modprobe tun)"
    missing = missing_programs(QEMU, "radvd")
    if missing:
        return f"programs are missing: {', '.join(missing)}"
    if firmware != BIOS_IPXE and not (OVMF_CODE.exists() and OVMF_VARS.exists()):
        return f"{OVMF_CODE} is missing (package ovmf)"
    if firmware == BIOS_IPXE and not any(rom.exists() for rom in BIOS_ROMS):
        return "iPXE's ROM for virtio cards is missing (package ipxe-qemu)"
    return None


class Machine(Process):
    """A machine that has just been switched on."""

    def __init__(self, lab, namespace, tap, firmware, mac=MAC, uuid=UUID, trusted=None):
        """trusted: a file of EFI signature lists with the CAs that UEFI HTTPS Boot trusts."""
        self.firmware = firmware
        self.mac = mac
        self.uuid = uuid
        argv = [
            *("ip", "netns", "exec", namespace.full_name, QEMU),
            *("-accel", accelerator(), "-cpu", "max", "-smp", 1, "-m", 512),
            *("-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"),
            *("-uuid", uuid),
            *("-netdev", f"tap,id=n0,ifname={tap},script=no,downscript=no"),
            *_firmware_options(firmware, mac, lab.directory),
            *(("-fw_cfg", f"name=etc/edk2/https/cacerts,file={trusted}") if trusted else ()),
        ]
        super().__init__("machine", argv, lab.directory / "machine-console.log")
        lab.processes.append(self)


def _firmware_options(firmware, mac, directory):
    card = f"virtio-net-pci,netdev=n0,mac={mac},bootindex=1"
    if firmware == BIOS_IPXE:
        # Debian 13's ROM finds only cards that speak virtio 1.0; the older one finds both.
        return ["-machine", "q35,graphics=off", "-device", f"{card},disable-legacy=on"]
    variables = directory / "OVMF_VARS.fd"
    shutil.copyfile(OVMF_VARS, variables)
    options = ["-machine", "q35"]
    options += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF_CODE}"]
    options += ["-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
    options += ["-device", "virtio-rng-pci"]  # newer OVMF has no network boot without
    options += ["-fw_cfg", "name=opt/org.tianocore/IPv4Support,string=no"]
    options += ["-device", f"{card},romfile="]  # OVMF's own driver, not QEMU's iPXE
    if firmware == UEFI_HTTP:
        # Started first thing, HTTP Boot does not wait for its link-local
        # address and fails; the boot menu gives it the time.
        options += ["-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=no"]
        options += ["-boot", "menu=on,splash-time=3000"]
    return options


# --- KVM ---------------------------------------------------------------------------
def accelerator(progress=lambda text: None):
    """"kvm" if it has booted a Linux on this host since the host started, else "tcg"."""
    wanted = os.environ.get("NB6_ACCEL")
    if wanted:
        return wanted
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    payload = make_payload()
    verdict = payload.initrd.with_name(f"kvm-{boot_id}")
    if not verdict.exists():
        progress(f"trying whether KVM works here ({KVM_PROBE_S} s at most, once)")
        verdict.write_text("kvm" if _kvm_boots_linux(payload) else "tcg")
    return verdict.read_text()


def _kvm_boots_linux(payload):
    """The payload's initrd says that it is running, within 15 seconds."""
    log = payload.initrd.with_name(f"kvm-probe-{os.getpid()}.log")
    argv = [QEMU, "-accel", "kvm", "-cpu", "max", "-m", 512, "-nodefaults", "-display", "none"]
    argv += ["-no-reboot", "-serial", "stdio", "-kernel", payload.kernel]
    argv += ["-initrd", payload.initrd, "-append", "console=ttyS0 quiet panic=-1"]
    probe = Process("kvm probe", argv, log)
    try:
        probe.wait_for_line("netboot6: the initrd is running", KVM_PROBE_S / PATIENCE)
        return True
    except AssertionError:
        return False
    finally:
        probe.stop()
        log.unlink()
