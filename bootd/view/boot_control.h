/* SPDX-License-Identifier: ISC */
/*
 * The commands of bootd's control socket (boot_view.h has the words of each):
 *
 *	status | doctor | list | show MACHINE | leases | hosts | explain NAME=VALUE... | metrics
 *	release ADDRESS | reload
 *	watch   (daemon/control.h: an event per step of a boot)
 */
#ifndef NB6_BOOTD_VIEW_BOOT_CONTROL_H
#define NB6_BOOTD_VIEW_BOOT_CONTROL_H

#include "bootd/progress/boot_progress.h"
#include "daemon/control.h"

struct boot_parts;
struct config_problems;

/* What the commands work on: the arg of each. */
struct boot_control {
	struct boot_parts *parts;
	/* Read the configuration again, and call done() with 0, or -errno and what is wrong. */
	void (*reload)(void *arg,
		void (*done)(void *done_arg, int rc, const struct config_problems *problems),
		void *done_arg);
	void *reload_arg;
};

extern const struct control_command boot_control_commands[];

/* Sends a step of a boot to all connections that watch. */
void boot_control_step(
	struct control *control, const struct boot_record *record, const struct boot_step *step);

#endif
