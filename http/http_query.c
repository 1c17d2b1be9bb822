/* SPDX-License-Identifier: ISC */
/*
 * Queries are split at `&`, each pair at its first `=`, and both halves decoded into one buffer of
 * fixed size. TFTP names are not encoded: firmware decodes its boot URL before it asks.
 */
#include "http/http_query.h"

#include <errno.h>
#include <string.h>

#include "dhcp6/identity.h"

/* The octet at text[*i], decoded, and *i on its last character; -1: broken. */
static int decode_one(const char *text, size_t len, size_t *i)
{
	int high, low;

	if (text[*i] != '%')
		return (unsigned char)text[*i];
	if (len - *i < 3)
		return -1;
	high = dhcp6_hex_digit(text[*i + 1]);
	low = dhcp6_hex_digit(text[*i + 2]);
	*i += 2;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

ssize_t percent_decode(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int octet = decode_one(text, len, &i);

		if (octet < 0x20 || octet == 0x7f)
			return -EINVAL;
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		out[n++] = (char)octet;
	}
	if (size == 0)
		return -ENAMETOOLONG;
	out[n] = '\0';
	return (ssize_t)n;
}

/* One half of a pair, decoded at text[*used]; its place, or NULL and *error. */
static const char *decode_half(
	struct http_query *query, size_t *used, const char *from, size_t len, int *error)
{
	char *here = query->text + *used;
	ssize_t n = percent_decode(from, len, here, sizeof(query->text) - *used);

	if (n < 0) {
		*error = n == -ENAMETOOLONG ? -E2BIG : (int)n;
		return NULL;
	}
	*used += (size_t)n + 1;
	return here;
}

static int add_pair(struct http_query *query, size_t *used, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	const char *name, *value;
	int error = 0;

	if (len == 0)
		return 0;
	if (query->pairs == HTTP_QUERY_PAIRS)
		return -E2BIG;
	name = decode_half(query, used, text, name_len, &error);
	if (!name)
		return error;
	value = decode_half(query, used, equals ? equals + 1 : text + len,
		equals ? len - name_len - 1 : 0, &error);
	if (!value)
		return error;
	query->pair[query->pairs].name = name;
	query->pair[query->pairs].value = value;
	query->pairs++;
	return 0;
}

/* `+` means a space, but %2B is a plus: so this comes before the decoding. */
static int plus_to_space(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		return -E2BIG;
	for (size_t i = 0; i <= len; i++)
		to[i] = from[i] == '+' ? ' ' : from[i];
	return 0;
}

int http_query_parse(struct http_query *query, const char *text)
{
	char spaced[3 * HTTP_QUERY_SIZE];
	size_t used = 0;
	int error;

	query->pairs = 0;
	if (!text)
		return 0;
	error = plus_to_space(spaced, sizeof(spaced), text);
	for (char *rest = spaced, *pair; !error && (pair = strsep(&rest, "&"));)
		error = add_pair(query, &used, pair, strlen(pair));
	if (error)
		query->pairs = 0;
	return error;
}

const char *http_query_get(const struct http_query *query, const char *name)
{
	for (size_t i = 0; i < query->pairs; i++)
		if (strcmp(query->pair[i].name, name) == 0)
			return query->pair[i].value;
	return NULL;
}
