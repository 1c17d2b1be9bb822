/* SPDX-License-Identifier: ISC */
/*
 * How far each machine got: its boot as a list of steps with times, from the first
 * Solicit of its firmware to the call home of the installed system.
 *
 *	asked -> addressed -> fetching -> (iPXE) asked -> addressed -> fetching -> booted
 *
 * DHCPv6, TFTP and HTTP each tell what they see; here it becomes one story per machine. A
 * machine that starts over has a new boot. Memory is bounded: of too many machines the
 * one that was silent longest is forgotten, of too many steps the oldest but the first.
 */
#ifndef NB6_BOOTD_BOOT_PROGRESS_H
#define NB6_BOOTD_BOOT_PROGRESS_H

#include "bootd/client/machine.h"
#include "bootd/dhcp/exchange.h"
#include "bootd/files/fetch.h"
#include "daemon/histogram.h"

enum {
	BOOT_MACHINES_MAX = 10000,
	BOOT_STEPS_MAX = 32,
	BOOT_STEP_TEXT = 320,
	BOOT_SILENT_MS = 30 * 1000,    /* after which a machine counts as stuck */
	BOOT_OVER_MS = 30 * 60 * 1000, /* after which what comes is another boot */
};

/* In the order of a boot. A machine that goes back begins a new one. */
enum boot_stage {
	STAGE_UNKNOWN,
	STAGE_SYSTEM,             /* only seen as an operating system: no boot */
	STAGE_FIRMWARE_ASKS,      /* Solicit of UEFI, BIOS, U-Boot... */
	STAGE_FIRMWARE_ADDRESSED, /* it has an address and a URL */
	STAGE_FIRMWARE_FETCHES,
	STAGE_IPXE_ASKS,
	STAGE_IPXE_ADDRESSED,
	STAGE_IPXE_FETCHES,
	STAGE_BOOTED, /* it called home */
	BOOT_STAGES,
};

struct boot_step {
	uint64_t at_ms, last_ms; /* first and last time */
	unsigned times;
	bool failed;
	char *text;   /* "UEFI PXE Solicit", "TFTP snponly.efi" */
	char *result; /* "Advertise 2001:db8::1", "done, 1048576 octets"; behind text, in its memory
		       */
};

struct boot_record {
	struct machine machine;
	char *host;                        /* name, or NULL */
	enum client_mac_source mac_source; /* of its last message */
	unsigned mac_hints;                /* messages whose MAC was no more than a hint */
	unsigned unknown_archs;            /* messages with an architecture that has no name */
	struct in6_addr address;
	bool has_address;
	enum boot_stage stage;
	unsigned boots; /* since it is known */
	uint64_t began_ms, last_ms;
	uint64_t stage_ms; /* since when it is in its stage */
	uint64_t bytes;    /* of files, in this boot */
	unsigned steps;
	struct boot_step step[BOOT_STEPS_MAX];

	/* Private to boot_progress.c. */
	struct boot_record *next_in_slot, *newer, *older;
};

/* Told after each step; borrowed. */
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
	boot_step_fn *told;                    /* NULL: nobody */
	void *told_arg;
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

/* "firmware asks"...; "booted". */
const char *boot_stage_name(enum boot_stage stage);
/* What to look at where a machine stays silent in this stage; NULL: silence is right. */
const char *boot_stage_hint(enum boot_stage stage);
/* The hint for a machine that is silent for BOOT_SILENT_MS; NULL while it gets on. */
const char *boot_stage_advice(const struct boot_record *record, uint64_t now_ms);

#endif
