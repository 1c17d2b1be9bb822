/* SPDX-License-Identifier: ISC */
/*
 * relayd.conf: the libConfuse tables, the validators that run while the line
 * is known, and the copy into struct relay_conf.
 *
 * A file is read in three steps: libConfuse parses it, calling a validator
 * for each value; take_values() copies; check_whole() looks at what only the
 * whole can show (no server, nothing to serve).
 */
#include "relayd/relay_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONTROL RUNSTATEDIR "/netboot6/relayd.sock"

static cfg_opt_t server_options[] = {
	CFG_END(),
};

static int validate_patterns(cfg_t *cfg, cfg_opt_t *opt)
{
	struct link_patterns scratch = {0};
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	int rc = link_patterns_add(&scratch, text);

	link_patterns_fini(&scratch);
	if (rc == -EINVAL)
		return config_error(cfg,
			"%s: '%s' is no name or pattern of a link (1 to 15 characters, "
			"for example \"vlan*\" or \"!vlan99\")",
			opt->name, text);
	return rc;
}

static int validate_server(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	const char *text = cfg_title(section);
	struct in6_addr address;

	if (config_address(text, &address) < 0 || IN6_IS_ADDR_UNSPECIFIED(&address))
		return config_error(cfg, "server: '%s' is no IPv6 address of a server", text);
	if (IN6_IS_ADDR_MULTICAST(&address) || IN6_IS_ADDR_LINKLOCAL(&address))
		return config_error(cfg,
			"server: '%s' is not the unicast address of a server beyond this link",
			text);
	if (cfg_opt_size(opt) > RELAY_SERVERS_MAX)
		return config_error(cfg, "server: more than %d servers", RELAY_SERVERS_MAX);
	return 0;
}

/* One word of a list; `found` gets its index. */
static int one_of(cfg_t *cfg, cfg_opt_t *opt, const char *const words[], int *found)
{
	const char *text = cfg_opt_getnstr(opt, 0);
	char expected[128] = "";

	for (int i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*found = i;
			return 0;
		}
		strcat(strcat(expected, i ? " or " : ""), words[i]);
	}
	return config_error(cfg, "%s: '%s' found, %s expected", opt->name, text, expected);
}

static int validate_forward(cfg_t *cfg, cfg_opt_t *opt)
{
	static const char *const words[] = {"all", NULL};
	int index;

	return one_of(cfg, opt, words, &index);
}

static const char *const interface_id_words[] = {"none", "name", NULL};

static int validate_interface_id(cfg_t *cfg, cfg_opt_t *opt)
{
	int index;

	return one_of(cfg, opt, interface_id_words, &index);
}

static const char *const without_address_words[] = {
	[RELAY_DROP] = "drop", [RELAY_UNSPECIFIED] = "unspecified", NULL};

static int validate_without_address(cfg_t *cfg, cfg_opt_t *opt)
{
	int index;

	return one_of(cfg, opt, without_address_words, &index);
}

static int validate_source(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, 0);
	struct in6_addr address;

	if (strcmp(text, "auto") == 0)
		return 0;
	if (strchr(text, ':')) {
		if (config_address(text, &address) < 0 || IN6_IS_ADDR_MULTICAST(&address) ||
			IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_UNSPECIFIED(&address))
			return config_error(
				cfg, "source: '%s' is no global IPv6 address of this router", text);
		return 0;
	}
	if (!link_pattern_is_name(text) || !*text || strlen(text) >= IFNAMSIZ)
		return config_error(cfg,
			"source: '%s' found, auto or an address or the name of a link expected",
			text);
	return 0;
}

static int validate_remote_id(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, 0);
	uint8_t scratch[RELAY_INTERFACE_ID_MAX];

	if (relay_conf_expand(text, "h", "i", scratch) < 0)
		return config_error(cfg,
			"remote-id: '%s' found; text with %%h (host name) and %%i (link name), "
			"at most %d octets, expected",
			text, RELAY_INTERFACE_ID_MAX);
	return 0;
}

static int validate_enterprise(cfg_t *cfg, cfg_opt_t *opt)
{
	long number = cfg_opt_getnint(opt, 0);

	if (number < 1 || number > (long)UINT32_MAX)
		return config_error(cfg,
			"enterprise-number: %ld found, a number assigned by IANA expected", number);
	return 0;
}

static cfg_opt_t *relay_options(void)
{
	static cfg_opt_t options[] = {
		CFG_STR_LIST("interfaces", NULL, CFGF_NONE),
		CFG_STR_LIST("trusted", NULL, CFGF_NONE),
		CFG_SEC("server", server_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_STR("forward", "all", CFGF_NONE),
		CFG_BOOL("client-mac", cfg_true, CFGF_NONE),
		CFG_STR("interface-id", "name", CFGF_NONE),
		CFG_STR("remote-id", NULL, CFGF_NODEFAULT),
		CFG_INT("enterprise-number", 0, CFGF_NODEFAULT),
		CFG_STR("source", "auto", CFGF_NONE),
		CFG_STR("without-address", "drop", CFGF_NONE),
		CFG_STR("user", NULL, CFGF_NODEFAULT),
		CFG_STR("control", DEFAULT_CONTROL, CFGF_NONE),
		CFG_END(),
	};

	return options;
}

static cfg_t *new_parser(void)
{
	cfg_t *cfg = cfg_init(relay_options(), CFGF_NONE);

	if (!cfg)
		return NULL;
	cfg_set_validate_func(cfg, "interfaces", validate_patterns);
	cfg_set_validate_func(cfg, "trusted", validate_patterns);
	cfg_set_validate_func(cfg, "server", validate_server);
	cfg_set_validate_func(cfg, "forward", validate_forward);
	cfg_set_validate_func(cfg, "interface-id", validate_interface_id);
	cfg_set_validate_func(cfg, "remote-id", validate_remote_id);
	cfg_set_validate_func(cfg, "enterprise-number", validate_enterprise);
	cfg_set_validate_func(cfg, "source", validate_source);
	cfg_set_validate_func(cfg, "without-address", validate_without_address);
	return cfg;
}

static int take_patterns(cfg_t *cfg, const char *name, struct link_patterns *patterns)
{
	int rc = 0;

	for (unsigned i = 0; i < cfg_size(cfg, name) && rc == 0; i++)
		rc = link_patterns_add(patterns, cfg_getnstr(cfg, name, i));
	return rc;
}

static void take_servers(cfg_t *cfg, struct relay_conf *conf)
{
	for (unsigned i = 0; i < cfg_size(cfg, "server"); i++)
		config_address(
			cfg_title(cfg_getnsec(cfg, "server", i)), &conf->server[conf->n_servers++]);
}

static void take_source(cfg_t *cfg, struct relay_conf *conf)
{
	const char *text = cfg_getstr(cfg, "source");

	if (strcmp(text, "auto") == 0) {
		conf->source = RELAY_SOURCE_AUTO;
	} else if (config_address(text, &conf->source_address) == 0) {
		conf->source = RELAY_SOURCE_ADDRESS;
	} else {
		conf->source = RELAY_SOURCE_LINK;
		strcpy(conf->source_link, text);
	}
}

/* A copy of an optional text: NULL stays NULL. */
static int take_text(const char *text, char **copy)
{
	*copy = text ? strdup(text) : NULL;
	return text && !*copy ? -ENOMEM : 0;
}

static int take_values(cfg_t *cfg, struct relay_conf *conf)
{
	int rc = take_patterns(cfg, "interfaces", &conf->interfaces);

	if (rc == 0)
		rc = take_patterns(cfg, "trusted", &conf->trusted);
	if (rc == 0)
		rc = take_text(cfg_getstr(cfg, "remote-id"), &conf->remote_id);
	if (rc == 0)
		rc = take_text(cfg_getstr(cfg, "user"), &conf->user);
	if (rc == 0)
		rc = take_text(cfg_getstr(cfg, "control"), &conf->control);
	take_servers(cfg, conf);
	take_source(cfg, conf);
	conf->client_mac = cfg_getbool(cfg, "client-mac");
	conf->interface_id = strcmp(cfg_getstr(cfg, "interface-id"), "name") == 0;
	conf->remote_id_enterprise = (uint32_t)cfg_getint(cfg, "enterprise-number");
	conf->without_address = strcmp(cfg_getstr(cfg, "without-address"),
					without_address_words[RELAY_UNSPECIFIED]) == 0
					? RELAY_UNSPECIFIED
					: RELAY_DROP;
	return rc;
}

static int check_whole(
	const struct relay_conf *conf, const char *name, struct config_problems *problems)
{
	if (conf->interfaces.count == 0)
		config_problem(problems, true, name, 0,
			"no client-facing links: interfaces = {\"vlan*\"} expected");
	if (conf->n_servers == 0)
		config_problem(
			problems, true, name, 0, "no server: server \"2001:db8::547\" {} expected");
	if (conf->remote_id && conf->remote_id_enterprise == 0)
		config_problem(problems, true, name, 0,
			"remote-id needs an enterprise-number beside it (RFC 4649)");
	if (!conf->interface_id && conf->without_address == RELAY_UNSPECIFIED)
		config_problem(problems, true, name, 0,
			"without-address = unspecified needs interface-id = name: with neither, "
			"a reply could not be brought to its link (RFC 9915 section 19.1.1)");
	return problems->errors ? -EINVAL : 0;
}

static int finish(cfg_t *cfg, const char *name, int rc, struct relay_conf **out,
	struct config_problems *problems)
{
	struct relay_conf *conf = rc == 0 ? calloc(1, sizeof(*conf)) : NULL;

	if (rc == 0)
		rc = conf ? take_values(cfg, conf) : -ENOMEM;
	if (rc == 0)
		rc = check_whole(conf, name, problems);
	if (rc == 0)
		*out = conf;
	else
		relay_conf_free(conf);
	cfg_free(cfg);
	return rc;
}

int relay_conf_read(const char *path, struct relay_conf **conf, struct config_problems *problems)
{
	cfg_t *cfg = new_parser();

	if (!cfg)
		return -ENOMEM;
	return finish(cfg, path, config_parse(cfg, path, problems), conf, problems);
}

int relay_conf_read_text(const char *name, const char *text, struct relay_conf **conf,
	struct config_problems *problems)
{
	cfg_t *cfg = new_parser();

	if (!cfg)
		return -ENOMEM;
	return finish(cfg, name, config_parse_text(cfg, name, text, problems), conf, problems);
}

void relay_conf_free(struct relay_conf *conf)
{
	if (!conf)
		return;
	link_patterns_fini(&conf->interfaces);
	link_patterns_fini(&conf->trusted);
	free(conf->remote_id);
	free(conf->user);
	free(conf->control);
	free(conf);
}

int relay_conf_expand(const char *format, const char *host, const char *link, uint8_t *out)
{
	size_t len = 0;

	for (; *format; format++) {
		const char *piece = format;
		size_t n = 1;

		if (*format == '%') {
			switch (*++format) {
			case 'h':
				piece = host;
				n = strlen(host);
				break;
			case 'i':
				piece = link;
				n = strlen(link);
				break;
			case '%':
				break;
			default:
				return -EINVAL;
			}
		}
		if (len + n > RELAY_INTERFACE_ID_MAX)
			return -EINVAL;
		memcpy(out + len, piece, n);
		len += n;
	}
	return len > 0 ? (int)len : -EINVAL;
}
