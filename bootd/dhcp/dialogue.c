/* SPDX-License-Identifier: ISC */
/* The answers of RFC 9915 section 18.3, one function per message; their table is at the end. */
#include "bootd/dhcp/dialogue.h"

#include <errno.h>

#include "bootd/dhcp/answer.h"
#include "bootd/dhcp/ia_answer.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/dhcp/relay_supplied.h"

/* A machine that says an architecture boots; others may ask for the URL by name (GRUB). */
static bool wants_boot(const struct client_facts *facts)
{
	return facts->archs > 0 || client_asks_for(facts, DHCP6_OPT_BOOTFILE_URL);
}

void dialogue_put_boot(struct request *r, struct wire_out *out)
{
	if (!wants_boot(&r->facts) || !r->decision.boot.rule)
		return;
	answer_put_boot(out, &r->facts, &r->decision.boot);
	r->event.with_boot_url = true;
}

void dialogue_put_requested(struct request *r, struct wire_out *out)
{
	answer_put_requested(out, &r->facts, r->exchange->config);
	relay_supplied_put(out, r->message_at, &r->chain, &r->facts, r->exchange->config);
}

static enum exchange_drop drop_of(int rc)
{
	switch (rc) {
	case -EINPROGRESS:
		return EXCHANGE_LATER;
	case -ENOTCONN:
		return DROP_NOT_STORED;
	case -EBADMSG:
		return DROP_MALFORMED;
	default:
		return DROP_NO_MEMORY;
	}
}

/*
 * What Advertise and Reply to Request, Renew and Rebind have in common. A
 * boot file URL goes along only with an address: UEFI hangs for ever on an
 * Advertise with the one and without the other.
 */
static enum exchange_drop answer_ias(
	struct request *r, struct wire_out *out, ia_answer_fn *answer_ia, uint16_t no_prefix)
{
	struct ia_work work = {
		.bindings = &r->exchange->bindings,
		.leases = &r->exchange->leases,
		.is_settled = r->is_settled,
		.facts = &r->facts,
		.decision = &r->decision,
		.now_ms = r->now_ms,
		.no_prefix = no_prefix,
		.out = out,
	};
	int rc = ia_answer_all(&work, answer_ia);

	if (rc < 0)
		return drop_of(rc);
	if (work.ias == 0)
		return DROP_NOTHING_ASKED;
	r->waits = work.is_promise;
	r->event.with_address = work.given;
	r->event.status = work.status;
	if (work.given)
		dialogue_put_boot(r, out);
	dialogue_put_requested(r, out);
	return EXCHANGE_ANSWERED;
}

/* Rapid Commit (section 18.3.1): where the operator wants it, and the client asks. */
static bool is_rapid(const struct request *r)
{
	struct wire_in data;

	return r->facts.type == DHCP6_SOLICIT && r->exchange->config->rapid_commit &&
	       r->decision.address.given &&
	       dhcp6_option_find(r->facts.options, DHCP6_OPT_RAPID_COMMIT, &data);
}

static enum exchange_drop commit_at_once(struct request *r, struct wire_out *out)
{
	enum exchange_drop drop = answer_ias(r, out, ia_commit, DHCP6_STATUS_NO_PREFIX_AVAIL);

	if (!drop)
		dhcp6_put_option(out, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	return drop;
}

static enum exchange_drop respond_solicit(struct request *r, struct wire_out *out)
{
	if (is_rapid(r))
		return commit_at_once(r, out);
	if (r->exchange->config->preference)
		dhcp6_put_u8_option(out, DHCP6_OPT_PREFERENCE, UINT8_MAX);
	return answer_ias(r, out, ia_offer, DHCP6_STATUS_NO_PREFIX_AVAIL);
}

static enum exchange_drop respond_request(struct request *r, struct wire_out *out)
{
	return answer_ias(r, out, ia_assign, DHCP6_STATUS_NO_PREFIX_AVAIL);
}

/* Renew and Rebind: what a server has forgotten, it can compute anew. */
static enum exchange_drop respond_renew(struct request *r, struct wire_out *out)
{
	return answer_ias(r, out, ia_renew, DHCP6_STATUS_NO_BINDING);
}

/* Release and Decline: the status is of the message, whatever that of each IA. */
static enum exchange_drop answer_giving_up(
	struct request *r, struct wire_out *out, ia_answer_fn *answer_ia)
{
	enum exchange_drop drop = answer_ias(r, out, answer_ia, DHCP6_STATUS_NO_BINDING);

	if (!drop)
		answer_put_status(out, DHCP6_STATUS_SUCCESS);
	return drop;
}

static enum exchange_drop respond_release(struct request *r, struct wire_out *out)
{
	return answer_giving_up(r, out, ia_release);
}

static enum exchange_drop respond_decline(struct request *r, struct wire_out *out)
{
	return answer_giving_up(r, out, ia_decline);
}

static enum exchange_drop respond_confirm(struct request *r, struct wire_out *out)
{
	bool on_link;
	int addresses = ia_addresses_on_link(&r->facts, &r->decision.subnet->prefix, &on_link);

	if (addresses <= 0)
		return addresses < 0 ? DROP_MALFORMED : DROP_NOTHING_ASKED;
	r->event.status = on_link ? DHCP6_STATUS_SUCCESS : DHCP6_STATUS_NOT_ON_LINK;
	answer_put_status(out, r->event.status);
	return EXCHANGE_ANSWERED;
}

static enum exchange_drop respond_information_request(struct request *r, struct wire_out *out)
{
	struct wire_in ia;

	if (dhcp6_option_find(r->facts.options, DHCP6_OPT_IA_NA, &ia) ||
		dhcp6_option_find(r->facts.options, DHCP6_OPT_IA_PD, &ia))
		return DROP_WITH_IA;
	dialogue_put_boot(r, out);
	dialogue_put_requested(r, out);
	return EXCHANGE_ANSWERED;
}

/* What a message of each type must bear (section 16), and who answers it. */
static const struct dialogue dialogue[EXCHANGE_TYPES] = {
	[DHCP6_SOLICIT] = {WANTED, UNWANTED, DHCP6_ADVERTISE, respond_solicit, proxy_offer},
	[DHCP6_REQUEST] = {WANTED, WANTED, DHCP6_REPLY, respond_request, proxy_confirm},
	[DHCP6_CONFIRM] = {WANTED, UNWANTED, DHCP6_REPLY, respond_confirm},
	[DHCP6_RENEW] = {WANTED, WANTED, DHCP6_REPLY, respond_renew},
	[DHCP6_REBIND] = {WANTED, UNWANTED, DHCP6_REPLY, respond_renew},
	[DHCP6_RELEASE] = {WANTED, WANTED, DHCP6_REPLY, respond_release},
	[DHCP6_DECLINE] = {WANTED, WANTED, DHCP6_REPLY, respond_decline},
	[DHCP6_INFORMATION_REQUEST] = {OPTIONAL, OPTIONAL, DHCP6_REPLY, respond_information_request,
		respond_information_request},
	[DHCP6_ADDR_REG_INFORM] = {WANTED, UNWANTED, DHCP6_ADDR_REG_REPLY, respond_registration,
		respond_registration, .gives_nothing = true},
	[DHCP6_LEASEQUERY] = {WANTED, OPTIONAL, DHCP6_LEASEQUERY_REPLY, respond_leasequery,
		.is_no_clients = true},
};

const struct dialogue *dialogue_of(uint8_t type)
{
	return type < EXCHANGE_TYPES && dialogue[type].respond ? &dialogue[type] : NULL;
}

enum exchange_drop dialogue_respond(struct request *r, struct wire_out *out)
{
	const struct dialogue *d = dialogue_of(r->facts.type);
	bool is_proxied =
		!d->is_no_clients && decision_plan(&r->decision)->addresses == SUBNET_PROXY;
	respond_fn *respond = is_proxied ? d->proxy : d->respond;

	if (r->arrival->at_boot_server && !is_proxied)
		return DROP_NOT_FOR_SERVERS;
	return respond ? respond(r, out) : DROP_PROXY;
}

uint8_t dialogue_answer(const struct request *r)
{
	return is_rapid(r) ? DHCP6_REPLY : dialogue_of(r->facts.type)->answer;
}
