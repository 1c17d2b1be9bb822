/* SPDX-License-Identifier: ISC */
/*
 * Answers the requests of the live page; boot_view.h makes the JSON. The list is made at most once
 * a second, however many browsers request it. Each answer names the last event that is in it, so
 * that a reader of the events can tell whether its list is too old.
 */
#include "bootd/view/boot_page.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/page/event_stream.h"
#include "bootd/page/page_html.h"
#include "bootd/view/boot_view.h"
#include "daemon/loop.h"
#include "http/http_server.h"

enum {
	CONNECTIONS_MAX = 64,
	MACHINES_SHOWN = 2000, /* those that moved last */
	LIST_AGE_MS = 1000,
	POLICY_SIZE = 400,
	HASH_TEXT = BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1,
};

struct boot_page {
	struct loop *loop;
	const struct boot_parts *parts;
	struct http_server *http;
	struct event_stream *events;
	char policy[POLICY_SIZE];
	char *list; /* JSON text, made at `list_ms`; NULL: none yet */
	uint64_t list_ms;
	char *counters; /* as last sent */
};

/* --- the policy -------------------------------------------------------------------- */

/*
 * Content Security Policy Level 3: exactly the style and the script of the page run, by the hashes
 * of the octets between their tags, and nothing is loaded from elsewhere. What a machine sends
 * cannot become code, even if the page had an error that lets it in.
 */
static int hash_between(
	const char *html, size_t len, const char *open, const char *close, char text[HASH_TEXT])
{
	const char *start = memmem(html, len, open, strlen(open)), *end;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;

	if (!start)
		return -EINVAL;
	start += strlen(open);
	end = memmem(start, len - (size_t)(start - html), close, strlen(close));
	if (!end)
		return -EINVAL;
	sha256_init(&hash);
	sha256_update(&hash, (size_t)(end - start), (const uint8_t *)start);
	sha256_digest(&hash, sizeof(digest), digest);
	base64_encode_raw(text, sizeof(digest), digest);
	text[HASH_TEXT - 1] = '\0';
	return 0;
}

static int make_policy(const char *html, size_t len, char policy[POLICY_SIZE])
{
	char style[HASH_TEXT], script[HASH_TEXT];

	if (hash_between(html, len, "<style>", "</style>", style) < 0 ||
		hash_between(html, len, "<script>", "</script>", script) < 0)
		return -EINVAL;
	snprintf(policy, POLICY_SIZE,
		"default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
		"connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'",
		style, script);
	return 0;
}

/* --- the answers ------------------------------------------------------------------ */

static void answer_page(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	struct boot_page *page = arg;
	char *body = malloc(page_html_len);

	(void)ask;
	if (!body)
		return;
	memcpy(body, page_html, page_html_len);
	http_answer_body(answer, 200, "text/html; charset=utf-8", body, page_html_len);
	answer->policy = page->policy;
}

static void answer_json(struct http_answer *answer, int status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		http_answer_body(answer, status, "application/json", text, strlen(text));
	json_decref(json);
}

static json_t *list_json(const struct boot_page *page, uint64_t now_ms)
{
	char id[EVENT_ID_TEXT];

	return json_pack("{s:s s:f s:f s:o s:o s:o s:I}", "last-event",
		event_stream_last_id(page->events, id), "now", boot_view_now(), "silent-after",
		(double)BOOT_SILENT_MS / 1000, "stages", boot_view_stages(), "counters",
		boot_status_counters(page->parts), "boots",
		boot_view_boots(page->parts->progress, MACHINES_SHOWN, now_ms), "of",
		(json_int_t)page->parts->progress->count);
}

static void answer_list(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	struct boot_page *page = arg;
	uint64_t now_ms = loop_now_ms();
	json_t *json;
	char *copy;

	(void)ask;
	if (!page->list || now_ms - page->list_ms >= LIST_AGE_MS) {
		free(page->list);
		json = list_json(page, now_ms);
		page->list = json ? json_dumps(json, JSON_COMPACT) : NULL;
		page->list_ms = now_ms;
		json_decref(json);
	}
	copy = page->list ? strdup(page->list) : NULL;
	if (copy)
		http_answer_body(answer, 200, "application/json", copy, strlen(copy));
}

static void answer_machine(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	struct boot_page *page = arg;
	const char *id = http_query_get(ask->query, "id");
	const struct boot_record *record;
	struct machine machine;

	if (!id || machine_parse(id, &machine) < 0) {
		http_answer_text(answer, 400, "expected ?id= and a MAC address or a DUID");
		return;
	}
	record = boot_progress_find(page->parts->progress, &machine);
	if (record)
		answer_json(answer, 200, boot_view_record(record, true, loop_now_ms()));
	else
		http_answer_text(answer, 404, "no message of it was received");
}

/* --- the events ------------------------------------------------------------------- */

void boot_page_step(
	struct boot_page *page, const struct boot_record *record, const struct boot_step *step)
{
	json_t *json;
	char *text;

	if (!page)
		return;
	if (!event_stream_wants(page->events)) {
		event_stream_skip(page->events);
		return;
	}
	json = boot_view_record(record, false, step->last_ms);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text)
		event_stream_publish(page->events, "machine", text);
	else
		event_stream_skip(page->events);
	free(text);
	json_decref(json);
}

/* Sent if they have changed. */
static void send_counters(void *arg)
{
	struct boot_page *page = arg;
	json_t *json = boot_status_counters(page->parts);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (text && (!page->counters || strcmp(text, page->counters) != 0))
		event_stream_say(page->events, "counters", text);
	free(page->counters);
	page->counters = text;
}

struct event_stream *boot_page_events(const struct boot_page *page)
{
	return page->events;
}

/* --- life --------------------------------------------------------------------------- */

static int open_page(struct boot_page *page, const struct sockaddr_in6 *at)
{
	const struct boot_config *config = page->parts->config;
	struct http_options options = {.service = "page",
		.connections_max = CONNECTIONS_MAX,
		.own_names_only = true,
		.name = (const char *const *)config->page_name,
		.names = config->page_names};
	int rc = make_policy((const char *)page_html, page_html_len, page->policy);

	page->http = http_server_new(page->loop, &options);
	if (rc == 0 && !page->http)
		rc = -ENOMEM;
	if (rc == 0)
		rc = event_stream_new(
			&page->events, page->loop, page->http, "/events", send_counters, page);
	if (rc == 0)
		rc = http_server_handle(page->http, "/", answer_page, page);
	if (rc == 0)
		rc = http_server_handle(page->http, "/machines", answer_list, page);
	if (rc == 0)
		rc = http_server_handle(page->http, "/machine", answer_machine, page);
	return rc == 0 ? http_server_listen(page->http, at) : rc;
}

int boot_page_new(struct boot_page **out, struct loop *loop, const struct boot_parts *parts,
	const struct sockaddr_in6 *at)
{
	struct boot_page *page = calloc(1, sizeof(*page));
	int rc;

	*out = NULL;
	if (!page)
		return -ENOMEM;
	page->loop = loop;
	page->parts = parts;
	rc = open_page(page, at);
	if (rc < 0) {
		boot_page_free(page);
		return rc;
	}
	*out = page;
	return 0;
}

void boot_page_free(struct boot_page *page)
{
	if (!page)
		return;
	http_server_free(page->http);
	event_stream_free(page->events);
	free(page->list);
	free(page->counters);
	free(page);
}
