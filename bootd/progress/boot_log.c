/* SPDX-License-Identifier: ISC */
/*
 * The log line of each event, as text and as fields of the journal. The order is the same in all:
 * what happened, to which machine, by which path, with which result, and what to do about it.
 */
#include "bootd/progress/boot_log.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bootd/progress/boot_progress.h"
#include "daemon/log.h"
#include "dhcp6/names.h"
#include "util/text_buffer.h"

static void add_address(struct text_buffer *line, const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	text_add(line, dhcp6_address_format(address, text));
}

/* Octets that the peer chooses, at most 64 of them. */
static void add_octets(struct text_buffer *line, const struct wire_in *view)
{
	size_t len = wire_left(view);

	text_add(line, " \"");
	text_add_octets(line, view->pos, len < 64 ? len : 64, '.');
	text_add(line, "\"");
}

static void add_path(struct text_buffer *line, const struct client_facts *facts)
{
	if (facts->relays == 0) {
		text_add3(
			line, " at ", facts->link_name ? facts->link_name : "an unknown link", "");
		return;
	}
	text_add(line, " via relay ");
	add_address(line, &facts->link_address);
	if (wire_left(&facts->interface_id) > 0)
		add_octets(line, &facts->interface_id);
	if (facts->relays > 1)
		text_addf(line, " and %u more", facts->relays - 1);
}

static void add_answer(struct text_buffer *line, const struct exchange_event *event)
{
	const struct decision *decision = event->decision;

	text_add3(line, " -> ", dhcp6_message_name(event->answer_type), "");
	if (event->with_address) {
		text_add(line, " ");
		add_address(line, &decision->address.address);
	}
	if (event->answer_type == DHCP6_ADDR_REG_REPLY)
		text_addf(line, " registered for %" PRIu32 " s%s", decision->address.valid_s,
			event->taken_over ? ", before by another machine" : "");
	if (event->status)
		text_addf(line, " %s", dhcp6_status_name(event->status));
	if (event->status && !decision->address.given && decision->address.why)
		text_add3(line, " (", decision->address.why, ")");
	if (event->with_boot_url) {
		text_add3(line, ", ", decision->boot.url, " (rule \"");
		text_add3(line, decision->boot.rule->name, "\")", "");
	} else if (event->facts->archs > 0 && event->with_address) {
		text_add(line, ", no boot rule matches");
	}
	if (decision->boot.passed_over && event->facts->archs > 0)
		text_addf(line, ", rule \"%s\" passed over: ${%s} has no value",
			decision->boot.passed_over->name, decision->boot.without);
}

const char *boot_log_exchange_text(const struct exchange_event *event, char text[BOOT_LOG_LINE])
{
	const struct client_facts *facts = event->facts;
	char machine[MACHINE_TEXT], firmware[FIRMWARE_TEXT];
	struct text_buffer line = text_buffer_of(text, BOOT_LOG_LINE);

	text_add(&line, event->decision->machine.len
				? machine_format(&event->decision->machine, machine)
				: "unknown");
	text_add(&line, " ");
	if (event->decision->host)
		text_add3(&line, "(", event->decision->host->name, ") ");
	text_add3(&line, firmware_format(facts, firmware), " ", dhcp6_message_name(facts->type));
	text_add3(&line, " on ", event->decision->subnet->text, "");
	add_path(&line, facts);
	add_answer(&line, event);
	return text;
}

/* What the fields of all lines about a message have in common. `machine` has its text. */
static struct log_fields fields_of(const struct exchange_event *event, char machine[MACHINE_TEXT])
{
	const struct decision *decision = event->decision;

	return (struct log_fields){
		.mac = decision->machine.len ? machine_format(&decision->machine, machine) : NULL,
		.link = event->facts->link_name,
		.host = decision->host ? decision->host->name : NULL,
		.subnet = decision->subnet->text,
	};
}

/* A Release and a registration are no step of a boot. The reason is why there is no address. */
static void log_exchange_with_fields(
	enum log_level level, const struct exchange_event *event, const char *text)
{
	const struct decision *decision = event->decision;
	uint8_t type = event->facts->type;
	char machine[MACHINE_TEXT];
	struct log_fields fields = fields_of(event, machine);

	if (type != DHCP6_RELEASE && type != DHCP6_ADDR_REG_INFORM)
		fields.stage = boot_stage_name(boot_progress_stage_of(event));
	if (level == LOG_LEVEL_WARNING)
		fields.event = LOG_EVENT_ADDRESS_CONFLICT;
	else if (event->status == DHCP6_STATUS_NO_ADDRS_AVAIL)
		fields.event = LOG_EVENT_NO_ADDRESS;
	if (event->status && !decision->address.given)
		fields.reason = decision->address.why;
	log_with(level, &fields, "%s", text);
}

void boot_log_exchange(const struct exchange_event *event)
{
	char text[BOOT_LOG_LINE];

	/* An address is in use twice, or a client reports it: an operator must look at it. */
	enum log_level level = event->facts->type == DHCP6_DECLINE || event->taken_over
				       ? LOG_LEVEL_WARNING
				       : LOG_LEVEL_INFO;

	if (log_wanted(level))
		log_exchange_with_fields(level, event, boot_log_exchange_text(event, text));
}

static void log_holder(const struct exchange_event *event)
{
	static struct log_limit limit;
	const struct decision *decision = event->decision;
	char machine[MACHINE_TEXT], holder[MACHINE_TEXT], address[INET6_ADDRSTRLEN],
		given[INET6_ADDRSTRLEN];

	struct log_fields fields = fields_of(event, machine);

	fields.event = LOG_EVENT_ADDRESS_CONFLICT;
	dhcp6_address_format(&decision->host->address, address);
	machine_format(&decision->holder, holder);
	log_limited_with(&limit, LOG_LEVEL_WARNING, &fields,
		"host \"%s\": %s %s %s; %s gets %s instead", decision->host->name, address,
		decision->is_declined ? "is in use by another node, as reported in a Decline by"
				      : "is held by",
		holder, machine,
		decision->address.given ? dhcp6_address_format(&decision->address.address, given)
					: "no address");
}

void boot_log_other_host(const struct exchange_event *event, const char *before)
{
	static struct log_limit limit;
	const struct boot_host *host = event->decision->host;
	char machine[MACHINE_TEXT];
	const struct log_fields fields = fields_of(event, machine);

	log_limited_with(&limit, LOG_LEVEL_WARNING, &fields,
		"%s: it was host \"%s\" before and is %s%s%s now: the host is known by an "
		"identifier that only one of firmware and system sends; add this MAC to it",
		machine, before, host ? "host \"" : "no host", host ? host->name : "",
		host ? "\"" : "");
}

void boot_log_conflicts(const struct exchange_event *event)
{
	static struct log_limit limit;
	const struct decision *decision = event->decision;
	char machine[MACHINE_TEXT], peer[INET6_ADDRSTRLEN];
	struct log_fields fields = fields_of(event, machine);

	if (decision->holder.len > 0 && event->answer_type == DHCP6_REPLY)
		log_holder(event);
	if (!event->is_duplicate)
		return;
	fields.event = LOG_EVENT_ADDRESS_CONFLICT;
	log_limited_with(&limit, LOG_LEVEL_WARNING, &fields,
		"%s on %s: two clients use this DUID and IAID in turn, now %s: give each a "
		"DUID of its own (cloned machines: remove /etc/machine-id before cloning), "
		"or have the relay add option 79",
		machine_format(&decision->machine, machine), decision->subnet->text,
		dhcp6_address_format(&event->facts->peer_address, peer));
}

void boot_log_unverified_mac(const struct exchange_event *event)
{
	static struct log_limit limit;
	const struct client_facts *facts = event->facts;
	char machine[MACHINE_TEXT];

	const struct log_fields fields = fields_of(event, machine);

	log_limited_with(&limit, LOG_LEVEL_NOTICE, &fields,
		"%s: unverified MAC, read from its %s because %s", machine,
		facts->mac_source == CLIENT_MAC_DUID ? "DUID" : "link-local address (EUI-64)",
		facts->relays > 0 ? "the relay next to it sends no option 79 (RFC 6939)"
				  : "its frame was not seen");
}

void boot_log_unknown_arch(const struct exchange_event *event, uint16_t code)
{
	char machine[MACHINE_TEXT];
	const struct log_fields fields = fields_of(event, machine);

	log_with(LOG_LEVEL_NOTICE, &fields,
		"%s: unknown architecture %u: a boot rule can match it with arch = {%u}", machine,
		code, code);
}

/* The texts that the fields of a record point to. */
struct record_text {
	char machine[MACHINE_TEXT], subnet[PREFIX_TEXT];
};

static struct log_fields fields_of_record(
	const struct boot_record *record, struct record_text *text)
{
	return (struct log_fields){
		.mac = machine_format(&record->machine, text->machine),
		.host = record->host,
		.subnet = record->has_subnet ? prefix_format(&record->subnet, text->subnet) : NULL,
		.stage = boot_stage_name(record->stage),
	};
}

void boot_log_fetch(const struct machine *machine, const struct boot_record *record,
	const struct fetch_event *event)
{
	char peer[INET6_ADDRSTRLEN];
	struct record_text text;
	const char *who = peer, *kind = fetch_kind_name(event->kind);
	struct log_fields fields = {0};

	inet_ntop(AF_INET6, &event->peer, peer, sizeof(peer));
	if (record)
		fields = fields_of_record(record, &text);
	else if (machine)
		fields.mac = machine_format(machine, text.machine);
	if (fields.mac)
		who = fields.mac;
	fields.reason = event->error;
	switch (event->outcome) {
	case FETCH_STARTED:
		log_with(LOG_LEVEL_DEBUG, &fields, "%s %s %s started, %" PRIu64 " octets", who,
			kind, event->path, event->size);
		break;
	case FETCH_DONE:
		log_with(LOG_LEVEL_INFO, &fields,
			"%s %s %s done, %" PRIu64 " octets in %" PRIu64 " ms to %s", who, kind,
			event->path, event->bytes, event->duration_ms, peer);
		break;
	case FETCH_FAILED:
		log_with(LOG_LEVEL_NOTICE, &fields, "%s %s %s failed after %" PRIu64 " octets: %s",
			who, kind, event->path, event->bytes, event->error);
		break;
	case FETCH_PROBED:
		log_with(LOG_LEVEL_DEBUG, &fields, "%s %s %s probed, %" PRIu64 " octets", who, kind,
			event->path, event->size);
		break;
	}
}

void boot_log_booted(
	const struct boot_record *record, const struct in6_addr *peer, uint64_t duration_ms)
{
	char address[INET6_ADDRSTRLEN];
	struct record_text text;
	const struct log_fields fields = fields_of_record(record, &text);

	log_with(LOG_LEVEL_INFO, &fields, "%s booted, %.1f s after its first request, from %s",
		fields.mac, (double)duration_ms / 1000,
		inet_ntop(AF_INET6, peer, address, sizeof(address)));
}
