/* SPDX-License-Identifier: ISC */
/*
 * Any octets as the start of an HTTP connection. What is served must be what a strict reader
 * sees: a path without control characters, a bounded body, one Host.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_query.h"
#include "http/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
	if (!truth)
		abort();
}

static void check_served(const struct http_request *request)
{
	static const struct http_version version = {.modified = 784111777, .etag = "\"t\""};
	struct http_range range;
	struct http_query query;
	int status = http_conditions_check(&request->conditions, &version, 1790000000);

	check(request->method != HTTP_OTHER);
	check(request->target.path[0] == '/');
	for (const char *c = request->target.path; *c; c++)
		check((unsigned char)*c >= 0x20 && *c != 0x7f);
	check(request->body_len <= HTTP_BODY_MAX);
	check(request->host || request->is_http_1_0);
	check(status == 0 || status == 304 || status == 412);
	if (http_range_parse(request->range, 1000, &range) == HTTP_RANGE_PART)
		check(range.length > 0 && range.first + range.length <= 1000);
	http_if_range_holds(request->conditions.if_range, &version, 1790000000);
	http_query_parse(&query, request->target.query);
	http_host_is_own(request->host, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = http_request_head_len((const char *)data, size);
	struct http_request request;
	const char *why;
	char *head;
	int status;

	check(len <= size);
	if (len == 0)
		return 0;
	head = malloc(len); /* of exactly its size */
	check(head != NULL);
	memcpy(head, data, len);
	status = http_request_parse(head, len, &request, &why);
	check(status == 0 ? why == NULL : why && status >= 400);
	if (status == 0)
		check_served(&request);
	free(head);
	return 0;
}
