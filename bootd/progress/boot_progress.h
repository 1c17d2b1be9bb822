/* SPDX-License-Identifier: ISC */
/*
 * The progress of each machine's boot: a list of steps with times, from the first Solicit of its
 * firmware to the call home of the installed system.
 *
 *	asked -> addressed -> fetching -> (iPXE) asked -> addressed -> fetching -> booted
 *
 * DHCPv6, TFTP and HTTP report what they observe; this module makes one record per machine of it. A
 * machine that starts over begins a new boot.
 *
 * Memory is bounded, and unknown machines cannot displace known ones: machines without a host share
 * BOOT_STRANGERS_MAX records; machines with a host have records of their own, as many as there are
 * hosts and some more. In each group a machine that has only sent messages is forgotten before one
 * that has fetched files; among equals, the one that was silent longest.
 */
#ifndef NB6_BOOTD_PROGRESS_BOOT_PROGRESS_H
#define NB6_BOOTD_PROGRESS_BOOT_PROGRESS_H

#include "bootd/client/machine.h"
#include "bootd/dhcp/exchange.h"
#include "bootd/files/boot_file.h"
#include "bootd/progress/boot_record.h"
#include "daemon/histogram.h"
#include "util/siphash.h"

enum {
	BOOT_STRANGERS_MAX = 10000,    /* machines without a host */
	BOOT_KNOWN_SPARE = 1000,       /* machines with a host, beyond the number of hosts */
	BOOT_OVER_MS = 30 * 60 * 1000, /* a message after this time begins another boot */
};

/* Called after each step; record and step are borrowed. */
typedef void boot_step_fn(
	void *arg, const struct boot_record *record, const struct boot_step *step);

struct boot_rank_list {
	struct boot_record *newest, *oldest;
	size_t count;
};

struct boot_progress {
	size_t strangers_max, known_max;
	size_t count, slots;
	struct siphash_key key;
	struct boot_record **slot;
	struct boot_record *newest, *oldest; /* by their last step */
	struct boot_rank_list rank[BOOT_RANKS];
	uint64_t forgotten;                    /* records removed because there were too many */
	uint64_t reached[BOOT_STAGES];         /* boots that reached the stage, since the start */
	struct histogram stage_s[BOOT_STAGES]; /* from the stage before to this one, seconds */
	struct histogram boot_s;               /* to STAGE_BOOTED */
	boot_step_fn *on_step;                 /* NULL: nobody */
	void *on_step_arg;
};

/* At most `strangers` machines without a host; 0: BOOT_STRANGERS_MAX. Returns 0 or -ENOMEM. */
int boot_progress_init(struct boot_progress *progress, size_t strangers);
/* The configuration has so many hosts. */
void boot_progress_set_hosts(struct boot_progress *progress, size_t hosts);
void boot_progress_fini(struct boot_progress *progress);

/* The stage in which machines send such a message: STAGE_SYSTEM if it is no part of a boot. */
enum boot_stage boot_progress_stage_of(const struct exchange_event *event);
/* An answered message. Returns the machine's record, borrowed; NULL: the client has no identity. */
const struct boot_record *boot_progress_exchange(
	struct boot_progress *progress, const struct exchange_event *event);
/* A fetch. The caller has found the machine by the address of the request. */
void boot_progress_fetch(struct boot_progress *progress, const struct machine *machine,
	const struct fetch_event *event, uint64_t now_ms);
/* It called home. Returns its record, borrowed; NULL: no boot of it is known, none is made. */
const struct boot_record *boot_progress_booted(
	struct boot_progress *progress, const struct machine *machine, uint64_t now_ms);

/* NULL: never seen, or forgotten. */
const struct boot_record *boot_progress_find(
	const struct boot_progress *progress, const struct machine *machine);
/* By the last step, newest first: NULL begins, NULL ends. */
const struct boot_record *boot_progress_next(
	const struct boot_progress *progress, const struct boot_record *after);

#endif
