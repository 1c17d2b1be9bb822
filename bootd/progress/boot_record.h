/* SPDX-License-Identifier: ISC */
/*
 * What is known of one machine's boot: the stage it came to, and the steps on the way
 * there, each a short text with what came of it and when. Memory is bounded: of too many
 * steps the oldest but the first is forgotten, a text that is too long is cut.
 */
#ifndef NB6_BOOTD_PROGRESS_BOOT_RECORD_H
#define NB6_BOOTD_PROGRESS_BOOT_RECORD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/client/client_facts.h"
#include "bootd/client/machine.h"
#include "bootd/progress/boot_stage.h"

enum {
	BOOT_STEPS_MAX = 32,
	BOOT_STEP_TEXT = 320,
	BOOT_SILENT_MS = 30 * 1000, /* after which a machine counts as stuck */
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

/* A text that is put together piece by piece and cut where it does not fit. */
struct boot_phrase {
	size_t len;
	char text[BOOT_STEP_TEXT];
};

void boot_phrase_add(struct boot_phrase *phrase, const char *text);
/* One more word, a space before it; an empty one is nothing. */
void boot_phrase_add_word(struct boot_phrase *phrase, const char *word);
/* The same for what a peer has chosen: all that is not printable ASCII becomes '?'. */
void boot_phrase_add_path(struct boot_phrase *phrase, const char *path);

/*
 * Tell a step; one of the last few with this text is told again, with another result. It
 * counts as once more unless `is_same_go_on`: the end of what had begun. Returns the step,
 * borrowed until the next; NULL: no memory, and nothing told.
 */
const struct boot_step *boot_record_put_step(struct boot_record *record, uint64_t now_ms,
	bool is_same_go_on, const struct boot_phrase *text, const struct boot_phrase *result,
	bool failed);
void boot_record_clear_steps(struct boot_record *record);

/* The hint for a machine that is silent for BOOT_SILENT_MS; NULL while it gets on. */
const char *boot_record_advice(const struct boot_record *record, uint64_t now_ms);

#endif
