# SPDX-License-Identifier: ISC
"""A disk that is slow to read for the processes of one test: a loop device, throttled by cgroup.

    with ColdDisk(directory, octets_per_second=10_000_000) as disk:
        (disk.path / "kernel").write_bytes(...)
        disk.chill()          # nothing of it is in memory any more
        disk.slow_for(pid)    # from now on reading waits for the disk
"""

import itertools
import os
from pathlib import Path

import pytest

from lab.netns import run

CGROUPS = Path("/sys/fs/cgroup")
_numbers = itertools.count(1)


class ColdDisk:
    def __init__(self, directory, octets_per_second, size_mib=160):
        self.rate = octets_per_second
        self.image = Path(directory) / "disk.img"
        self.path = Path(directory) / "disk"
        self.path.mkdir()
        with self.image.open("wb") as image:
            image.truncate(size_mib << 20)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.device = run("losetup", "--find", "--show", self.image).stdout.strip()
        self.cgroup = None

    def __enter__(self):
        run("mount", self.device, self.path)
        return self

    def __exit__(self, *_):
        run("umount", "--lazy", self.path)
        run("losetup", "--detach", self.device)
        if self.cgroup:
            for pid in (self.cgroup / "cgroup.procs").read_text().split():
                (self.cgroup.parent / "cgroup.procs").write_text(pid)
            self.cgroup.rmdir()

    def chill(self):
        """Write all to the disk, and forget what is in memory."""
        run("sync", "--file-system", self.path)
        run("umount", self.path)
        run("mount", self.device, self.path)

    def _throttle(self):
        number = os.stat(self.device).st_rdev
        device = f"{os.major(number)}:{os.minor(number)}"
        name = f"nb6-cold-{os.getpid()}-{next(_numbers)}"
        if (CGROUPS / "blkio").is_dir():
            self.cgroup = CGROUPS / "blkio" / name
            self.cgroup.mkdir()
            limit = self.cgroup / "blkio.throttle.read_bps_device"
            limit.write_text(f"{device} {self.rate}")
        elif "io" in (CGROUPS / "cgroup.controllers").read_text().split():
            (CGROUPS / "cgroup.subtree_control").write_text("+io")
            self.cgroup = CGROUPS / name
            self.cgroup.mkdir()
            (self.cgroup / "io.max").write_text(f"{device} rbps={self.rate}")
        else:
            pytest.skip("no cgroup controller limits the rate of a disk here")

    def slow_for(self, *pids):
        if not self.cgroup:
            self._throttle()
        for pid in pids:
            (self.cgroup / "cgroup.procs").write_text(str(pid))
