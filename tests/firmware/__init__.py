# SPDX-License-Identifier: ISC
"""Real firmware boots over IPv6 only: the proof that the whole of netboot6 works.

payload.py    what is booted: a Linux kernel, an initrd that calls home, a UKI
machine.py    a virtual machine with real firmware: OVMF or SeaBIOS with iPXE
boot_site.py  the lab's site with relayd, bootd and radvd on it, and files to boot
demo.py       the same as a show, for `./setup demo`
"""
