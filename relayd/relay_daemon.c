/* SPDX-License-Identifier: ISC */
/*
 * Start-up reads as a list: options, configuration, sockets, privileges,
 * loop. Shutdown undoes it once, in reverse.
 */
#include "relayd/relay_daemon.h"

#include <config.h>

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics_server.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "relayd/view/relay_control.h"
#include "relayd/view/relay_metrics.h"

/* Where it is asked for metrics is not changed while it runs. */
static void warn_of_restart(const struct relay_conf *now, const struct relay_conf *then)
{
	if (now->has_metrics != then->has_metrics ||
		(now->has_metrics && memcmp(&now->metrics, &then->metrics, sizeof(now->metrics))))
		log_warning("metrics: takes effect at a restart only");
}

int relay_daemon_reload(struct relay_daemon *daemon, struct config_problems *problems)
{
	struct relay_conf *conf = NULL;
	int rc = relay_options_read_conf(&daemon->options, &conf, problems);

	config_log_problems(problems);
	if (rc < 0) {
		log_error("reload: the configuration is bad: going on with the one before");
		relay_watch_reload(&daemon->relay.watch, problems->text);
		return rc;
	}
	notify_reloading();
	warn_of_restart(daemon->relay.conf, conf);
	relay_reload(&daemon->relay, conf);
	log_notice("configuration read again");
	relay_watch_reload(&daemon->relay.watch, NULL);
	notify_ready();
	return 0;
}

static void on_reload(void *arg)
{
	struct config_problems problems = {0};

	relay_daemon_reload(arg, &problems);
}

static struct relay_conf *read_conf(const struct relay_options *options)
{
	struct config_problems problems = {0};
	struct relay_conf *conf = NULL;

	relay_options_read_conf(options, &conf, &problems);
	config_log_problems(&problems);
	return conf;
}

/* A relay that cannot be asked still relays: the socket is worth an error, not the start. */
static void open_control(struct relay_daemon *daemon)
{
	const char *path = daemon->relay.conf->control;
	int rc;

	if (!*path)
		return;
	rc = control_new(&daemon->control, daemon->loop, path, relay_control_commands, daemon);
	daemon->relay.watch.control = daemon->control;
	if (rc < 0)
		log_error("%s: the control socket cannot be opened: %s", path, strerror(-rc));
}

static void open_metrics(struct relay_daemon *daemon)
{
	const struct relay_conf *conf = daemon->relay.conf;

	if (conf->has_metrics)
		metrics_server_new(&daemon->metrics, daemon->loop, &conf->metrics,
			relay_metrics_fill, &daemon->relay);
}

static int drop_privileges(const struct relay_conf *conf)
{
	/* A VRF that is made anew needs a socket on the port again. */
	static const int for_vrfs[] = {CAP_NET_BIND_SERVICE, -1};
	static const int nothing[] = {-1};
	int rc = privileges_drop(conf->user, relay_conf_has_vrf(conf) ? for_vrfs : nothing);

	if (rc == -ENOENT)
		log_error("there is no user '%s': make it, or change 'user'", conf->user);
	else if (rc < 0)
		log_error("privileges cannot be given up: %s", strerror(-rc));
	return rc;
}

static int run(struct relay_daemon *daemon)
{
	int rc = relay_start(&daemon->relay, daemon->loop);

	if (rc == 0)
		rc = loop_handle_signals(daemon->loop, on_reload, daemon);
	if (rc < 0)
		return rc;
	open_control(daemon);
	open_metrics(daemon);
	rc = drop_privileges(daemon->relay.conf);
	if (rc < 0)
		return rc;
	if (!daemon->options.no_sandbox)
		sandbox_enter_or_tell();
	log_notice("relaying: %zu of %zu client links ready, %zu servers",
		client_links_count(&daemon->relay.links, CLIENT_LINK_READY),
		daemon->relay.links.registry.count, daemon->relay.paths.list.count);
	log_started();
	notify_ready();
	rc = loop_run(daemon->loop);
	notify_stopping();
	return rc;
}

static int start(struct relay_daemon *daemon, struct relay_conf *conf)
{
	int rc = relay_init(&daemon->relay, conf, daemon->options.mac_method);

	if (rc < 0)
		return rc;
	daemon->loop = loop_new();
	rc = daemon->loop ? run(daemon) : -ENOMEM;
	metrics_server_free(daemon->metrics);
	daemon->relay.watch.control = NULL;
	control_free(daemon->control);
	relay_fini(&daemon->relay);
	loop_free(daemon->loop);
	return rc;
}

static void open_log(const struct relay_options *options)
{
	enum log_target target = log_target_of_stderr();

	if (target == LOG_TO_STDERR && !options->foreground && !options->check && !isatty(2))
		target = LOG_TO_SYSLOG;
	log_open("netboot6-relayd", target, options->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
}

int relay_daemon_main(int argc, char *argv[])
{
	static struct relay_daemon daemon; /* large, and there is one */
	struct relay_conf *conf;
	int status = EXIT_SUCCESS;

	if (relay_options_parse(&daemon.options, argc, argv) < 0)
		return EXIT_FAILURE;
	open_log(&daemon.options);
	if (daemon.options.help) {
		relay_options_help();
	} else if (daemon.options.version) {
		printf("netboot6-relayd %s\n", PACKAGE_VERSION);
	} else {
		conf = read_conf(&daemon.options);
		if (!conf)
			status = CONFIG_EXIT_BAD;
		else if (daemon.options.check)
			relay_conf_free(conf);
		else
			status = start(&daemon, conf) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	relay_options_fini(&daemon.options);
	return status;
}
