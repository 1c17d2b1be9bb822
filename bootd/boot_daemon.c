/* SPDX-License-Identifier: ISC */
/*
 * Options, then configuration, sockets, privileges, loop: in this order, so that -t
 * needs no privilege and nothing is opened for a bad file.
 */
#include <config.h>

#include "bootd/boot_daemon.h"

#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/boot_server.h"
#include "bootd/config/conf_file.h"
#include "bootd/config/host_directory.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"

struct options {
	const char *config;
	bool test, foreground, quiet, debug, no_sandbox, version, help;
};

static const char usage[] =
	"usage: netboot6-bootd [-tfqdVh] [-c FILE]\n"
	"  -c, --config FILE  the configuration [" SYSCONFDIR "/netboot6/bootd.conf]\n"
	"  -t, --check        check the configuration and exit: 78 where it is wrong\n"
	"  -f, --foreground   log to stderr, also where that is no terminal\n"
	"  -q, --quiet        log no line for each message and file\n"
	"  -d, --debug        log more\n"
	"      --no-sandbox   allow all system calls\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n";

static int read_options(int argc, char *argv[], struct options *options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 't'},
		{"foreground", no_argument, NULL, 'f'},
		{"quiet", no_argument, NULL, 'q'},
		{"debug", no_argument, NULL, 'd'},
		{"no-sandbox", no_argument, NULL, 'n'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*options = (struct options){.config = SYSCONFDIR "/netboot6/bootd.conf"};
	while ((c = getopt_long(argc, argv, "c:tfqdVh", known, NULL)) != -1) {
		options->test |= c == 't';
		options->foreground |= c == 'f';
		options->quiet |= c == 'q';
		options->debug |= c == 'd';
		options->no_sandbox |= c == 'n';
		options->version |= c == 'V';
		options->help |= c == 'h';
		if (c == 'c')
			options->config = optarg;
		if (c == '?')
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

static void open_log(const struct options *options)
{
	enum log_target target = log_target_of_stderr();

	if (target == LOG_TO_STDERR && !options->foreground && !options->test && !isatty(2))
		target = LOG_TO_SYSLOG;
	log_open("netboot6-bootd", target,
		options->debug   ? LOG_LEVEL_DEBUG
		: options->quiet ? LOG_LEVEL_NOTICE
				 : LOG_LEVEL_INFO);
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
	rc = give_up_privileges(server.parts.config);
	if (rc == 0)
		rc = loop_handle_signals(loop, reload, &server);
	if (rc == 0 && !options->no_sandbox)
		sandbox_enter_or_tell();
	if (rc == 0) {
		log_notice("ready: %zu subnets, %zu hosts, %zu boot rules",
			server.parts.config->subnets, boot_config_hosts(server.parts.config),
			server.parts.config->rules);
		log_started();
		notify_ready();
		rc = loop_run(loop);
		notify_stopping();
	}
	boot_server_fini(&server);
	return rc;
}

int boot_daemon_main(int argc, char *argv[])
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
	if (options.version || options.help) {
		fputs(options.help ? usage : "netboot6-bootd " PACKAGE_VERSION "\n", stdout);
		return EXIT_SUCCESS;
	}
	open_log(&options);
	rc = conf_file_load(options.config, &config, &problems);
	config_log_problems(&problems);
	if (rc == 0 && options.test)
		rc = host_directory_check(config);
	if (rc < 0 || options.test) {
		boot_config_free(config);
		return rc < 0 ? CONFIG_EXIT_BAD : EXIT_SUCCESS;
	}
	loop = loop_new();
	if (!loop) {
		boot_config_free(config);
		return EXIT_FAILURE;
	}
	rc = serve(&options, loop, config);
	loop_free(loop);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
