# SPDX-License-Identifier: ISC
"""A bare machine boots over IPv6 only, and each step is printed as it happens.

`./setup demo` runs this. The machine is real UEFI firmware (or, by argument,
UEFI HTTP Boot or a BIOS with iPXE) in QEMU; router, relayd and bootd are those of
boot_site.py. The steps come from four sources: the wire of the client
link, relayd's and bootd's logs, the machine's console. The machine has booted
when Linux says so on the console and bootd has received its report; nothing
else ends with exit status 0.
"""

import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from firmware.boot_site import BootSite, why_no_ipxe
from firmware.machine import BIOS_IPXE, MAC, UEFI_HTTP, UEFI_PXE, accelerator, why_no_machine
from firmware.payload import BOOTED, CALLED_HOME, PayloadError, make_payload, why_no_uki
from lab.netns import Lab, why_no_namespaces
from lab.process import PATIENCE

LIMIT_S = 180 * PATIENCE
SPARSE_S = 15  # without a terminal, a sign of life this often

PICTURE = r"""
     a bare machine                 a router                     a server
  +------------------+        +-------------------+        +------------------+
  |  {firmware:<14}  |        |  netboot6-relayd  |        |  netboot6-bootd  |
  |  no disk         +--------+  radvd            +--------+  DHCPv6          |
  |  no IPv4         |  lan1  |                   |  core  |  TFTP, HTTP      |
  +------------------+        +-------------------+        +------------------+
                 2001:db8:1::/64             2001:db8:100::/64   2001:db8:100::69
"""

# Lines of the sources and how they are printed: (pattern, speaker, text). A speaker of None
# is the source itself.
ASKS_FOR_ROUTERS = "asks which routers are here"
ADVERTISES = "advertises itself: default router of 2001:db8:1::/64; ask DHCPv6 for the rest"
WIRE = (
    (r"router solicitation", "machine", ASKS_FOR_ROUTERS),
    (r"router advertisement", "router", ADVERTISES),
    (r"dhcp6 (solicit|request|release|inf-req|decline)", "machine", "sends a DHCPv6 {0}"),
)
CONSOLE = (
    (r"NBP filename is (\S+)", "machine", "gets the boot file {0}"),
    (r"NBP file downloaded", "machine", "has loaded it and starts it"),
    (r"^\s*URI: (\S+)", "machine", "gets the boot file {0}"),
    (r"BdsDxe: starting Boot\S+ \"UEFI HTTP", "machine", "has loaded it and starts it"),
    (r"(iPXE \S+) .*Open Source", "machine", "{0} runs; it will also wait 15 s for IPv4"),
    (r"netboot6: iPXE runs the script", "machine", "iPXE runs the script made for it"),
    (r"^(\S*/(?:vmlinuz|initrd))\.\.\. ok", "machine", "iPXE has loaded {0}"),
    (r"netboot6: the initrd is running", "machine", "Linux runs"),
    (r"netboot6: (booted .*)", "machine", "{0}"),
    (CALLED_HOME, "machine", "has called home"),
    (r"(PXE-E\d+:.*|Unexpected network error.*|Remote boot cancelled.*)", "machine", "{0}"),
)
DAEMON = ((rf"(?:error|warning|notice|info): (?:{MAC} )?(.*)", None, "{0}"),)

# The stages of the table: the first matching line of this speaker.
STAGES = {
    UEFI_PXE: (
        ("firmware starts, has a link", "machine", "sends a DHCPv6 solicit"),
        ("firmware has address and boot file", "machine", "gets the boot file"),
        ("iPXE is loaded by TFTP", "machine", "has loaded it"),
        ("iPXE starts", "machine", "iPXE .* runs;"),
        ("iPXE has address and script", "machine", "iPXE runs the script"),
        ("kernel and initrd are loaded by HTTP", "machine", "iPXE has loaded .*initrd"),
        ("Linux starts", "machine", "Linux runs"),
        ("Linux has its address", "machine", "booted Linux"),
        ("it has called home", "machine", "has called home"),
    ),
    UEFI_HTTP: (
        ("firmware starts, has a link", "machine", "sends a DHCPv6 solicit"),
        ("firmware has address and boot file", "machine", "gets the boot file"),
        ("kernel image is loaded by HTTP", "machine", "has loaded it"),
        ("Linux starts", "machine", "Linux runs"),
        ("Linux has its address", "machine", "booted Linux"),
        ("it has called home", "machine", "has called home"),
    ),
    BIOS_IPXE: (
        ("iPXE starts from its ROM", "machine", "iPXE .* runs;"),
        ("iPXE has address and script", "machine", "iPXE runs the script"),
        ("kernel and initrd are loaded by HTTP", "machine", "iPXE has loaded .*initrd"),
        ("Linux starts", "machine", "Linux runs"),
        ("Linux has its address", "machine", "booted Linux"),
        ("it has called home", "machine", "has called home"),
    ),
}
FIRMWARES = {"pxe": UEFI_PXE, "http": UEFI_HTTP, "bios": BIOS_IPXE}
NOISE = re.compile(r"\x1b\[[0-9;?=]*[A-Za-z]|\x1bc|\r")


class Source:
    """A growing text file, read line by line and printed by rows of (pattern, speaker, text)."""

    def __init__(self, name, path, rows):
        self.name = name
        self.path = Path(path)
        self.rows = rows
        self.seen = 0

    def news(self):
        """What has been said since the last call, as (time of day, speaker, text)."""
        data = self.path.read_bytes()[self.seen :]
        whole = data[: data.rfind(b"\n") + 1]
        self.seen += len(whole)
        lines = []
        for line in NOISE.sub("", whole.decode("utf-8", "replace")).splitlines():
            for pattern, speaker, text in self.rows:
                found = re.search(pattern, line)
                if found:
                    lines.append((_stamp(line), speaker or self.name, text.format(*found.groups())))
                    break
        return lines


def _stamp(line):
    """The time of day that tcpdump and our daemons begin with; consoles have none and go last."""
    stamp = re.match(r"\d\d:\d\d:\d\d\.\d+", line)
    return stamp[0].ljust(15, "9") if stamp else "~"


def all_news(sources):
    """(speaker, text) of all sources, in the order in which it happened."""
    news = [said for source in sources for said in source.news()]
    return [(who, text) for _, who, text in sorted(news, key=lambda said: said[0])]


class Printer:
    """Prints each step with its time since power-on, and a sign of life between them."""

    def __init__(self, out):
        self.out = out
        self.live = out.isatty()
        self.start = time.monotonic()
        self.steps = []  # (seconds, speaker, text)
        self.spoke = self.start

    def seconds(self):
        return time.monotonic() - self.start

    def print_step(self, speaker, text):
        if text == ADVERTISES and (not self.steps or self.steps[-1][2] != ASKS_FOR_ROUTERS):
            return  # one of those that routers send unasked
        self.steps.append((self.seconds(), speaker, text))
        lines = text.replace(" -> ", "\n" + " " * 20 + "-> ")  # what was asked, what was answered
        self._line(f"{self.seconds():6.1f} s  {speaker:<8} {lines}")

    def alive(self):
        if self.live:
            last = self.steps[-1][2] if self.steps else "power on"
            self.out.write(f"\r\x1b[2m{self.seconds():6.1f} s  ... after: {last[:54]}\x1b[0m\x1b[K")
            self.out.flush()
        elif time.monotonic() - self.spoke > SPARSE_S:
            self._line(f"{self.seconds():6.1f} s  ...")

    def _line(self, text):
        self.out.write(("\r\x1b[K" if self.live else "") + text + "\n")
        self.out.flush()
        self.spoke = time.monotonic()

    def clear(self):
        if self.live:
            self.out.write("\r\x1b[K")

    def table(self, stages):
        """How long each stage took; what did not happen is left out."""
        self.out.write(f"\n  {'stage':<40} {'took':>8} {'done at':>9}\n")
        before = 0.0
        for stage, speaker, pattern in stages:
            at = next((s for s, who, text in self.steps
                       if who == speaker and re.match(pattern, text)), None)
            if at is not None:
                self.out.write(f"  {stage:<40} {at - before:6.1f} s {at:7.1f} s\n")
                before = at


class DidNotBoot(Exception):
    pass


def watch(site, machine, sources, printer):
    """Print steps until the machine has booted; DidNotBoot says why it has not."""
    called_home = re.compile(rf"{MAC}.*booted")
    while True:
        ended = not machine.running()
        for who, text in all_news(sources):
            printer.print_step(who, text)
        on_console = re.search(BOOTED, machine.text())
        if on_console and called_home.search(site.bootd.text()):
            return
        for process in (site.relayd, site.bootd, site.radvd):
            if not process.running():
                process.ours = False  # judged here, not again when the lab closes
                raise DidNotBoot(f"{process.name} has ended; it said:\n{process.tail(8)}")
        if ended:
            raise DidNotBoot(f"the machine has ended; its console said:\n{machine.tail(8)}")
        if printer.seconds() > LIMIT_S:
            raise DidNotBoot(f"not within {LIMIT_S:.0f} s")
        printer.alive()
        time.sleep(0.05)  # as often as the sources are asked


def boot(lab, payload, firmware, out):
    """One boot from power-on to the table; DidNotBoot if it fails."""
    site = BootSite(lab, payload)
    filter_text = "udp port 546 or (icmp6 and (ip6[40] == 133 or ip6[40] == 134))"
    wire = site.router.popen("wire", "tcpdump", "-l", "-n", "--immediate-mode", "-i", "lan1", filter_text)
    wire.wait_for_line("listening on")
    sources = [
        Source("wire", wire.log, WIRE),
        Source("relayd", site.relayd.log, DAEMON),
        Source("bootd", site.bootd.log, DAEMON),
    ]
    for who, text in all_news(sources):
        out.write(f"          {who:<8} {text}\n")
    out.write("\nAll is ready; the machine is switched on.\n\n")
    machine = site.power_on(firmware)
    printer = Printer(out)
    sources.append(Source("machine", machine.log, CONSOLE))
    try:
        watch(site, machine, sources, printer)
    except DidNotBoot as why:
        printer.clear()
        last = "%.1f s: %s %s" % printer.steps[-1] if printer.steps else "power on"
        raise DidNotBoot(f"{why}\nThe last step reached was at {last}") from None
    printer.clear()
    printer.table(STAGES[firmware])
    out.write(f"\n{machine.mac} booted {printer.seconds():.1f} s after power-on.\n")


def why_not(firmware):
    """None where the demo can run, else the reason."""
    reasons = [why_no_namespaces(), why_no_machine(firmware)]
    reasons.append({UEFI_PXE: why_no_ipxe, UEFI_HTTP: why_no_uki}.get(firmware, lambda: None)())
    return next((reason for reason in reasons if reason), None)


def demonstrate(firmware, out):
    """Returns the exit status."""
    reason = why_not(firmware)
    if reason:
        out.write(f"The demo cannot run here: {reason}.\n")
        return 1
    try:
        payload = make_payload(lambda text: out.write(text + "\n"))
        accelerated = accelerator(lambda text: out.write(text + "\n"))
    except PayloadError as error:
        out.write(f"The demo cannot run here: {error}\n")
        return 1
    out.write(PICTURE.format(firmware=firmware))
    out.write(f"\nQEMU is the machine ({accelerated}); all links are in namespaces.\n\n")
    directory = Path(tempfile.mkdtemp(prefix="netboot6-demo-"))
    directory.chmod(0o755)  # daemons that gave up root read their files here
    lab, wrong = Lab(directory), []
    try:
        boot(lab, payload, firmware, out)
    except (DidNotBoot, AssertionError) as why:
        wrong = [f"The machine did not boot: {why}"]
    finally:  # also when interrupted
        wrong += lab.close()
        if not wrong:
            shutil.rmtree(directory, ignore_errors=True)
    if wrong:
        out.write("\n" + "\n".join(wrong) + f"\nLogs and captures are kept in {directory}\n")
        return 1
    out.write("The machine booted. All that was made for it is gone again.\n")
    return 0


def main(argv):
    name = argv[1] if len(argv) > 1 else "pxe"
    if name not in FIRMWARES:
        sys.stderr.write(f"usage: demo.py [{'|'.join(FIRMWARES)}]\n")
        return 2
    sys.stdout.reconfigure(errors="replace", line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        return demonstrate(FIRMWARES[name], sys.stdout)
    except KeyboardInterrupt:
        sys.stdout.write("\nInterrupted; all that was made is gone again.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv))
