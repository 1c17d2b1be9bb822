/* SPDX-License-Identifier: ISC */
/*
 * The small languages inside HTTP fields: dates, ranges, entity tags and the conditions that are
 * made of them, the names in Host (RFC 9110), and X-Forwarded-For. No I/O and no state, except for
 * the name of this host.
 */
#ifndef NB6_HTTP_HTTP_FIELDS_H
#define NB6_HTTP_HTTP_FIELDS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_DATE_SIZE = 40, HTTP_ETAG_SIZE = 48 };

/* "Sun, 06 Nov 1994 08:49:37 GMT", section 5.6.7. */
void http_date_format(int64_t when, char out[HTTP_DATE_SIZE]);
/*
 * Any of the three forms that a recipient must accept: the one above, RFC 850's with its year of
 * two digits, and asctime()'s. Returns 0, or -EINVAL.
 *
 * now  decides the century of a year of two digits: the last one that is not over 50 years ahead
 */
int http_date_parse(const char *text, int64_t now, int64_t *out);

struct http_range {
	uint64_t first, length;
};

enum http_range_verdict {
	HTTP_RANGE_WHOLE, /* 200: no range, a malformed one, other units, or several ranges */
	HTTP_RANGE_PART,  /* 206 */
	HTTP_RANGE_UNSATISFIABLE, /* 416 */
};

/*
 * What the field Range (NULL: none) asks of a file of `size` octets, section 14. *out is set for
 * WHOLE and PART.
 */
enum http_range_verdict http_range_parse(const char *field, uint64_t size, struct http_range *out);

/* The version of a file, as the fields of an answer show it. */
struct http_version {
	bool is_rendered; /* made for this client: it has neither date nor tag */
	int64_t modified;
	char etag[HTTP_ETAG_SIZE]; /* with its quotes; strong */
};

/* The tag of a file with this size and modification time. */
void http_etag_format(uint64_t size, int64_t seconds, long nanoseconds, char out[HTTP_ETAG_SIZE]);

/* The conditional fields of a request; NULL: absent. Several fields are joined with ", ". */
struct http_conditions {
	const char *if_match, *if_none_match, *if_modified_since, *if_unmodified_since, *if_range;
};

/*
 * The preconditions in the order of section 13.2.2, for GET and HEAD. Returns 0 if the request is
 * to be served, 304, or 412.
 */
int http_conditions_check(
	const struct http_conditions *conditions, const struct http_version *version, int64_t now);

/* Section 13.1.5: may the range be served, because the client has the start of this version? */
bool http_if_range_holds(const char *if_range, const struct http_version *version, int64_t now);

/* The name of this host and copies of `n` others, up to NULL. NULL: no memory. */
char **http_own_names_new(const char *const *name, size_t n);
void http_own_names_free(char **name); /* NULL is fine */

/*
 * Is Host (section 7.2) an address literal, "localhost", or one of these names (up to NULL)? A page
 * that answers to other names can be read by any web site whose name points to it (DNS rebinding).
 */
bool http_host_is_own(const char *host, const char *const *name);

typedef bool http_is_proxy_fn(void *arg, const struct in6_addr *address);

/*
 * Who asks. Each proxy adds the address that it was asked by to the end of X-Forwarded-For: from
 * there the first one that is no trusted proxy is the client. What a client itself wrote into the
 * field stands before that, and is not looked at. False: the field is malformed.
 *
 * client  the peer; set to the client
 */
bool http_client_behind(
	const char *forwarded_for, http_is_proxy_fn *is_proxy, void *arg, struct in6_addr *client);

#endif
