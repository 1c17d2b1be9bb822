/* SPDX-License-Identifier: ISC */
/*
 * A list in order of appearance and two trees over it. A link without an Interface-Id is
 * in one of them only.
 */
#include "relayd/links/link_book.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"

/* Links that have gone are remembered for their counters, this many. */
enum { ABSENT_MAX = 4096 };

void link_book_init(struct link_book *book)
{
	*book = (struct link_book){.tail = &book->first};
}

static int compare_names(const void *a, const void *b)
{
	const struct client_link *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct client_link *link_book_find_name(const struct link_book *book, const char *name)
{
	struct client_link *const *found;
	struct client_link key;

	if (strlen(name) >= sizeof(key.name))
		return NULL;
	strcpy(key.name, name);
	found = tfind(&key, (void *const *)&book->by_name, compare_names);
	return found ? *found : NULL;
}

static int compare_interface_ids(const void *a, const void *b)
{
	const struct client_link *x = a, *y = b;

	if (x->interface_id_len != y->interface_id_len)
		return x->interface_id_len - y->interface_id_len;
	return memcmp(x->interface_id, y->interface_id, x->interface_id_len);
}

struct client_link *link_book_find_interface_id(
	const struct link_book *book, const uint8_t *id, size_t len)
{
	struct client_link key = {.interface_id_len = (uint8_t)len};
	struct client_link *const *found;

	if (len == 0 || len > sizeof(key.interface_id))
		return NULL;
	memcpy(key.interface_id, id, len);
	found = tfind(&key, (void *const *)&book->by_interface_id, compare_interface_ids);
	return found ? *found : NULL;
}

/* Give a link its Interface-Id and make it found by it. */
static int identify(struct link_book *book, struct client_link *cl, const struct relay_conf *conf,
	const char *host)
{
	client_link_identify(cl, conf, host);
	if (cl->interface_id_len && !tsearch(cl, &book->by_interface_id, compare_interface_ids))
		return -ENOMEM;
	return 0;
}

struct client_link *link_book_get(
	struct link_book *book, const char *name, const struct relay_conf *conf, const char *host)
{
	struct client_link *cl = link_book_find_name(book, name);

	if (cl)
		return cl;
	cl = calloc(1, sizeof(*cl));
	if (!cl)
		return NULL;
	strcpy(cl->name, name);
	cl->holder = -1;
	cl->since_s = time(NULL);
	strcpy(cl->reason, "there is no link of this name");
	if (identify(book, cl, conf, host) < 0 || !tsearch(cl, &book->by_name, compare_names)) {
		tdelete(cl, &book->by_interface_id, compare_interface_ids);
		free(cl);
		return NULL;
	}
	*book->tail = cl;
	book->tail = &cl->next;
	book->count++;
	book->n_absent++;
	return cl;
}

int link_book_await(struct link_book *book, const struct relay_conf *conf, const char *host)
{
	const struct link_patterns *patterns = &conf->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (link_pattern_is_name(patterns->pattern[i]) &&
			link_patterns_match(patterns, patterns->pattern[i]) &&
			!link_book_get(book, patterns->pattern[i], conf, host))
			return -ENOMEM;
	return 0;
}

static void keep_node(void *node)
{
	(void)node;
}

void link_book_identify(struct link_book *book, const struct relay_conf *conf, const char *host)
{
	tdestroy(book->by_interface_id, keep_node);
	book->by_interface_id = NULL;
	for (struct client_link *cl = book->first; cl; cl = cl->next)
		if (identify(book, cl, conf, host) < 0)
			log_error("%s: no memory to find it by its Interface-Id", cl->name);
}

/* True for a link that the configuration names, there or not. */
static bool is_awaited(const struct relay_conf *conf, const char *name)
{
	const struct link_patterns *patterns = &conf->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (link_pattern_is_name(patterns->pattern[i]) &&
			strcmp(patterns->pattern[i], name) == 0)
			return link_patterns_match(patterns, name);
	return false;
}

void link_book_forget(struct link_book *book, struct client_link *cl)
{
	struct client_link **at = &book->first;

	while (*at != cl)
		at = &(*at)->next;
	*at = cl->next;
	if (book->tail == &cl->next)
		book->tail = at;
	tdelete(cl, &book->by_name, compare_names);
	if (cl->interface_id_len)
		tdelete(cl, &book->by_interface_id, compare_interface_ids);
	book->count--;
	book->n_absent--;
	free(cl);
}

/* Keep the memory of links that come and go under ever new names bounded. */
static void forget_oldest_absent(struct link_book *book, const struct relay_conf *conf)
{
	struct client_link *oldest = NULL;

	for (struct client_link *cl = book->first; cl; cl = cl->next)
		if (!cl->link && !is_awaited(conf, cl->name) &&
			(!oldest || cl->since_s < oldest->since_s))
			oldest = cl;
	if (oldest)
		link_book_forget(book, oldest);
}

void link_book_appeared(struct link_book *book)
{
	book->n_absent--;
}

void link_book_gone(struct link_book *book, const struct relay_conf *conf)
{
	if (++book->n_absent > ABSENT_MAX)
		forget_oldest_absent(book, conf);
}

void link_book_fini(struct link_book *book)
{
	struct client_link *next;

	tdestroy(book->by_name, keep_node);
	tdestroy(book->by_interface_id, keep_node);
	for (struct client_link *cl = book->first; cl; cl = next) {
		next = cl->next;
		free(cl);
	}
	*book = (struct link_book){0};
}
