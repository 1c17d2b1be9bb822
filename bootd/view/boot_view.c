/* SPDX-License-Identifier: ISC */
/*
 * What the views share: the reader of the words of a question, and one function per thing that is
 * shown of a machine. In the formats of json_pack() "s?" and "o?" write null for NULL, so that each
 * key is always present.
 */
#include "bootd/view/boot_view.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/control.h"
#include "dhcp6/names.h"
#include "util/text_buffer.h"

double boot_view_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double boot_view_unix_time(uint64_t at_ms, uint64_t now_ms)
{
	return boot_view_now() - ((double)now_ms - (double)at_ms) / 1000;
}

json_t *boot_view_address(bool has, const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	return has ? json_string(inet_ntop(AF_INET6, address, text, sizeof(text))) : json_null();
}

/* --- the words of a question -------------------------------------------------------- */

/* The row of the word, and its value; NULL: no row has this name. */
static const struct boot_word *find_row(
	const struct boot_word *table, size_t rows, const char *word, const char **value)
{
	for (size_t i = 0; i < rows; i++) {
		size_t len = strlen(table[i].name);

		*value = word + len + 1;
		if (strncmp(word, table[i].name, len) == 0 && word[len] == '=')
			return &table[i];
	}
	return NULL;
}

static json_t *unknown_word(
	const struct boot_word *table, size_t rows, const char *command, const char *word)
{
	char known[256];
	struct text_buffer names = text_buffer_of(known, sizeof(known));

	for (size_t i = 0; i < rows; i++)
		text_add3(&names, i ? ", " : "", table[i].name, "");
	return control_error("%s: \"%.80s\" is unknown; expected NAME=VALUE with %s %s", command,
		word, rows > 1 ? "one of the names" : "the name", known);
}

json_t *boot_view_read_words(const struct boot_word *table, size_t rows, unsigned pass,
	void *question, int n, char *const words[])
{
	for (int i = 1; i < n; i++) {
		const char *value;
		const struct boot_word *row = find_row(table, rows, words[i], &value);

		if (!row)
			return unknown_word(table, rows, words[0], words[i]);
		if (row->pass == pass && !row->read(question, value))
			return control_error("%s: %s: \"%.80s\" is not valid; expected %s",
				words[0], row->name, value, row->expected);
	}
	return NULL;
}

bool boot_view_read_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static bool read_after(void *after, const char *value)
{
	return boot_view_read_number(value, after);
}

json_t *boot_view_read_after(int n, char *const words[], uint64_t *after)
{
	static const struct boot_word table[] = {
		{"after", read_after, "the number \"next\" of the previous page", 0},
	};

	return boot_view_read_words(table, 1, 0, after, n, words);
}

/* --- boots --------------------------------------------------------------------- */

json_t *boot_view_step(const struct boot_step *step, uint64_t now_ms)
{
	return json_pack("{s:f s:f s:i s:b s:s s:s?}", "at",
		boot_view_unix_time(step->at_ms, now_ms), "last",
		boot_view_unix_time(step->last_ms, now_ms), "times", (int)step->times, "failed",
		(int)step->failed, "step", step->text, "result", step->result);
}

static json_t *steps_json(const struct boot_record *record, uint64_t now_ms)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < record->steps; i++)
		json_array_append_new(all, boot_view_step(&record->step[i], now_ms));
	return all;
}

json_t *boot_view_record(const struct boot_record *record, bool with_steps, uint64_t now_ms)
{
	const struct boot_step *last = record->steps > 0 ? &record->step[record->steps - 1] : NULL;
	char machine[MACHINE_TEXT];
	json_t *view = json_pack("{s:s s:s? s:s? s:o s:s s:i s:f s:f s:f s:I s:s? s:s? s:b s:s?}",
		"machine", machine_format(&record->machine, machine), "mac-from",
		client_mac_source_name(record->mac_source), "host", record->host, "address",
		boot_view_address(record->has_address, &record->address), "stage",
		boot_stage_name(record->stage), "boots", (int)record->boots, "began",
		boot_view_unix_time(record->began_ms, now_ms), "last",
		boot_view_unix_time(record->last_ms, now_ms), "silent",
		(double)(now_ms - record->last_ms) / 1000, "bytes", (json_int_t)record->bytes,
		"last-step", last ? last->text : NULL, "last-result", last ? last->result : NULL,
		"failed", last && last->failed, "stuck", boot_record_advice(record, now_ms));

	if (view && with_steps)
		json_object_set_new(view, "steps", steps_json(record, now_ms));
	return view;
}

json_t *boot_view_boots(const struct boot_progress *progress, size_t max, uint64_t now_ms)
{
	const struct boot_record *record = NULL;
	json_t *all = json_array();

	while (json_array_size(all) < max && (record = boot_progress_next(progress, record)))
		json_array_append_new(all, boot_view_record(record, false, now_ms));
	return all;
}

/*
 * A page contains either all records with the same time or none of them, so that the oldest time
 * of a page says where it ended.
 */
json_t *boot_view_list(
	const struct boot_progress *progress, int n, char *const words[], uint64_t now_ms)
{
	const struct boot_record *record = NULL;
	uint64_t after = UINT64_MAX, least;
	json_t *all;

	json_t *wrong = boot_view_read_after(n, words, &after);

	if (wrong)
		return wrong;
	all = json_array();
	least = after;
	while (all && (record = boot_progress_next(progress, record))) {
		if (record->last_ms >= after)
			continue;
		if (json_array_size(all) >= BOOT_PAGE_ROWS && record->last_ms < least)
			break;
		least = record->last_ms < least ? record->last_ms : least;
		json_array_append_new(all, boot_view_record(record, false, now_ms));
	}
	return json_pack("{s:o s:o}", "boots", all, "next",
		record ? json_integer((json_int_t)least) : json_null());
}

json_t *boot_view_stages(void)
{
	json_t *all = json_array();

	for (int stage = STAGE_SYSTEM; stage < BOOT_STAGES; stage++)
		json_array_append_new(all,
			json_pack("{s:s s:s?}", "name", boot_stage_name((enum boot_stage)stage),
				"hint", boot_stage_hint((enum boot_stage)stage)));
	return all;
}

json_t *boot_view_groups(const struct boot_host *host)
{
	json_t *all = json_array();

	for (size_t i = 0; host && i < host->groups; i++)
		json_array_append_new(all, json_string(host->group[i]));
	return all;
}

/* --- addresses ------------------------------------------------------------------ */

json_t *boot_view_binding(const struct binding *binding, uint64_t now_ms)
{
	char machine[MACHINE_TEXT], duid[DHCP6_DUID_TEXT], subnet[PREFIX_TEXT];
	struct machine whose = binding_machine(binding);
	struct dhcp6_duid of_client = binding_duid(binding);

	return json_pack("{s:o s:s s:s? s:s s:s s:b s:b s:i s:s s:I s:f s:f s:f}", "address",
		boot_view_address(binding->has_address, &binding->address), "machine",
		machine_format(&whose, machine), "mac-from",
		client_mac_source_name(binding->mac_source), "subnet",
		prefix_format(&binding->subnet, subnet), "state",
		binding_state_name(binding->state), "fixed", (int)binding->is_fixed, "lease",
		(int)binding->is_lease, "declines", (int)binding->declines, "duid",
		dhcp6_duid_format(&of_client, duid), "iaid", (json_int_t)binding->iaid, "since",
		boot_view_unix_time(binding->since_ms, now_ms), "expires",
		boot_view_unix_time(binding->expires_ms, now_ms), "expires-in",
		((double)binding->expires_ms - (double)now_ms) / 1000);
}
