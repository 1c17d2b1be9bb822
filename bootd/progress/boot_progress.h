/* SPDX-License-Identifier: ISC */
/*
 * How far each machine got: its boot as a list of steps with times, from the first
 * Solicit of its firmware to the call home of the installed system.
 *
 *	asked -> addressed -> fetching -> (iPXE) asked -> addressed -> fetching -> booted
 *
 * DHCPv6, TFTP and HTTP each tell what they see; here it becomes one story per machine. A
 * machine that starts over has a new boot. Memory is bounded: of too many machines the
 * one that was silent longest is forgotten.
 */
#ifndef NB6_BOOTD_PROGRESS_BOOT_PROGRESS_H
#define NB6_BOOTD_PROGRESS_BOOT_PROGRESS_H

#include "bootd/client/machine.h"
#include "bootd/dhcp/exchange.h"
#include "bootd/files/boot_file.h"
#include "bootd/progress/boot_record.h"
#include "daemon/histogram.h"

enum {
	BOOT_MACHINES_MAX = 10000,
	BOOT_OVER_MS = 30 * 60 * 1000, /* after which what comes is another boot */
};

/* Called after each step; record and step are borrowed. */
typedef void boot_step_fn(
	void *arg, const struct boot_record *record, const struct boot_step *step);

struct boot_progress {
	size_t most, count, slots;
	uint64_t seed;
	struct boot_record **slot;
	struct boot_record *newest, *oldest;   /* by their last step */
	uint64_t reached[BOOT_STAGES];         /* boots that came so far, since the start */
	struct histogram stage_s[BOOT_STAGES]; /* from the stage before to this one, seconds */
	struct histogram boot_s;               /* to STAGE_BOOTED */
	boot_step_fn *on_step;                 /* NULL: nobody */
	void *on_step_arg;
};

/* `most` machines at a time; 0: BOOT_MACHINES_MAX. Returns 0 or -ENOMEM. */
int boot_progress_init(struct boot_progress *progress, size_t most);
void boot_progress_fini(struct boot_progress *progress);

/* An answered message. Returns the machine's record, borrowed; NULL: it said not who it is. */
const struct boot_record *boot_progress_exchange(
	struct boot_progress *progress, const struct exchange_event *event);
/* A file; the machine is known by the address that it came from. */
void boot_progress_fetch(struct boot_progress *progress, const struct machine *machine,
	const struct fetch_event *event, uint64_t now_ms);
/* It called home. */
void boot_progress_booted(
	struct boot_progress *progress, const struct machine *machine, uint64_t now_ms);

/* NULL: never seen, or forgotten. */
const struct boot_record *boot_progress_find(
	const struct boot_progress *progress, const struct machine *machine);
/* By the last step, newest first: NULL begins, NULL ends. */
const struct boot_record *boot_progress_next(
	const struct boot_progress *progress, const struct boot_record *after);

#endif
