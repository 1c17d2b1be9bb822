/* SPDX-License-Identifier: ISC */
/*
 * Parsing a request, line by line, in place. A field that counts has a row in a table with its
 * own reader; all others are only checked for their syntax.
 *
 * Targets are parsed here and not by a parser of URLs, to which the "//boot/x.efi" of a boot URL
 * with one slash too many is the host "boot".
 */
#include "http/http_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "http/http_query.h"

/* What is being parsed; the first refusal stays. */
struct parser {
	struct http_request *request;
	const char *why;
	int status;
	bool has_length, has_coding, has_connection_close, has_keep_alive;
	unsigned hosts;
};

static void refuse(struct parser *p, int status, const char *why)
{
	if (p->status)
		return;
	p->status = status;
	p->why = why;
}

/* --- characters ------------------------------------------------------------- */

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    (c && strchr("!#$%&'*+-.^_`|~", c))))
			return false;
	}
	return len > 0;
}

/* Is `token` an element of the comma-separated list, in any letter case? */
static bool list_has_token(const char *list, const char *token)
{
	size_t want = strlen(token);

	while (*list) {
		size_t len;

		list += strspn(list, " \t,");
		len = strcspn(list, ",");
		while (len > 0 && (list[len - 1] == ' ' || list[len - 1] == '\t'))
			len--;
		if (len == want && strncasecmp(list, token, len) == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

/* --- target ----------------------------------------------------------------- */

int http_target_parse(const char *text, struct http_target *out)
{
	ssize_t len;
	size_t n;

	if (strncasecmp(text, "http://", 7) == 0) {
		text += 7;
		text += strcspn(text, "/?");
	}
	if (*text != '/')
		return -EINVAL;
	n = strcspn(text, "?");
	len = percent_decode(text, n, out->path, sizeof(out->path));
	if (len < 0)
		return (int)len;
	out->query = text[n] == '?' ? text + n + 1 : NULL;
	return 0;
}

/* --- fields ----------------------------------------------------------------- */

/* "name", "name:80", "[2001:db8::1]:80": the port is checked and cut off. */
static bool cut_host(char *host)
{
	char *end;

	if (*host == '[') {
		struct in6_addr address;

		end = strchr(host, ']');
		if (!end)
			return false;
		*end = '\0';
		if (inet_pton(AF_INET6, host + 1, &address) != 1)
			return false;
		*end++ = ']';
	} else {
		end = host + strcspn(host, ":");
		for (const char *c = host; c < end; c++)
			if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				    (*c >= '0' && *c <= '9') || strchr("-._~%!$&'()*+,;=", *c)))
				return false;
	}
	if (*end == '\0')
		return true;
	if (*end != ':' || strspn(end + 1, "0123456789") != strlen(end + 1) || strlen(end) > 6)
		return false;
	*end = '\0';
	return true;
}

static void read_host(struct parser *p, char *value)
{
	if (++p->hosts > 1)
		refuse(p, 400, "several Host fields");
	else if (!cut_host(value))
		refuse(p, 400, "the Host field is malformed");
	else
		p->request->host = value;
}

static void read_length(struct parser *p, char *value)
{
	uint64_t len = 0;
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > 18 || value[digits]) {
		refuse(p, 400, "the Content-Length field is malformed");
		return;
	}
	for (const char *c = value; *c; c++)
		len = len * 10 + (uint64_t)(*c - '0');
	if (p->has_length && len != p->request->body_len)
		refuse(p, 400, "two different Content-Length fields");
	p->has_length = true;
	p->request->body_len = len;
}

static void read_coding(struct parser *p, char *value)
{
	if (p->has_coding)
		refuse(p, 400, "several Transfer-Encoding fields");
	p->has_coding = true;
	if (strcasecmp(value, "chunked") != 0)
		refuse(p, 501, "the Transfer-Encoding is not known");
}

static void read_connection(struct parser *p, char *value)
{
	p->has_connection_close |= list_has_token(value, "close");
	p->has_keep_alive |= list_has_token(value, "keep-alive");
}

static void read_expect(struct parser *p, char *value)
{
	if (strcasecmp(value, "100-continue") != 0)
		refuse(p, 417, "only 100-continue can be expected");
	p->request->wants_continue = true;
}

/* Each proxy adds itself at the end: the last field is of the one that connected to us. */
static void read_forwarded_for(struct parser *p, char *value)
{
	p->request->forwarded_for = value;
}

/* A field that may be there once, as it is. */
#define TEXT_FIELD(name, member)                                                                   \
	static void read_##name(struct parser *p, char *value)                                     \
	{                                                                                          \
		if (p->request->member)                                                            \
			refuse(p, 400, "a field is there twice");                                  \
		p->request->member = value;                                                        \
	}
TEXT_FIELD(range, range)
TEXT_FIELD(last_event_id, last_event_id)
TEXT_FIELD(if_match, conditions.if_match)
TEXT_FIELD(if_none_match, conditions.if_none_match)
TEXT_FIELD(if_modified_since, conditions.if_modified_since)
TEXT_FIELD(if_unmodified_since, conditions.if_unmodified_since)
TEXT_FIELD(if_range, conditions.if_range)

static const struct {
	const char *name;
	void (*read)(struct parser *p, char *value);
} field[] = {
	{"Host", read_host},
	{"Content-Length", read_length},
	{"Transfer-Encoding", read_coding},
	{"Connection", read_connection},
	{"Expect", read_expect},
	{"Range", read_range},
	{"If-Match", read_if_match},
	{"If-None-Match", read_if_none_match},
	{"If-Modified-Since", read_if_modified_since},
	{"If-Unmodified-Since", read_if_unmodified_since},
	{"If-Range", read_if_range},
	{"Last-Event-ID", read_last_event_id},
	{"X-Forwarded-For", read_forwarded_for},
};

/* Section 5: "name: value", the line's end replaced by NUL. */
static void read_field(struct parser *p, char *line, size_t len)
{
	char *colon = memchr(line, ':', len), *value;

	if (line[0] == ' ' || line[0] == '\t') {
		refuse(p, 400, "a field is folded over several lines");
		return;
	}
	if (!colon || !is_token(line, (size_t)(colon - line))) {
		refuse(p, 400, "the name of a field is malformed");
		return;
	}
	for (const char *c = colon + 1; c < line + len; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f) {
			refuse(p, 400, "control characters in a field");
			return;
		}
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (char *end = line + len; end > value && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++)
		if (strcasecmp(line, field[i].name) == 0)
			field[i].read(p, value);
}

/* --- request-line ----------------------------------------------------------- */

static void read_method(struct parser *p, const char *text)
{
	static const struct {
		const char *name;
		enum http_method method;
	} known[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST},
		{"PUT", HTTP_OTHER}, {"DELETE", HTTP_OTHER}, {"CONNECT", HTTP_OTHER},
		{"OPTIONS", HTTP_OTHER}, {"TRACE", HTTP_OTHER}, {"PATCH", HTTP_OTHER}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(text, known[i].name) != 0)
			continue;
		p->request->method = known[i].method;
		if (known[i].method == HTTP_OTHER)
			refuse(p, 405, "only GET, HEAD and POST are answered here");
		return;
	}
	refuse(p, 501, "the method is not known");
}

static void read_version(struct parser *p, const char *text)
{
	if (strncmp(text, "HTTP/", 5) != 0 || strlen(text) != 8 || text[6] != '.' ||
		text[5] < '0' || text[5] > '9' || text[7] < '0' || text[7] > '9')
		refuse(p, 400, "the HTTP version is malformed");
	else if (text[5] != '1')
		refuse(p, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	p->request->is_http_1_0 = strcmp(text, "HTTP/1.0") == 0;
}

static void read_target(struct parser *p, char *text)
{
	int rc;

	/* A whole URL has the host, and wins over the field (section 3.2.2). */
	if (strncasecmp(text, "http://", 7) == 0) {
		char host[256];
		size_t len = strcspn(text + 7, "/?");

		if (len == 0 || len >= sizeof(host)) {
			refuse(p, 400, "the target is malformed");
			return;
		}
		memcpy(host, text + 7, len);
		host[len] = '\0';
		if (!cut_host(host))
			refuse(p, 400, "the host of the target is malformed");
	}
	rc = http_target_parse(text, &p->request->target);
	if (rc == -ENAMETOOLONG)
		refuse(p, 414, "the path is too long");
	else if (rc < 0 || strchr(text, '#'))
		refuse(p, 400, "the target is malformed");
}

/* Exactly one space between the parts, and neither space nor control character in them. */
static void read_request_line(struct parser *p, char *line, size_t len)
{
	char *target = memchr(line, ' ', len);
	char *version = target ? memchr(target + 1, ' ', (size_t)(line + len - target - 1)) : NULL;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
			refuse(p, 400, "control characters in the request-line");
			return;
		}
	if (!version || strchr(version + 1, ' ') || target + 1 == version) {
		refuse(p, 400, "the request-line is malformed");
		return;
	}
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line, strlen(line)))
		refuse(p, 400, "the method is malformed");
	read_version(p, version);
	if (p->status)
		return;
	read_method(p, line);
	if (p->status != 405 && p->status != 501)
		read_target(p, target);
}

/* --- the whole head --------------------------------------------------------- */

size_t http_request_head_len(const char *octets, size_t len)
{
	size_t at = 0;
	const char *end;

	while (at + 1 < len && octets[at] == '\r' && octets[at + 1] == '\n')
		at += 2;
	end = memmem(octets + at, len - at, "\r\n\r\n", 4);
	return end ? (size_t)(end + 4 - octets) : 0;
}

/* Section 6: what of framing can be decided only when all fields are known. */
static void check_framing(struct parser *p)
{
	struct http_request *request = p->request;

	if (p->has_coding && (p->has_length || request->is_http_1_0))
		refuse(p, 400, "Transfer-Encoding beside Content-Length or in HTTP/1.0");
	if (p->has_coding)
		refuse(p, 411, "a body needs a Content-Length here");
	if (request->body_len > HTTP_BODY_MAX)
		refuse(p, 413, "the body is too long");
	if (p->hosts == 0 && !request->is_http_1_0)
		refuse(p, 400, "there is no Host field");
	request->keeps_alive =
		!p->has_connection_close && (!request->is_http_1_0 || p->has_keep_alive);
}

int http_request_parse(char *head, size_t len, struct http_request *out, const char **why)
{
	struct parser p = {.request = out};
	unsigned lines = 0;
	size_t at = 0;

	*out = (struct http_request){.method = HTTP_GET};
	while (at + 1 < len && head[at] == '\r' && head[at + 1] == '\n')
		at += 2;
	while (at < len) {
		char *line = head + at;
		char *end = memmem(line, len - at, "\r\n", 2);
		size_t n = end ? (size_t)(end - line) : len - at;

		if (n == 0)
			break;
		if (!end || memchr(line, '\0', n) || memchr(line, '\r', n) ||
			memchr(line, '\n', n)) {
			refuse(&p, 400, "a line ends otherwise than with CR LF, or has a NUL");
			break;
		}
		*end = '\0';
		if (lines++ == 0)
			read_request_line(&p, line, n);
		else if (lines > HTTP_FIELDS_MAX + 1)
			refuse(&p, 431, "too many fields");
		else
			read_field(&p, line, n);
		at += n + 2;
	}
	if (lines == 0)
		refuse(&p, 400, "there is no request-line");
	check_framing(&p);
	*why = p.why;
	return p.status;
}
