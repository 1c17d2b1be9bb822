/* SPDX-License-Identifier: ISC */
/*
 * The steps of a boot, and the names and hints of its stages. Machines repeat messages, mostly in
 * retries: a step that repeats one of the last few is counted there and not added again.
 */
#include "bootd/progress/boot_record.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A new last step. If there are too many, the second one is removed; the first stays. */
static struct boot_step *new_step(struct boot_record *record, uint64_t now_ms)
{
	if (record->steps == BOOT_STEPS_MAX) {
		free(record->step[1].text);
		memmove(&record->step[1], &record->step[2],
			(BOOT_STEPS_MAX - 2) * sizeof(record->step[0]));
		record->steps--;
	}
	record->step[record->steps] = (struct boot_step){.at_ms = now_ms};
	return &record->step[record->steps++];
}

/* The step with this text, if it is one of the last few. */
static struct boot_step *recent_step(struct boot_record *record, const char *text)
{
	for (unsigned i = record->steps; i > 0 && i + 6 > record->steps; i--)
		if (strcmp(record->step[i - 1].text, text) == 0)
			return &record->step[i - 1];
	return NULL;
}

const struct boot_step *boot_record_put_step(struct boot_record *record, uint64_t now_ms,
	bool is_same_go_on, const char *text, const char *result, bool failed)
{
	size_t len = strlen(text) + 1, result_len = strlen(result) + 1;
	char *both = malloc(len + result_len);
	struct boot_step *step;

	if (!both)
		return NULL;
	memcpy(both, text, len);
	memcpy(both + len, result, result_len);
	step = recent_step(record, both);
	if (!step)
		step = new_step(record, now_ms);
	free(step->text);
	step->text = both;
	step->result = both + len;
	step->failed = failed;
	step->last_ms = now_ms;
	step->times += !is_same_go_on || step->times == 0;
	return step;
}

void boot_record_clear_steps(struct boot_record *record)
{
	for (unsigned i = 0; i < record->steps; i++)
		free(record->step[i].text);
	record->steps = 0;
}

const char *boot_record_advice(const struct boot_record *record, uint64_t now_ms)
{
	return now_ms - record->last_ms < BOOT_SILENT_MS ? NULL : boot_stage_hint(record->stage);
}

/* --- stages ------------------------------------------------------------------- */

const char *boot_stage_name(enum boot_stage stage)
{
	static const char *const name[BOOT_STAGES] = {
		[STAGE_UNKNOWN] = "unknown",
		[STAGE_SYSTEM] = "system",
		[STAGE_FIRMWARE_ASKS] = "firmware asks",
		[STAGE_FIRMWARE_ADDRESSED] = "firmware addressed",
		[STAGE_FIRMWARE_FETCHES] = "firmware fetches",
		[STAGE_IPXE_ASKS] = "iPXE asks",
		[STAGE_IPXE_ADDRESSED] = "iPXE addressed",
		[STAGE_IPXE_FETCHES] = "iPXE fetches",
		[STAGE_BOOTED] = "booted",
	};

	return name[stage];
}

const char *boot_stage_hint(enum boot_stage stage)
{
	static const char *const hint[BOOT_STAGES] = {
		[STAGE_FIRMWARE_ASKS] =
			"the firmware does not accept the offer: is there a boot rule for it, does "
			"another server answer, does our Advertise come back through the relay?",
		[STAGE_FIRMWARE_ADDRESSED] = "the firmware has its address and fetches nothing: do "
					     "router advertisements on "
					     "its link name a default router, is there a route "
					     "back to it, does this server "
					     "have the file?",
		[STAGE_FIRMWARE_FETCHES] = "the program that the firmware loaded requests nothing: "
					   "look at its console",
		[STAGE_IPXE_ASKS] = "iPXE does not accept the answer: look at its console",
		[STAGE_IPXE_ADDRESSED] =
			"iPXE fetches nothing: is the URL right, and reachable from its link?",
		[STAGE_IPXE_FETCHES] =
			"iPXE has its files and the system has not called home (GET "
			"/netboot6/booted): look at its console, or let the installed system call",
	};

	return hint[stage];
}
