/* SPDX-License-Identifier: ISC */
/* Each page is a line of JSON; its "next" says where the following page begins. */
#include "netboot6/pages.h"

#include <stdio.h>
#include <stdlib.h>

/* All pages are one JSON object, written as they come: {"leases":[...],"of":N}. */
static void show_json_page(
	const struct command *command, const json_t *answer, bool is_first, bool is_last)
{
	static bool has_row;
	const json_t *row;
	size_t n;

	if (is_first)
		printf("{\"%s\":[", command->pages);
	json_array_foreach (json_object_get(answer, command->pages), n, row) {
		printf("%s", has_row ? "," : "");
		json_dumpf(row, stdout, JSON_COMPACT);
		has_row = true;
	}
	if (is_last)
		printf("],\"of\":%lld}\n",
			(long long)json_integer_value(json_object_get(answer, "of")));
}

static void show_page(const struct command *command, enum pages_as as, const json_t *answer,
	bool is_first, bool is_last)
{
	if (as == PAGES_JSON)
		show_json_page(command, answer, is_first, is_last);
	else if (as == PAGES_CSV)
		command->show_csv(answer, is_first);
	else if (is_first || json_array_size(json_object_get(answer, command->pages)) > 0)
		command->show(answer);
	fflush(stdout);
}

int pages_show(struct client *client, const struct command *command, enum pages_as as, int n_words,
	char *words[])
{
	char after[32];
	bool is_first = true, is_last = false;

	while (!is_last && !ferror(stdout)) {
		json_t *answer = client_read(client);
		const char *error = json_string_value(json_object_get(answer, "error"));
		const json_t *next = json_object_get(answer, "next");

		if (!answer || error) {
			fprintf(stderr, "netboot6: %s\n",
				error ? error : "the daemon closed the connection");
			json_decref(answer);
			return EXIT_FAILURE;
		}
		is_last = !json_is_integer(next);
		show_page(command, as, answer, is_first, is_last);
		if (is_first && !is_last)
			words[n_words++] = after;
		is_first = false;
		snprintf(after, sizeof(after), "after=%lld", (long long)json_integer_value(next));
		json_decref(answer);
		if (!is_last && client_ask(client, n_words, words) < 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
