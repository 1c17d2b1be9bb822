/* SPDX-License-Identifier: ISC */
/*
 * The answers of RFC 9915 section 18.3, one function per type of message; the table of types is at
 * the end. ia_answer.c answers each IA of a message.
 */
#include <errno.h>
#include <string.h>

#include "bootd/dhcp/answer.h"
#include "bootd/dhcp/ia_answer.h"
#include "bootd/dhcp/leasequery.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/dhcp/request.h"

static enum exchange_drop drop_of(int rc)
{
	switch (rc) {
	case -EINPROGRESS:
		return EXCHANGE_RETRY;
	case -ENOTCONN:
		return DROP_NOT_STORED;
	case -EBADMSG:
		return DROP_MALFORMED;
	default:
		return DROP_NO_MEMORY;
	}
}

static struct ia_work work_of(struct request *r, struct wire_out *out, uint16_t no_prefix)
{
	return (struct ia_work){
		.config = r->exchange->config,
		.bindings = &r->exchange->bindings,
		.leases = &r->exchange->leases,
		.facts = &r->facts,
		.decision = &r->decision,
		.now_ms = r->now_ms,
		.no_prefix = no_prefix,
		.out = out,
	};
}

/*
 * What the answers to Solicit, Request, Renew and Rebind have in common. The boot file URL is sent
 * only together with an address, because UEFI hangs on an Advertise that has a URL and no address.
 */
static enum exchange_drop answer_ias(
	struct request *r, struct wire_out *out, ia_answer_fn *answer_ia, uint16_t no_prefix)
{
	struct ia_work work = work_of(r, out, no_prefix);
	int rc = ia_answer_all(&work, answer_ia);

	if (rc < 0)
		return drop_of(rc);
	if (work.ias == 0)
		return DROP_NOTHING_ASKED;
	r->is_pending = work.is_change;
	memcpy(r->promise, work.promise, work.promises * sizeof(r->promise[0]));
	r->promises = work.promises;
	memcpy(r->address, work.address, work.addresses * sizeof(r->address[0]));
	r->addresses = work.addresses;
	if (!work.given && work.addresses > 0)
		r->decision.address = work.address[0]; /* for the log: one of a further IA */
	r->event.with_address = work.addresses > 0;
	r->event.is_duplicate = work.is_duplicate;
	r->event.status = work.status;
	if (work.given)
		answer_put_boot(r, out);
	answer_put_requested(r, out);
	return EXCHANGE_ANSWERED;
}

/* Rapid Commit (section 18.3.1): if the operator has enabled it and the client asks for it. */
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
	/* Without the option the preference is 0 (section 18.2.1). */
	if (r->exchange->config->preference > 0)
		dhcp6_put_u8_option(out, DHCP6_OPT_PREFERENCE, r->exchange->config->preference);
	return answer_ias(r, out, ia_offer, DHCP6_STATUS_NO_PREFIX_AVAIL);
}

static enum exchange_drop respond_request(struct request *r, struct wire_out *out)
{
	return answer_ias(r, out, ia_assign, DHCP6_STATUS_NO_PREFIX_AVAIL);
}

/* A server that has forgotten a stable address computes it again. */
static enum exchange_drop respond_renew(struct request *r, struct wire_out *out)
{
	return answer_ias(r, out, ia_renew, DHCP6_STATUS_NO_BINDING);
}

static enum exchange_drop respond_rebind(struct request *r, struct wire_out *out)
{
	return answer_ias(r, out, ia_rebind, DHCP6_STATUS_NO_BINDING);
}

/* Release and Decline: besides the status of each IA the message has one, which is Success. */
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
	struct ia_work work = work_of(r, out, DHCP6_STATUS_NO_BINDING);
	bool on_link;
	int addresses = ia_addresses_on_link(&work, &on_link);

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
	answer_put_boot(r, out);
	answer_put_requested(r, out);
	return EXCHANGE_ANSWERED;
}

static const struct message_type table[EXCHANGE_TYPES] = {
	[DHCP6_SOLICIT] = {REQUIRED, FORBIDDEN, DHCP6_ADVERTISE, respond_solicit, proxy_offer},
	[DHCP6_REQUEST] = {REQUIRED, REQUIRED, DHCP6_REPLY, respond_request, proxy_confirm},
	[DHCP6_CONFIRM] = {REQUIRED, FORBIDDEN, DHCP6_REPLY, respond_confirm},
	[DHCP6_RENEW] = {REQUIRED, REQUIRED, DHCP6_REPLY, respond_renew},
	[DHCP6_REBIND] = {REQUIRED, FORBIDDEN, DHCP6_REPLY, respond_rebind},
	[DHCP6_RELEASE] = {REQUIRED, REQUIRED, DHCP6_REPLY, respond_release},
	[DHCP6_DECLINE] = {REQUIRED, REQUIRED, DHCP6_REPLY, respond_decline},
	[DHCP6_INFORMATION_REQUEST] = {OPTIONAL, OPTIONAL, DHCP6_REPLY, respond_information_request,
		respond_information_request},
	[DHCP6_ADDR_REG_INFORM] = {REQUIRED, FORBIDDEN, DHCP6_ADDR_REG_REPLY, respond_registration,
		respond_registration, .gives_nothing = true},
	[DHCP6_LEASEQUERY] = {REQUIRED, OPTIONAL, DHCP6_LEASEQUERY_REPLY, respond_leasequery,
		.is_requestors = true},
};

const struct message_type *message_type_of(uint8_t type)
{
	return type < EXCHANGE_TYPES && table[type].respond ? &table[type] : NULL;
}

enum exchange_drop message_respond(struct request *r, struct wire_out *out)
{
	const struct message_type *type = message_type_of(r->facts.type);
	bool is_proxied =
		!type->is_requestors && decision_plan(&r->decision)->addresses == SUBNET_PROXY;
	respond_fn *respond = is_proxied ? type->proxy : type->respond;

	if (r->arrival.at_boot_server && !is_proxied)
		return DROP_NOT_FOR_SERVERS;
	return respond ? respond(r, out) : DROP_PROXY;
}

uint8_t message_answer_type(const struct request *r)
{
	return is_rapid(r) ? DHCP6_REPLY : message_type_of(r->facts.type)->answer;
}
