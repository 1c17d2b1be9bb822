/* SPDX-License-Identifier: ISC */
/*
 * One evdns_base for each question: questions are minutes apart, and what is
 * made for each needs no repair. evdns calls back from the loop exactly once for
 * each, after a cancellation too, and that is where all of it is freed.
 */
#include "daemon/resolver.h"

#include <event2/dns.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "dhcp6/prefix.h"

struct resolver_question {
	struct evdns_base *dns;
	struct evdns_request *request;
	resolver_cb *cb; /* NULL: cancelled */
	void *arg;
};

static const char *why(int result)
{
	switch (result) {
	case DNS_ERR_NOTEXIST:
		return "there is no such name";
	case DNS_ERR_NODATA:
		return "it has no IPv6 address";
	case DNS_ERR_TIMEOUT:
		return "no answer from the name servers";
	case DNS_ERR_SERVERFAILED:
		return "the name server failed";
	case DNS_ERR_REFUSED:
		return "the name server refused";
	case DNS_ERR_TRUNCATED:
		return "the answer is too long";
	default:
		return "the answer makes no sense";
	}
}

/* Into its place in the ascending order, unless it is there or there is no room for it. */
static void insert(struct resolver_answer *answer, const struct in6_addr *address)
{
	size_t at = 0, behind;

	while (at < answer->count && memcmp(&answer->address[at], address, sizeof(*address)) < 0)
		at++;
	if (at == RESOLVER_ADDRESSES_MAX ||
		(at < answer->count && IN6_ARE_ADDR_EQUAL(&answer->address[at], address)))
		return;
	if (answer->count < RESOLVER_ADDRESSES_MAX)
		answer->count++;
	behind = answer->count - at - 1;
	memmove(&answer->address[at + 1], &answer->address[at], behind * sizeof(*address));
	answer->address[at] = *address;
}

void resolver_read_answer(
	int result, int count, int ttl_s, const void *addresses, struct resolver_answer *answer)
{
	const uint8_t *octets = addresses;
	struct in6_addr address;

	*answer = (struct resolver_answer){.ttl_s = ttl_s > 0 ? (uint32_t)ttl_s : 0};
	if (result != DNS_ERR_NONE) {
		answer->error = why(result);
		return;
	}
	for (int i = 0; i < count && octets; i++) {
		memcpy(&address, octets + (size_t)i * sizeof(address), sizeof(address));
		if (address_is_global_unicast(&address))
			insert(answer, &address);
	}
	if (answer->count == 0)
		answer->error = count > 0 ? "no address of it is global" : why(DNS_ERR_NODATA);
}

static void answered(int result, char type, int count, int ttl_s, void *addresses, void *arg)
{
	struct resolver_question *question = arg;
	resolver_cb *cb = question->cb;
	void *cb_arg = question->arg;
	struct resolver_answer answer;

	if (result == DNS_ERR_NONE && type != DNS_IPv6_AAAA)
		result = DNS_ERR_UNKNOWN;
	resolver_read_answer(result, count, ttl_s, addresses, &answer);
	evdns_base_free(question->dns, 0);
	free(question);
	if (cb)
		cb(cb_arg, &answer);
}

/* What evdns has to say of each server that it tries; the answer says how it ended. */
static void take_evdns_log(int is_warning, const char *text)
{
	(void)is_warning;
	log_debug("evdns: %s", text);
}

/* Returns NULL, or why it could not be asked. */
static const char *ask(struct resolver_question *question, struct loop *loop, const char *name)
{
	int rc;

	evdns_set_log_fn(take_evdns_log);
	question->dns = evdns_base_new(loop_event_base(loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!question->dns)
		return "no memory to ask";
	/* Where the file names no server, the one on this host is asked, as resolv.conf(5) says. */
	rc = evdns_base_resolv_conf_parse(
		question->dns, DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC, RESOLVER_CONF);
	if (evdns_base_count_nameservers(question->dns) == 0)
		return rc ? RESOLVER_CONF " cannot be used" : "no name server can be asked";
	question->request = evdns_base_resolve_ipv6(
		question->dns, name, DNS_QUERY_NO_SEARCH, answered, question);
	return question->request ? NULL : "it cannot be asked for";
}

struct resolver_question *resolver_ask(
	struct loop *loop, const char *name, resolver_cb *cb, void *arg)
{
	struct resolver_question *question = calloc(1, sizeof(*question));
	struct resolver_answer none = {.error = "no memory to ask"};

	if (question) {
		*question = (struct resolver_question){.cb = cb, .arg = arg};
		none.error = ask(question, loop, name);
		if (!none.error)
			return question;
		if (question->dns)
			evdns_base_free(question->dns, 0);
		free(question);
	}
	cb(arg, &none);
	return NULL;
}

void resolver_cancel(struct resolver_question *question)
{
	if (!question)
		return;
	question->cb = NULL;
	evdns_cancel_request(question->dns, question->request);
}
