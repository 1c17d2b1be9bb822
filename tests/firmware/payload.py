# SPDX-License-Identifier: ISC
"""What the machines boot: a Linux that says that it is there, and nothing else.

The kernel is Debian's cloud kernel, fetched once by `apt-get download` and
kept, unpacked, in a cache (NB6_CACHE, else /var/cache/netboot6-tests). It is not
installed. The initrd is busybox and the few modules that a virtio network card
needs. Its init takes an address from the router's advertisements (SLAAC), says

    netboot6: booted Linux 6.1.0-56-cloud-amd64, 52:54:00:12:34:56 is 2001:db8:1::...

on the serial console, calls home, and powers the machine off. Where to call is
`netboot6.home=URL` on the kernel's command line; a URL that ends with "mac=" is
completed with the machine's own MAC. Others have the same kernel with an initrd
of their own, by Payload.make_initrd(). UKI is kernel, initrd and command line in
one EFI program, made with systemd's stub: UEFI HTTP Boot starts it directly.
"""

import gzip
import lzma
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from lab.netns import missing_programs, run
from lab.packages import PackageError, cache_directory, fetch

META_PACKAGE = "linux-image-cloud-amd64"
MODULES = ("virtio_pci", "virtio_net")
EFI_STUB = Path("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")
BOOTED = r"netboot6: booted Linux (?P<release>\S+), (?P<mac>\S+) is (?P<address>\S+)"
CALLED_HOME = r"netboot6: called home"

INIT = """\
#!/bin/busybox sh
export PATH=/bin
busybox mkdir -p /dev /proc /sys
busybox mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox --install -s /bin
echo "netboot6: the initrd is running"

for module in $(cat /modules/order); do
	insmod "/modules/$module" || echo "netboot6: $module cannot be loaded"
done

end() {
	echo "netboot6: $*"
	exec poweroff -f
}

# Wait until `$1 ...` succeeds, at most $limit seconds, looking ten times a second.
limit=30
wait_for() {
	tries=$((limit * 10))
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 100000
	done
}

address() {
	ip -6 address show dev eth0 scope global | grep -v tentative |
		sed -n 's|.* inet6 \\([^/]*\\)/.*|\\1|p' | head -n 1
}
has_card() { [ -e /sys/class/net/eth0 ]; }
has_address() { [ -n "$(address)" ]; }
has_router() { ip -6 route show default | grep -q via; }

wait_for has_card || end "no network card"
ip link set lo up
ip link set eth0 up
mac=$(cat /sys/class/net/eth0/address)
wait_for has_address || end "no address: no router advertisement with a prefix"
wait_for has_router || end "no default router"
echo "netboot6: booted Linux $(uname -r), $mac is $(address)"

for word in $(cat /proc/cmdline); do
	case $word in netboot6.home=*) home=${word#netboot6.home=} ;; esac
done
case $home in
"") end "no URL to report to" ;;
*mac=) home=$home$mac ;;
esac
# (busybox-static 1.35 crashes in `wget -T`)
called() { timeout 5 wget -q -O /dev/null "$home"; }
limit=3
wait_for called || end "$home does not answer"
end "called home"
"""


class PayloadError(PackageError):
    """The payload cannot be made here; says why and what to do."""


class Payload:
    """Paths of what was made; UKIs are made for the asker's command line."""

    def __init__(self, release, kernel, initrd):
        self.release = release
        self.kernel = kernel
        self.initrd = initrd

    def make_initrd(self, path, init, modules):
        """An initrd of busybox, the script `init`, and the modules with those they need."""
        _make_initrd(path, self.kernel.parent, init, modules)

    def make_uki(self, path, cmdline):
        """Join stub, kernel, initrd and command line into the EFI program `path`."""
        with tempfile.TemporaryDirectory() as scratch:
            words = Path(scratch, "cmdline")
            words.write_text(cmdline)
            end, step = _image_end(EFI_STUB)
            argv = ["objcopy"]
            sections = ((".cmdline", words), (".linux", self.kernel), (".initrd", self.initrd))
            for name, content in sections:
                end = (end + step - 1) // step * step
                argv += ["--add-section", f"{name}={content}"]
                argv += ["--change-section-vma", f"{name}={end:#x}"]
                end += Path(content).stat().st_size
            run(*argv, EFI_STUB, path)


def make_payload(progress=lambda text: None):
    """The payload, from the cache if it is there. progress(text) reports the long steps."""
    cache = cache_directory()
    kernel = _cached_kernel(cache) or _fetch_kernel(cache, progress)
    release = kernel.name.removeprefix("vmlinuz-")
    initrd = cache / f"initrd-{release}.gz"
    _make_initrd(initrd, kernel.parent, INIT, MODULES)
    return Payload(release, kernel, initrd)


# --- the kernel -----------------------------------------------------------------
def _cached_kernel(cache):
    kernels = sorted(cache.glob("linux-image-*/vmlinuz-*"))
    return kernels[-1] if kernels else None


def _fetch_kernel(cache, progress):
    """Download the kernel's package, keep vmlinuz and the modules. The last step is a rename."""
    package = _kernel_package(cache)
    progress(f"fetching {package} (27 MB, once; it is kept in {cache})")
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        tree = Path(scratch, "tree")
        run("dpkg-deb", "-x", fetch(package, scratch), tree, timeout=300)
        kept = Path(scratch, "kept")
        kept.mkdir(0o755)
        shutil.move(str(next(tree.glob("boot/vmlinuz-*"))), str(kept))
        modules = next(path for path in tree.glob("**/lib/modules/*") if path.is_dir())
        shutil.move(str(modules / "kernel"), str(kept / "kernel"))
        final = cache / package
        shutil.rmtree(final, ignore_errors=True)
        kept.rename(final)
    return next(final.glob("vmlinuz-*"))


def _kernel_package(cache):
    """The package that the meta package depends on today."""
    if missing_programs("apt-cache"):
        raise PayloadError(
            f"no kernel in {cache}, and none can be fetched: apt-cache is missing. "
            f"Put vmlinuz-RELEASE and its module tree into {cache}/linux-image-RELEASE/"
        )
    shown = run("apt-cache", "depends", "--important", META_PACKAGE, check=False).stdout
    found = re.search(r"Depends: (linux-image-\S+)", shown)
    if not found:
        raise PayloadError(f"apt knows no {META_PACKAGE} (is this Debian? try apt-get update)")
    return found[1]


# --- the initrd -----------------------------------------------------------------
def _make_initrd(path, kernel_dir, init, modules):
    busybox = shutil.which("busybox", path="/bin:/usr/bin")
    if not busybox or missing_programs("cpio"):
        raise PayloadError("busybox-static and cpio are needed to make the initrd")
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        root = Path(scratch, "root")
        (root / "bin").mkdir(parents=True)
        (root / "modules").mkdir()
        shutil.copy(busybox, root / "bin/busybox")
        (root / "init").write_text(init)
        (root / "init").chmod(0o755)
        order = _load_order(kernel_dir, modules)
        for module in order:
            (root / "modules" / module.name.removesuffix(".xz")).write_bytes(_module_bytes(module))
        names = [module.name.removesuffix(".xz") for module in order]
        (root / "modules/order").write_text("\n".join(names) + "\n")
        packed = Path(scratch, "initrd")
        packed.write_bytes(gzip.compress(_cpio(root), 6, mtime=0))
        packed.rename(path)


def _cpio(root):
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    done = subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"],
        cwd=root, input="\n".join(names).encode(), stdout=subprocess.PIPE, check=True,
    )
    return done.stdout


def _load_order(kernel_dir, modules):
    """The files of the modules, each after those it needs; what has no file is built in."""
    files = {}
    for path in kernel_dir.glob("kernel/**/*.ko*"):
        files[path.name.split(".")[0].replace("-", "_")] = path
    order = []

    def add(name):
        path = files.get(name)
        if path is None or path in order:
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", _module_bytes(path))
        for needed in depends[1].decode().split(",") if depends else ():
            add(needed.replace("-", "_"))
        order.append(path)

    for name in modules:
        add(name)
    return order


def _module_bytes(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


# --- the UKI --------------------------------------------------------------------
def why_no_uki():
    """None where a UKI can be made, else the reason."""
    if not EFI_STUB.exists():
        return f"{EFI_STUB} is missing (package systemd-boot-efi)"
    missing = missing_programs("objcopy", "objdump")
    return f"programs are missing: {', '.join(missing)}" if missing else None


def _image_end(stub):
    """Where the last section of an EFI program ends, and the step that sections are aligned to."""
    headers = run("objdump", "-h", "-w", stub).stdout
    rows = re.findall(r"^\s*\d+ \.\S+\s+([0-9a-f]+)\s+([0-9a-f]+)", headers, re.MULTILINE)
    end = max(int(size, 16) + int(vma, 16) for size, vma in rows)
    step = re.search(r"SectionAlignment\s+([0-9a-f]+)", run("objdump", "-p", stub).stdout)
    return end, int(step[1], 16)


def publish(path, directory, name=None):
    """Copy a file to where bootd serves it, readable for all."""
    target = Path(directory) / (name or Path(path).name)
    shutil.copyfile(path, target)
    target.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
    return target
