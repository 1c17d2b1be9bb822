/* SPDX-License-Identifier: ISC */
/*
 * relayd.conf, from text to struct relay_conf in three steps: the text is read by the
 * syntax of relay_conf_syntax.c, which checks each value; copy_values() copies the values;
 * check_whole() checks what only the whole file shows (no server, no client-facing link).
 */
#include "relayd/config/relay_conf_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relayd/config/relay_conf_prefixes.h"
#include "relayd/config/relay_conf_syntax.h"

static int copy_patterns(struct config_section *cfg, const char *name, struct link_patterns *patterns)
{
	int rc = 0;

	for (unsigned i = 0; i < config_count(cfg, name) && rc == 0; i++)
		rc = link_patterns_add(patterns, config_text_at(cfg, name, i));
	return rc;
}

static int copy_metrics(struct config_section *cfg, struct relay_conf *conf)
{
	struct config_section *section;

	conf->has_metrics = config_count(cfg, "metrics") > 0;
	conf->has_link_series = true;
	if (!conf->has_metrics)
		return 0;
	section = config_section_at(cfg, "metrics", 0);
	conf->has_link_series = config_bool(section, "per-link");
	config_endpoint(config_text(section, "listen"), RELAY_METRICS_PORT, &conf->metrics);
	conf->metrics_name = calloc(config_count(section, "names") + 1, sizeof(*conf->metrics_name));
	if (!conf->metrics_name)
		return -ENOMEM;
	for (; conf->metrics_names < config_count(section, "names"); conf->metrics_names++) {
		char **name = &conf->metrics_name[conf->metrics_names];

		*name = strdup(config_text_at(section, "names", (unsigned)conf->metrics_names));
		if (!*name)
			return -ENOMEM;
	}
	return 0;
}

static int copy_prefixes(struct config_section *cfg, const char *name, struct prefix **prefixes, size_t *count)
{
	unsigned n = config_count(cfg, name);

	*prefixes = calloc(n ? n : 1, sizeof(**prefixes));
	if (!*prefixes)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		prefix_parse(config_text_at(cfg, name, i), &(*prefixes)[i]);
	*count = n;
	return 0;
}

static void read_source(const char *text, struct relay_source *source)
{
	if (strcmp(text, "auto") == 0) {
		source->kind = RELAY_SOURCE_AUTO;
	} else if (config_address(text, &source->address) == 0) {
		source->kind = RELAY_SOURCE_ADDRESS;
	} else {
		source->kind = RELAY_SOURCE_LINK;
		strcpy(source->link, text);
	}
}

/* A copy of an optional text: NULL stays NULL. */
static int copy_text(const char *text, char **copy)
{
	*copy = text ? strdup(text) : NULL;
	return text && !*copy ? -ENOMEM : 0;
}

static int copy_server(struct config_section *section, struct relay_server *server)
{
	int rc = copy_text(section->title, &server->title);

	if (config_address(section->title, &server->address) < 0)
		server->kind = RELAY_SERVER_NAME;
	else
		server->kind = IN6_IS_ADDR_MULTICAST(&server->address) ? RELAY_SERVER_MULTICAST
								       : RELAY_SERVER_ADDRESS;
	if (config_text(section, "vrf"))
		strcpy(server->vrf, config_text(section, "vrf"));
	if (rc == 0)
		rc = copy_patterns(section, "interface", &server->links);
	return rc < 0 ? rc
		      : copy_prefixes(section, "answers-from", &server->answers_from,
				&server->n_answers_from);
}

static int copy_servers(struct config_section *cfg, struct relay_conf *conf)
{
	int rc = 0;

	for (unsigned i = 0; i < config_count(cfg, "server") && rc == 0; i++)
		rc = copy_server(config_section_at(cfg, "server", i), &conf->server[conf->n_servers++]);
	return rc;
}

/* --- sections `link` ---------------------------------------------------------------------- */

/* Bits by index of the servers with this title, by address or name; 0: there is none. */
static unsigned find_server(const struct relay_conf *conf, const char *title)
{
	struct in6_addr address;
	bool is_address = config_address(title, &address) == 0;
	unsigned found = 0;

	for (size_t i = 0; i < conf->n_servers; i++) {
		const struct relay_server *server = &conf->server[i];

		if (server->kind == RELAY_SERVER_NAME || !is_address
				? strcmp(server->title, title) == 0
				: IN6_ARE_ADDR_EQUAL(&server->address, &address))
			found |= 1u << i;
	}
	return found;
}

/* The setting `servers` of a section or of the file; all servers if it is not there. */
static unsigned read_servers(const struct relay_conf *conf, struct config_section *cfg, const char *name,
	struct config_problems *problems)
{
	unsigned n = config_count(cfg, "servers"), servers = 0;

	for (unsigned i = 0; i < n; i++) {
		const char *title = config_text_at(cfg, "servers", i);
		unsigned found = find_server(conf, title);

		if (!found)
			config_problem(problems, true, name, 0,
				"servers: \"%s\" has no section; expected one, for example server "
				"\"%s\" {}",
				title, title);
		servers |= found;
	}
	return n ? servers : ~0u;
}

/* What the section says; if it does not, what the file says. */
static const char *text_of(struct config_section *section, struct config_section *cfg, const char *setting)
{
	const char *own = section ? config_text(section, setting) : NULL;

	return own ? own : config_text(cfg, setting);
}

static int copy_interface_id(const char *text, char **interface_id)
{
	if (strcmp(text, "none") == 0)
		return 0;
	return copy_text(strcmp(text, "name") == 0 ? "%i" : text, interface_id);
}

/* `section` is NULL for the last rule, which has the global settings. */
static int copy_rule(struct relay_conf *conf, struct config_section *cfg, struct config_section *section, const char *name,
	struct config_problems *problems)
{
	struct relay_link_rule *rule = &conf->rule[conf->n_rules++];
	bool has_enterprise = section && config_is_set(section, "enterprise-number");
	bool has_servers = section && config_count(section, "servers") > 0;
	int rc = 0;

	if (section) {
		rc = link_patterns_add(&rule->pattern, section->title);
		rule->is_off = !config_bool(section, "relay");
		if (config_text(section, "while-address"))
			config_address(config_text(section, "while-address"), &rule->while_address);
		if (config_text(section, "link-address"))
			config_address(config_text(section, "link-address"), &rule->link_address);
	}
	rule->servers = read_servers(conf, has_servers ? section : cfg, name, problems);
	relay_conf_copy_link_prefixes(rule, section, cfg);
	read_source(text_of(section, cfg, "source"), &rule->source);
	rule->remote_id_enterprise =
		(uint32_t)config_number(has_enterprise ? section : cfg, "enterprise-number");
	if (rc == 0)
		rc = copy_interface_id(text_of(section, cfg, "interface-id"), &rule->interface_id);
	if (rc == 0)
		rc = copy_text(text_of(section, cfg, "remote-id"), &rule->remote_id);
	if (rc == 0)
		rc = copy_text(text_of(section, cfg, "subscriber-id"), &rule->subscriber_id);
	return rc;
}

static int copy_rules(
	struct relay_conf *conf, struct config_section *cfg, const char *name, struct config_problems *problems)
{
	unsigned n = config_count(cfg, "link");
	int rc = 0;

	conf->rule = calloc(n + 1, sizeof(*conf->rule));
	if (!conf->rule)
		return -ENOMEM;
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = copy_rule(conf, cfg, config_section_at(cfg, "link", i), name, problems);
	return rc == 0 ? copy_rule(conf, cfg, NULL, name, problems) : rc;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int copy_values(
	struct relay_conf *conf, struct config_section *cfg, const char *name, struct config_problems *problems)
{
	int rc = copy_patterns(cfg, "interfaces", &conf->interfaces);

	if (rc == 0)
		rc = copy_patterns(cfg, "trusted", &conf->trusted);
	if (rc == 0)
		rc = copy_prefixes(cfg, "relays", &conf->relays, &conf->n_relays);
	if (rc == 0)
		rc = copy_servers(cfg, conf);
	if (rc == 0)
		rc = copy_rules(conf, cfg, name, problems);
	if (rc == 0)
		rc = relay_conf_copy_prefixes(conf, cfg);
	if (rc == 0)
		rc = copy_text(config_text(cfg, "user"), &conf->user);
	if (rc == 0)
		rc = copy_text(config_text(cfg, "control"), &conf->control);
	daemon_settings_copy(cfg, &conf->settings);
	if (rc == 0)
		rc = copy_metrics(cfg, conf);
	if (config_text(cfg, "relay-id"))
		dhcp6_duid_parse(config_text(cfg, "relay-id"), &conf->relay_id);
	conf->rsoo = config_bool(cfg, "relay-supplied-options");
	conf->source_port = (uint16_t)config_number(cfg, "source-port");
	conf->fwmark = (uint32_t)config_number(cfg, "fwmark");
	conf->client_mac = config_bool(cfg, "client-mac");
	conf->link_rate = (uint32_t)config_number(cfg, "link-rate");
	conf->client_rate = (uint32_t)config_number(cfg, "client-rate");
	conf->forward = (enum relay_forward)relay_conf_word(
		config_text(cfg, "forward"), relay_forward_words);
	conf->without_address = (enum relay_without_address)relay_conf_word(
		config_text(cfg, "without-address"), relay_without_address_words);
	return rc;
}

static void check_rule(const struct relay_conf *conf, const struct relay_link_rule *rule,
	const char *name, struct config_problems *problems)
{
	if (rule->remote_id && rule->remote_id_enterprise == 0)
		config_problem(problems, true, name, 0,
			"remote-id: needs the setting enterprise-number too (RFC 4649), for "
			"example "
			"enterprise-number = 32473");
	if (!rule->interface_id && conf->without_address == RELAY_UNSPECIFIED)
		config_problem(problems, true, name, 0,
			"without-address: unspecified needs interface-id = name: without both "
			"link-address and Interface-Id the relay cannot tell the link that a reply "
			"belongs to (RFC 9915 section 19.1.1)");
}

static int check_whole(
	const struct relay_conf *conf, const char *name, struct config_problems *problems)
{
	if (conf->interfaces.count == 0)
		config_problem(problems, true, name, 0,
			"interfaces: no client-facing link is configured; expected patterns or "
			"names, "
			"for example interfaces = {\"vlan*\"}");
	if (conf->n_servers == 0)
		config_problem(problems, true, name, 0,
			"server: no server is configured; expected at least one section, for "
			"example server \"2001:db8::547\" {}");
	for (size_t i = 0; i < conf->n_rules; i++)
		check_rule(conf, &conf->rule[i], name, problems);
	return problems->errors ? -EINVAL : 0;
}

/* Parsed with result `rc`: copy and check. Frees `cfg`. */
static int finish(struct config_section *cfg, const char *name, int rc, struct relay_conf **out,
	struct config_problems *problems)
{
	struct relay_conf *conf = rc == 0 ? calloc(1, sizeof(*conf)) : NULL;

	if (rc == 0)
		rc = conf ? copy_values(conf, cfg, name, problems) : -ENOMEM;
	if (rc == 0)
		rc = check_whole(conf, name, problems);
	if (rc == 0)
		*out = conf;
	else
		relay_conf_free(conf);
	config_free(cfg);
	return rc;
}

int relay_conf_read(const char *path, struct relay_conf **conf, struct config_problems *problems)
{
	struct config_section *cfg = relay_conf_parser();

	if (!cfg)
		return -ENOMEM;
	return finish(cfg, path, config_parse(cfg, path, problems), conf, problems);
}

int relay_conf_read_text(const char *name, const char *text, struct relay_conf **conf,
	struct config_problems *problems)
{
	struct config_section *cfg = relay_conf_parser();

	if (!cfg)
		return -ENOMEM;
	return finish(cfg, name, config_parse_text(cfg, name, text, problems), conf, problems);
}
