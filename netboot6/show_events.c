/* SPDX-License-Identifier: ISC */
/*
 * One function per kind of event.
 */
#include "netboot6/show_events.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

static long long number_of(const json_t *event, const char *key)
{
	return (long long)json_number_value(json_object_get(event, key));
}

/* ", reason", if there is one. */
static void print_more(const json_t *event, const char *before, const char *key)
{
	if (*text_of(event, key))
		printf("%s%s", before, text_of(event, key));
}

static void print_time(const json_t *event)
{
	double at = json_number_value(json_object_get(event, "at"));
	time_t seconds = (time_t)at;
	struct tm tm;
	char text[16];

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03d  ", text, (int)((at - (double)seconds) * 1000));
}

/* True for the line that reports lost events. */
static bool show_lost(const json_t *event)
{
	if (!json_object_get(event, "lost"))
		return false;
	printf("... %lld events were lost here: this reader was too slow\n",
		number_of(event, "lost"));
	return true;
}

void show_boot_event(const json_t *answer)
{
	const json_t *step = json_object_get(answer, "event");

	if (show_lost(answer) || !step)
		return;
	printf("%s  %s", text_of(answer, "machine"), text_of(step, "step"));
	print_more(step, ": ", "result");
	printf("\n");
}

/* --- relay watch ------------------------------------------------------------------ */

static void show_link(const json_t *event)
{
	printf("%s: ", text_of(event, "link"));
	if (*text_of(event, "state-before"))
		printf("%s -> ", text_of(event, "state-before"));
	printf("%s", text_of(event, "state"));
	print_more(event, ", ", "reason");
	print_more(event, ", link-address ", "link-address");
	print_more(event, ", previously ", "link-address-before");
}

static void show_server(const json_t *event)
{
	printf("server %s: ", text_of(event, "server"));
	if (!json_is_true(json_object_get(event, "reachable"))) {
		printf("unreachable");
		print_more(event, ": ", "reason");
		return;
	}
	printf("by %s, next hop %s", text_of(event, "uplink"),
		*text_of(event, "next-hop") ? text_of(event, "next-hop") : "itself");
	print_more(event, ", source ", "source");
	print_more(event, ", previously by ", "uplink-before");
}

static void show_silent(const json_t *event)
{
	printf("server %s: silent, no reply to %lld messages in %lld s", text_of(event, "server"),
		number_of(event, "unanswered"), number_of(event, "for"));
}

static void show_answers(const json_t *event)
{
	printf("server %s: answers again", text_of(event, "server"));
}

static void show_drop(const json_t *event)
{
	printf("%s: dropped", *text_of(event, "link") ? text_of(event, "link") : "?");
	print_more(event, " ", "type");
	print_more(event, " from ", "from");
	print_more(event, ": ", "reason");
	if (number_of(event, "times") > 1)
		printf(" (%lld times)", number_of(event, "times"));
}

static void show_reload(const json_t *event)
{
	printf("%s", json_is_true(json_object_get(event, "done"))
			     ? "configuration read again"
			     : "reload failed, keeping the running configuration");
	print_more(event, ": ", "problems");
}

static void show_netlink(const json_t *event)
{
	printf("netlink: kernel events were lost (%lld times so far); links and addresses were read "
	       "again",
		number_of(event, "overruns"));
}

void show_relay_event(const json_t *answer)
{
	static const struct {
		const char *event;
		void (*show)(const json_t *event);
	} kinds[] = {
		{"link", show_link},
		{"server", show_server},
		{"server-silent", show_silent},
		{"server-answers", show_answers},
		{"drop", show_drop},
		{"reload", show_reload},
		{"netlink", show_netlink},
	};

	if (show_lost(answer))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(text_of(answer, "event"), kinds[i].event) == 0) {
			print_time(answer);
			kinds[i].show(answer);
			printf("\n");
		}
	}
}

/* --- relay trace ------------------------------------------------------------------ */

static void show_verdict(const json_t *event)
{
	const json_t *servers = json_object_get(event, "servers"), *server;
	size_t i;

	printf(": %s", text_of(event, "verdict"));
	json_array_foreach (servers, i, server)
		printf("%s %s", i ? "," : " to", json_string_value(server));
	print_more(event, " to ", "to");
	if (json_object_get(event, "port"))
		printf(" port %lld", number_of(event, "port"));
	print_more(event, ", ", "reason");
	print_more(event, ": ", "link-reason");
	print_more(event, ", link-address ", "link-address");
	print_more(event, ", Interface-Id ", "interface-id");
}

void show_trace(const json_t *answer)
{
	bool to_client = strcmp(text_of(answer, "direction"), "to-client") == 0;

	if (show_lost(answer) || strcmp(text_of(answer, "event"), "trace") != 0)
		return;
	print_time(answer);
	printf("%s %s %s", *text_of(answer, "link") ? text_of(answer, "link") : "?",
		to_client ? "<--" : "-->", text_of(answer, "type"));
	printf(" %s of %s", text_of(answer, "transaction"), text_of(answer, "client"));
	print_more(answer, ", ", "mac");
	print_more(answer, " by ", "mac-by");
	print_more(answer, ", from ", "server");
	if (number_of(answer, "relays") > 0)
		printf(", behind %lld more relays", number_of(answer, "relays"));
	show_verdict(answer);
	printf("\n");
}
