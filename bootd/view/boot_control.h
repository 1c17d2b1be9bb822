/* SPDX-License-Identifier: ISC */
/*
 * What can be asked on bootd's control socket:
 *
 *	status | list | show MACHINE | leases | hosts | reload
 *	explain FACT=VALUE...   (boot_explain.h)
 *	watch   (of daemon/control.h: an event per step of a boot)
 */
#ifndef NB6_BOOTD_VIEW_BOOT_CONTROL_H
#define NB6_BOOTD_VIEW_BOOT_CONTROL_H

#include "bootd/progress/boot_progress.h"
#include "daemon/control.h"

struct boot_server;

/* Each command's arg is the boot_server. */
extern const struct control_command boot_control_commands[];

/* A step of a boot is an event for those who watch. */
void boot_control_step(
	struct boot_server *server, const struct boot_record *record, const struct boot_step *step);

#endif
