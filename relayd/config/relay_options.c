/* SPDX-License-Identifier: ISC */
/*
 * The command line. -i and -s make the text of a small configuration, which is then read like a
 * file: with the same checks and messages.
 */
#include "relayd/config/relay_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relayd/config/relay_conf_read.h"

#define DEFAULT_FILE SYSCONFDIR "/netboot6/relayd.conf"

enum { OPTION_CLIENT_MAC_BY = 256, OPTION_CONTROL, OPTION_NO_SANDBOX };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, 't'},
	{"foreground", no_argument, NULL, 'f'},
	{"debug", no_argument, NULL, 'd'},
	{"interface", required_argument, NULL, 'i'},
	{"server", required_argument, NULL, 's'},
	{"client-mac-by", required_argument, NULL, OPTION_CLIENT_MAC_BY},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

void relay_options_help(void)
{
	printf("usage: netboot6-relayd [-c FILE] [-tfd]\n"
	       "       netboot6-relayd -i PATTERN... -s SERVER... [-tfd]\n"
	       "\n"
	       "  -c, --config FILE       configuration [%s]\n"
	       "  -i, --interface PATTERN client-facing links: \"vlan*\"; not this one: \"!vlan99\"\n"
	       "  -s, --server SERVER     a DHCPv6 server, by address or DNS name\n"
	       "  -t, --check             check the configuration and exit (%d if it is bad)\n"
	       "  -f, --foreground        log to stderr even if it is no terminal\n"
	       "  -d, --debug             log more\n"
	       "      --client-mac-by WAY ebpf (with packet-socket as fallback), packet-socket\n"
	       "      --control PATH      the control socket\n"
	       "      --no-sandbox        do not restrict system calls\n"
	       "  -V, --version\n"
	       "  -h, --help\n",
		DEFAULT_FILE, CONFIG_EXIT_BAD);
}

/* Append `before`, the value and `after` to the text that -i and -s make. */
static int add_text(
	struct relay_options *options, const char *before, const char *value, const char *after)
{
	char *text;

	if (strpbrk(value, "\"\\\n${}")) {
		fprintf(stderr, "netboot6-relayd: '%s' is neither the name of a link nor a server\n", value);
		return -EINVAL;
	}
	if (asprintf(&text, "%s%s%s%s", options->text ? options->text : "", before, value, after) <
		0)
		return -ENOMEM;
	free(options->text);
	options->text = text;
	return 0;
}

static int take_mac_way(struct relay_options *options, const char *word)
{
	for (enum client_mac_method way = CLIENT_MAC_EBPF; way <= CLIENT_MAC_PACKET; way++) {
		if (strcmp(word, client_mac_method_name(way)) == 0) {
			options->mac_method = way;
			return 0;
		}
	}
	fprintf(stderr, "netboot6-relayd: --client-mac-by: '%s' found, %s or %s expected\n", word,
		client_mac_method_name(CLIENT_MAC_EBPF), client_mac_method_name(CLIENT_MAC_PACKET));
	return -EINVAL;
}

static int apply_option(struct relay_options *options, int option)
{
	switch (option) {
	case 'c':
		options->file = optarg;
		return 0;
	case 't':
		options->check = true;
		return 0;
	case 'd':
		options->debug = true;
		return 0;
	case 'f':
		options->foreground = true;
		return 0;
	case 'i':
		return add_text(options, "interfaces += {\"", optarg, "\"}\n");
	case 's':
		return add_text(options, "server \"", optarg, "\" {}\n");
	case OPTION_CLIENT_MAC_BY:
		return take_mac_way(options, optarg);
	case OPTION_CONTROL:
		options->control = optarg;
		return 0;
	case OPTION_NO_SANDBOX:
		options->no_sandbox = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	default:
		return -EINVAL; /* getopt has printed the reason */
	}
}

int relay_options_parse(struct relay_options *options, int argc, char *argv[])
{
	int option, rc = 0;

	*options = (struct relay_options){.mac_method = CLIENT_MAC_EBPF};
	while (rc == 0 &&
		(option = getopt_long(argc, argv, "c:tfdi:s:Vh", long_options, NULL)) != -1)
		rc = apply_option(options, option);
	if (rc == 0 && optind < argc) {
		fprintf(stderr, "netboot6-relayd: unexpected argument '%s'; see --help\n", argv[optind]);
		rc = -EINVAL;
	}
	if (rc == 0 && options->file && options->text) {
		fprintf(stderr, "netboot6-relayd: -c cannot be combined with -i or -s\n");
		rc = -EINVAL;
	}
	if (!options->file)
		options->file = DEFAULT_FILE;
	if (rc < 0)
		relay_options_fini(options);
	return rc;
}

void relay_options_fini(struct relay_options *options)
{
	free(options->text);
	options->text = NULL;
}

int relay_options_read_conf(const struct relay_options *options, struct relay_conf **conf,
	struct config_problems *problems)
{
	int rc = options->text ? relay_conf_read_text("command line", options->text, conf, problems)
			       : relay_conf_read(options->file, conf, problems);
	char *control;

	if (rc < 0 || !options->control)
		return rc;
	control = strdup(options->control);
	if (!control) {
		relay_conf_free(*conf);
		return -ENOMEM;
	}
	free((*conf)->control);
	(*conf)->control = control;
	return 0;
}
