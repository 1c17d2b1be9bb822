/* SPDX-License-Identifier: ISC */
/*
 * netboot6-bootd: options, then configuration, sockets, privileges, loop.
 */
#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/boot_server.h"
#include "bootd/conf_file.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"

struct options {
	const char *config;
	bool test, foreground, debug, version;
};

static const char usage[] = "usage: netboot6-bootd [-dftV] [-c FILE]\n"
			    "  -c FILE  configuration [" SYSCONFDIR "/netboot6/bootd.conf]\n"
			    "  -t       check the configuration and exit (78: it is wrong)\n"
			    "  -f       stay in the foreground, log to stderr\n"
			    "  -d       debug: log more\n"
			    "  -V       print the version and exit\n";

static int read_options(int argc, char *argv[], struct options *options)
{
	int c;

	*options = (struct options){.config = SYSCONFDIR "/netboot6/bootd.conf"};
	while ((c = getopt(argc, argv, "c:tfdV")) != -1) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case 't':
			options->test = true;
			break;
		case 'f':
			options->foreground = true;
			break;
		case 'd':
			options->debug = true;
			break;
		case 'V':
			options->version = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

static void reload(void *arg)
{
	struct config_problems problems = {0};

	notify_reloading();
	boot_server_reload(arg, &problems);
	notify_ready();
}

/* Nothing that needs a privilege is opened after the start. */
static int give_up_privileges(const struct boot_config *config)
{
	static const int keep[] = {-1};
	int rc = privileges_drop(config->user, keep);

	if (rc < 0)
		log_error("privileges cannot be dropped%s%s: %s", config->user ? " to user " : "",
			config->user ? config->user : "", strerror(-rc));
	return rc;
}

static int serve(const struct options *options, struct loop *loop, struct boot_config *config)
{
	struct boot_server server;
	int rc = boot_server_init(&server, loop, options->config, config);

	if (rc < 0)
		return rc;
	rc = give_up_privileges(server.config);
	if (rc == 0)
		rc = loop_handle_signals(loop, reload, &server);
	if (rc == 0) {
		log_notice("ready: %zu subnets, %zu hosts, %zu boot rules", server.config->subnets,
			server.config->hosts.hosts, server.config->rules);
		notify_ready();
		rc = loop_run(loop);
		notify_stopping();
	}
	boot_server_fini(&server);
	return rc;
}

int main(int argc, char *argv[])
{
	struct config_problems problems = {0};
	struct boot_config *config;
	struct options options;
	struct loop *loop;
	int rc;

	if (read_options(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	if (options.version) {
		puts("netboot6-bootd " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	log_open("netboot6-bootd",
		options.test || options.foreground ? log_target_of_stderr() : LOG_TO_SYSLOG,
		options.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	rc = conf_file_load(options.config, &config, &problems);
	config_log_problems(&problems);
	if (rc < 0 || options.test) {
		boot_config_free(config);
		return rc < 0 ? CONFIG_EXIT_BAD : EXIT_SUCCESS;
	}
	loop = options.foreground || daemon(1, 0) == 0 ? loop_new() : NULL;
	if (!loop) {
		boot_config_free(config);
		return EXIT_FAILURE;
	}
	rc = serve(&options, loop, config);
	loop_free(loop);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
