/* SPDX-License-Identifier: ISC */
/*
 * What the boot server does at each step of a daemon's life (daemon/daemon.h): read and check the
 * configuration, start, reload, stop. daemon_main() calls these functions and does all that both
 * daemons have in common.
 */
#include <errno.h>
#include <stdio.h>

#include "bootd/boot_server.h"
#include "bootd/config/conf_file.h"
#include "bootd/config/host_files.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/paths.h"

struct boot_daemon {
	const char *file;           /* of the configuration */
	struct boot_config *config; /* read and not started with yet; owned */
	struct boot_server server;
	bool is_started;
};

static const char usage[] =
	"usage: netboot6-bootd [-tfqdVh] [-c FILE]\n"
	"  -c, --config FILE  the configuration [" PATH_BOOTD_CONFIG "]\n"
	"  -t, --check        check the configuration and exit; status 78: it is wrong\n"
	"  -f, --foreground   log to stderr, also if that is no terminal\n"
	"  -q, --quiet        log no line for each message and file\n"
	"  -d, --debug        log more\n"
	"      --no-sandbox   allow all system calls\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n";

static int read_config(void *arg, struct daemon_options *options, struct config_problems *problems)
{
	struct boot_daemon *daemon = arg;

	daemon->file = options->config;
	return conf_file_load(daemon->file, &daemon->config, problems);
}

static int check(void *arg, struct config_problems *problems)
{
	const struct boot_config *config = ((struct boot_daemon *)arg)->config;
	int rc = conf_check_files(config, problems);

	conf_check_links(config, problems);
	if (rc == 0)
		rc = conf_check_tls(config, problems);
	return rc < 0 ? rc : host_directory_check(config, problems);
}

static const struct boot_config *config_of(const struct boot_daemon *daemon)
{
	return daemon->is_started ? daemon->server.parts.config : daemon->config;
}

static const struct daemon_settings *settings_of(void *arg)
{
	return &config_of(arg)->settings;
}

static const char *user_of(void *arg)
{
	return config_of(arg)->user;
}

/* Nothing that needs a privilege is opened after the start. */
static const int *capabilities_of(void *arg)
{
	static const int nothing[] = {-1};

	(void)arg;
	return nothing;
}

static int start(void *arg, struct loop *loop)
{
	struct boot_daemon *daemon = arg;
	struct boot_config *config = daemon->config;
	struct config_problems problems = {0};
	int rc;

	daemon->config = NULL;
	conf_check_files(config, &problems);
	config_log_problems(&problems);
	rc = boot_server_init(&daemon->server, loop, daemon->file, config);
	daemon->is_started = rc == 0;
	return rc;
}

static void summary(void *arg, char text[DAEMON_SUMMARY])
{
	const struct boot_daemon *daemon = arg;
	const struct boot_config *config = config_of(daemon);
	int n = snprintf(text, DAEMON_SUMMARY, "%zu subnet%s, %zu host%s, %zu boot rule%s",
		config->subnets, config->subnets == 1 ? "" : "s", boot_config_hosts(config),
		boot_config_hosts(config) == 1 ? "" : "s", config->rules,
		config->rules == 1 ? "" : "s");

	if (daemon->is_started && daemon->server.exchange.leases.store)
		snprintf(text + n, DAEMON_SUMMARY - (size_t)n, ", %zu leases",
			binding_table_leases(&daemon->server.exchange.bindings));
}

static void reloaded(void *arg, int rc, const struct config_problems *problems)
{
	(void)arg;
	(void)problems;
	if (rc != -ECANCELED) /* the daemon stops */
		daemon_reloaded();
}

static void reload(void *arg)
{
	boot_server_reload(&((struct boot_daemon *)arg)->server, reloaded, arg);
}

static void stop(void *arg)
{
	struct boot_daemon *daemon = arg;

	if (daemon->is_started)
		boot_server_fini(&daemon->server);
	boot_config_free(daemon->config);
}

int boot_daemon_main(int argc, char *argv[])
{
	static const struct daemon_ops ops = {
		.name = "netboot6-bootd",
		.usage = usage,
		.config = PATH_BOOTD_CONFIG,
		.letters = "",
		.read = read_config,
		.check = check,
		.settings = settings_of,
		.user = user_of,
		.start = start,
		.capabilities = capabilities_of,
		.summary = summary,
		.reload = reload,
		.stop = stop,
	};
	static struct boot_daemon daemon; /* large, and there is one */

	return daemon_main(&ops, &daemon, argc, argv);
}
