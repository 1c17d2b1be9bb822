/* SPDX-License-Identifier: ISC */
/*
 * The steps of a boot, as they are told. A machine repeats itself, its retries above all:
 * what is said once more makes the step say "so many times", and no step of its own.
 */
#include "bootd/progress/boot_record.h"

#include <stdlib.h>
#include <string.h>

void boot_phrase_add(struct boot_phrase *phrase, const char *text)
{
	size_t len = strlen(text), room = sizeof(phrase->text) - 1 - phrase->len;

	memcpy(phrase->text + phrase->len, text, len < room ? len : room);
	phrase->len += len < room ? len : room;
}

void boot_phrase_add_word(struct boot_phrase *phrase, const char *word)
{
	if (*word && phrase->len > 0)
		boot_phrase_add(phrase, " ");
	boot_phrase_add(phrase, word);
}

/* A path is of the peer's choice: what is shown as JSON must be text. */
void boot_phrase_add_path(struct boot_phrase *phrase, const char *path)
{
	size_t from = phrase->len;

	boot_phrase_add_word(phrase, path);
	for (size_t i = from; i < phrase->len; i++)
		if (phrase->text[i] < ' ' || phrase->text[i] > '~')
			phrase->text[i] = '?';
}

static char *copy_phrase(char *to, const struct boot_phrase *phrase)
{
	memcpy(to, phrase->text, phrase->len);
	to[phrase->len] = '\0';
	return to + phrase->len + 1;
}

/* Room for one more: all but the first are moved up. */
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

/* The last step with this text, if it is that of the last few. */
static struct boot_step *recent_step(struct boot_record *record, const char *text)
{
	for (unsigned i = record->steps; i > 0 && i + 6 > record->steps; i--)
		if (strcmp(record->step[i - 1].text, text) == 0)
			return &record->step[i - 1];
	return NULL;
}

const struct boot_step *boot_record_put_step(struct boot_record *record, uint64_t now_ms,
	bool is_same_go_on, const struct boot_phrase *text, const struct boot_phrase *result,
	bool failed)
{
	char *both = malloc(text->len + 1 + result->len + 1);
	struct boot_step *step;

	if (!both)
		return NULL;
	copy_phrase(copy_phrase(both, text), result);
	step = recent_step(record, both);
	if (!step)
		step = new_step(record, now_ms);
	free(step->text);
	step->text = both;
	step->result = both + text->len + 1;
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
