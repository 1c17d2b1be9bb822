# SPDX-License-Identifier: ISC
"""A Linux with what a host's kernel may lack (8021q, vrf, bonding ...), and the host's programs.

QEMU runs the payload's kernel with no disk and no network card. The guest's
root is the host's own, shared by virtiofsd, so that whatever is installed or
built here runs there: the host's is mounted read-only (for virtiofsd, so the
guest cannot change it whatever it does), and a file system in the guest's memory
lies over it. One directory, DIRECTORY, is the same in both and can be written.

    guest = boot_guest(payload, directory, ("ip", "link", "show"))
    guest.wait_for_end()                 # what it printed is in guest.log

The command's first step is a shell script in the directory, so neither its
length nor its words are limited by a kernel's command line.
"""

import shlex
import shutil
import socket
from pathlib import Path

from firmware.machine import QEMU, accelerator
from lab.netns import missing_programs
from lab.process import Process

MODULES = (
    *("virtio_pci", "virtiofs", "overlay"),
    *("veth", "bridge", "8021q", "macvlan", "vrf", "bonding", "dummy"),
)
VIRTIOFSD = ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd")  # Debian 13, Debian 12
MEMORY = "1G"
UP = r"netboot6: the guest is up"
UP_LIMIT_S = 60
BOOTS = 3
ENDED = r"netboot6: the guest's command ended with (?P<status>\d+)"

INIT = """\
#!/bin/busybox sh
export PATH=/bin
busybox mkdir -p /dev /proc /sys /host /memory /root
busybox mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
echo "netboot6: the guest is up"
busybox mount -t proc proc /proc
busybox --install -s /bin

for module in $(cat /modules/order); do
	insmod "/modules/$module" || echo "netboot6: $module cannot be loaded"
done

end() {
	echo "netboot6: $*"
	exec poweroff -f
}

for word in $(cat /proc/cmdline); do
	case $word in netboot6.shared=*) shared=${word#netboot6.shared=} ;; esac
done
mount -t virtiofs host /host || end "cannot mount the host's root"
mount -t tmpfs -o mode=755 memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work root /root ||
	end "no writable layer over the host's root"
mount -o bind "/host$shared" "/root$shared"
mount -t devtmpfs dev /root/dev
mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount -t tmpfs -o mode=755 run /root/run
ip link set lo up
chroot /root "$shared/command"
end "the guest's command ended with $?"
"""

# virtiofsd sees / read-only, but for the shared directory.
SHARE = """\
mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro / || exit
shift
exec "$@"
"""


def why_no_guest():
    """None if a guest can run, else the reason."""
    missing = missing_programs(QEMU, "busybox", "cpio", "unshare", "mount")
    if missing:
        return f"programs are missing: {', '.join(missing)}"
    if not _virtiofsd():
        return "virtiofsd is missing (package virtiofsd, before Debian 13 qemu-system-common)"
    return None


def _virtiofsd():
    found = (path for path in VIRTIOFSD if Path(path).exists())
    return next(found, None) or shutil.which("virtiofsd")


def boot_guest(payload, directory, command, env=None):
    """A Guest that has come up. On a busy host an emulated processor may hang for ever while the
    kernel tries its clocks (seen once in some thirty boots): then it is switched on again."""
    for boot in range(1, BOOTS + 1):
        guest = Guest(payload, directory, command, env)
        try:
            guest.wait_for_line(UP, UP_LIMIT_S)
            return guest
        except AssertionError:
            guest.stop()
            if boot == BOOTS:
                raise


class Guest(Process):
    """Switched on at once. Its log is the console: DIRECTORY/console.log."""

    def __init__(self, payload, directory, command, env=None, processors=2):
        self.directory = Path(directory)
        self._write_command(command, env or {})
        initrd = self.directory / "initrd.gz"
        payload.make_initrd(initrd, INIT, MODULES)
        self.share = self._share()
        memory = f"memory-backend-memfd,id=memory,size={MEMORY},share=on"
        cmdline = "console=ttyS0 quiet loglevel=1 panic=-1 hpet=disable tsc=reliable"
        cmdline += f" netboot6.shared={self.directory}"
        argv = [
            *(QEMU, "-accel", accelerator(), "-cpu", "max", "-smp", processors, "-m", MEMORY),
            *("-machine", "q35,memory-backend=memory", "-object", memory),
            *("-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"),
            *("-chardev", f"socket,id=share,path={self.directory}/virtiofsd.sock"),
            *("-device", "vhost-user-fs-pci,chardev=share,tag=host"),
            *("-kernel", payload.kernel, "-initrd", initrd, "-append", cmdline),
        ]
        super().__init__("guest", argv, self.directory / "console.log")

    def _write_command(self, command, env):
        words = [f"{name}={value}" for name, value in env.items()] + [str(w) for w in command]
        script = self.directory / "command"
        script.write_text(f"#!/bin/sh\nexec env {shlex.join(words)}\n")
        script.chmod(0o755)

    def _share(self):
        """virtiofsd, with a socket that is created here: its own directory is read-only."""
        path = self.directory / "virtiofsd.sock"
        path.unlink(missing_ok=True)  # of a boot before
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            argv = ("unshare", "--mount", "sh", "-c", SHARE, "sh", self.directory)
            argv += (_virtiofsd(), f"--fd={listener.fileno()}", "-o", "source=/")
            argv += ("-o", "sandbox=chroot", "-o", "cache=always")
            log = self.directory / "virtiofsd.log"
            return Process("virtiofsd", argv, log, pass_fds=(listener.fileno(),))

    def wait_for_end(self, limit=120):
        """The exit status of the command."""
        return int(self.wait_for_line(ENDED, limit)["status"])

    def stop(self, limit=10.0):
        status = super().stop(limit)
        self.share.stop()
        return status
