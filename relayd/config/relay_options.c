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

enum { OPTION_CLIENT_MAC_BY = 256, OPTION_CONTROL };

const struct option relay_options_long[] = {
	{"interface", required_argument, NULL, 'i'},
	{"server", required_argument, NULL, 's'},
	{"client-mac-by", required_argument, NULL, OPTION_CLIENT_MAC_BY},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{NULL, 0, NULL, 0},
};

const char relay_options_letters[] = "i:s:";

const char relay_options_usage[] =
	"usage: netboot6-relayd [-c FILE] [-tfqd]\n"
	"       netboot6-relayd -i PATTERN... -s SERVER... [-tfqd]\n"
	"\n"
	"  -c, --config FILE       configuration [" RELAY_OPTIONS_FILE "]\n"
	"  -i, --interface PATTERN client-facing links, \"vlan*\"; \"!vlan99\" excepts one\n"
	"  -s, --server SERVER     a DHCPv6 server: its address, or its name in DNS\n"
	"  -t, --check             check the configuration and exit; status 78: it is wrong\n"
	"  -f, --foreground        log to stderr\n"
	"  -q, --quiet             log notices, warnings and errors only\n"
	"  -d, --debug             log more\n"
	"      --client-mac-by METHOD  ebpf (with packet-socket as fallback), packet-socket\n"
	"      --control PATH      the control socket\n"
	"      --no-sandbox        allow all system calls\n"
	"  -V, --version           print the version\n"
	"  -h, --help              print this\n";

/* Append `before`, the value and `after` to the text that -i and -s make. */
static int add_text(
	struct relay_options *options, const char *before, const char *value, const char *after)
{
	char *text;

	if (strpbrk(value, "\"\\\n${}")) {
		fprintf(stderr, "netboot6-relayd: \"%s\" is neither the name of a link nor a server\n", value);
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
	fprintf(stderr, "netboot6-relayd: --client-mac-by: \"%s\" found, %s or %s expected\n", word,
		client_mac_method_name(CLIENT_MAC_EBPF), client_mac_method_name(CLIENT_MAC_PACKET));
	return -EINVAL;
}

int relay_options_read(struct relay_options *options, int option)
{
	switch (option) {
	case 'i':
		return add_text(options, "interfaces += {\"", optarg, "\"}\n");
	case 's':
		return add_text(options, "server \"", optarg, "\" {}\n");
	case OPTION_CLIENT_MAC_BY:
		return take_mac_way(options, optarg);
	case OPTION_CONTROL:
		options->control = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

void relay_options_fini(struct relay_options *options)
{
	free(options->text);
	options->text = NULL;
}

int relay_options_read_conf(const struct relay_options *options, const char *file,
	struct relay_conf **conf, struct config_problems *problems)
{
	int rc = options->text ? relay_conf_read_text("command line", options->text, conf, problems)
			       : relay_conf_read(file, conf, problems);
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
