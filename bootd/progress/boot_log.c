/* SPDX-License-Identifier: ISC */
/* Lines are put together part by part in a buffer that cannot overrun. */
#include "bootd/progress/boot_log.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "dhcp6/names.h"

struct line {
	char *text;
	size_t len;
};

static void add(struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *fmt, ...)
{
	size_t left = BOOT_LOG_LINE - line->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line->text + line->len, left, fmt, ap);
	va_end(ap);
	line->len += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

/* Most of a line is text as it stands, and there is one per message: no printf for that. */
static void add_text(struct line *line, const char *text)
{
	size_t left = BOOT_LOG_LINE - 1 - line->len, len = strlen(text);

	len = len < left ? len : left;
	memcpy(line->text + line->len, text, len);
	line->len += len;
	line->text[line->len] = '\0';
}

static void add_texts(struct line *line, const char *before, const char *text, const char *behind)
{
	add_text(line, before);
	add_text(line, text);
	add_text(line, behind);
}

static void add_address(struct line *line, const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	add_text(line, dhcp6_address_format(address, text));
}

/* Octets of a peer's choice: what is not plain is a dot. */
static void add_octets(struct line *line, const struct wire_in *view)
{
	char text[64 + 1];
	size_t n = 0;

	for (; n < wire_left(view) && n < sizeof(text) - 1; n++)
		text[n] = (char)(isprint(view->pos[n]) && view->pos[n] != '"' ? view->pos[n] : '.');
	text[n] = '\0';
	add_texts(line, " \"", text, "\"");
}

static void add_way(struct line *line, const struct client_facts *facts)
{
	if (facts->relays == 0) {
		add_texts(
			line, " at ", facts->link_name ? facts->link_name : "an unknown link", "");
		return;
	}
	add_text(line, " via relay ");
	add_address(line, &facts->link_address);
	if (wire_left(&facts->interface_id) > 0)
		add_octets(line, &facts->interface_id);
	if (facts->relays > 1)
		add(line, " and %u more", facts->relays - 1);
}

static void add_answer(struct line *line, const struct exchange_event *event)
{
	const struct decision *decision = event->decision;

	add_texts(line, " -> ", dhcp6_message_name(event->answer_type), "");
	if (event->with_address) {
		add_text(line, " ");
		add_address(line, &decision->address.address);
	}
	if (event->answer_type == DHCP6_ADDR_REG_REPLY)
		add(line, " is its own for %" PRIu32 " s%s", decision->address.valid_s,
			event->taken_over ? ", before it was another machine's" : "");
	if (event->status)
		add(line, " %s", dhcp6_status_name(event->status));
	if (event->status && !decision->address.given && decision->address.why)
		add_texts(line, " (", decision->address.why, ")");
	if (event->with_boot_url) {
		add_texts(line, ", ", decision->boot.url, " (rule \"");
		add_texts(line, decision->boot.rule->name, "\")", "");
	} else if (event->facts->archs > 0 && event->with_address) {
		add_text(line, ", no boot rule for it");
	}
}

const char *boot_log_exchange_text(const struct exchange_event *event, char text[BOOT_LOG_LINE])
{
	const struct client_facts *facts = event->facts;
	char machine[MACHINE_TEXT], firmware[FIRMWARE_TEXT];
	struct line line = {.text = text};

	*text = '\0';
	add_text(&line, event->decision->machine.len
				? machine_format(&event->decision->machine, machine)
				: "unknown");
	add_text(&line, " ");
	if (event->decision->host)
		add_texts(&line, "(", event->decision->host->name, ") ");
	add_texts(&line, firmware_format(facts, firmware), " ", dhcp6_message_name(facts->type));
	add_texts(&line, " on ", event->decision->subnet->text, "");
	add_way(&line, facts);
	add_answer(&line, event);
	return text;
}

void boot_log_exchange(const struct exchange_event *event)
{
	char text[BOOT_LOG_LINE];

	/* An address is in use twice, or somebody says so: somebody has to look. */
	enum log_level level = event->facts->type == DHCP6_DECLINE || event->taken_over
				       ? LOG_LEVEL_WARNING
				       : LOG_LEVEL_INFO;

	if (log_wanted(level))
		log_line(level, "%s", boot_log_exchange_text(event, text));
}

void boot_log_mac_hint(const struct exchange_event *event)
{
	static struct log_limit limit;
	const struct client_facts *facts = event->facts;
	char machine[MACHINE_TEXT];

	machine_format(&event->decision->machine, machine);
	log_limited(&limit, LOG_LEVEL_NOTICE, "%s: its MAC is only a hint, read from its %s: %s",
		machine,
		facts->mac_source == CLIENT_MAC_DUID ? "DUID" : "link-local address (EUI-64)",
		facts->relays > 0 ? "the relay next to it sends no option 79 (RFC 6939)"
				  : "its frame was not seen");
}

void boot_log_unknown_arch(const struct exchange_event *event, uint16_t code)
{
	char machine[MACHINE_TEXT];

	log_notice("%s: its architecture %u has no name here: a boot rule can have arch = {%u}",
		machine_format(&event->decision->machine, machine), code, code);
}

void boot_log_fetch(const struct machine *machine, const struct fetch_event *event)
{
	char who[MACHINE_TEXT], peer[INET6_ADDRSTRLEN];
	const char *kind = fetch_kind_name(event->kind);

	inet_ntop(AF_INET6, &event->peer, peer, sizeof(peer));
	if (machine)
		machine_format(machine, who);
	else
		snprintf(who, sizeof(who), "%s", peer);
	switch (event->outcome) {
	case FETCH_STARTED:
		log_debug("%s %s %s started, %" PRIu64 " octets", who, kind, event->path,
			event->size);
		break;
	case FETCH_DONE:
		log_info("%s %s %s done, %" PRIu64 " octets in %" PRIu64 " ms to %s", who, kind,
			event->path, event->bytes, event->duration_ms, peer);
		break;
	case FETCH_FAILED:
		log_notice("%s %s %s failed after %" PRIu64 " octets: %s", who, kind, event->path,
			event->bytes, event->error);
		break;
	case FETCH_PROBED:
		log_debug(
			"%s %s %s probed, %" PRIu64 " octets", who, kind, event->path, event->size);
		break;
	}
}
