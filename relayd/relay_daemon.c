/* SPDX-License-Identifier: ISC */
/*
 * The daemon's life, from the bottom of this file up: relay_daemon_main() reads options and
 * configuration; start() opens what needs privileges, drops these, runs the loop until a signal
 * stops it, and closes everything in reverse order. on_reload() and the control socket's command
 * `reload` apply another configuration in between.
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
#include "relayd/servers/server_check.h"
#include "relayd/view/relay_metrics.h"

/* The metrics endpoint is opened at start only. */
static void warn_of_restart(const struct relay_conf *before, const struct relay_conf *now)
{
	if (before->has_metrics != now->has_metrics ||
		(now->has_metrics && memcmp(&before->metrics, &now->metrics, sizeof(now->metrics))))
		log_warning("metrics: the change takes effect at the next restart");
}

/*
 * Read the configuration again and apply it. Returns 0, or -errno with `problems` saying what is
 * wrong; then nothing has changed.
 */
static int reload(void *arg, struct config_problems *problems)
{
	struct relay_daemon *daemon = arg;
	struct relay_conf *conf = NULL;
	int rc = relay_options_read_conf(&daemon->options, &conf, problems);

	config_log_problems(problems);
	if (rc < 0) {
		log_error("reload failed, keeping the running configuration");
		relay_watch_reload(&daemon->relay.watch, problems->text);
		return rc;
	}
	notify_reloading();
	warn_of_restart(daemon->relay.conf, conf);
	rc = relay_reload(&daemon->relay, conf);
	if (rc < 0)
		config_problem(problems, true, "reload", 0, "%s", strerror(-rc));
	if (rc < 0)
		log_error("reload failed, keeping the running configuration: %s", strerror(-rc));
	else
		log_notice("reloaded the configuration");
	relay_watch_reload(&daemon->relay.watch, rc < 0 ? problems->text : NULL);
	notify_ready();
	return rc;
}

static void on_reload(void *arg)
{
	struct config_problems problems = {0};

	reload(arg, &problems);
}

static struct relay_conf *read_conf(const struct relay_options *options)
{
	struct config_problems problems = {0};
	struct relay_conf *conf = NULL;

	relay_options_read_conf(options, &conf, &problems);
	config_log_problems(&problems);
	return conf;
}

/* The relay works without its control socket, so a failure is logged and start-up goes on. */
static void open_control(struct relay_daemon *daemon)
{
	const char *path = daemon->relay.conf->control;
	int rc;

	daemon->commands = (struct relay_control){
		.view = relay_view_of(&daemon->relay),
		.trace = &daemon->relay.trace,
		.reload = reload,
		.reload_arg = daemon,
	};
	if (!*path)
		return;
	rc = control_new(
		&daemon->control, daemon->loop, path, relay_control_commands, &daemon->commands);
	relay_set_control(&daemon->relay, daemon->control);
	if (rc < 0)
		log_error("%s: the control socket cannot be opened: %s", path, strerror(-rc));
}

static void open_metrics(struct relay_daemon *daemon)
{
	const struct relay_conf *conf = daemon->relay.conf;

	if (conf->has_metrics)
		metrics_server_new(&daemon->metrics, daemon->loop, &conf->metrics,
			relay_metrics_fill, &daemon->commands.view);
}

static int drop_privileges(const struct relay_conf *conf)
{
	/* When a VRF is created again, it needs another socket on the port. */
	static const int for_vrfs[] = {CAP_NET_BIND_SERVICE, -1};
	static const int nothing[] = {-1};
	int rc = privileges_drop(conf->user, relay_conf_has_vrf(conf) ? for_vrfs : nothing);

	if (rc == -ENOENT)
		log_error("user: there is no user '%s': create it or change the setting", conf->user);
	else if (rc < 0)
		log_error("cannot drop privileges: %s", strerror(-rc));
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
	relay_set_control(&daemon->relay, NULL);
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

/* -t for a file without errors: warn of what this host would do with it. */
static void check(const struct relay_options *options, struct relay_conf *conf)
{
	struct config_problems problems = {0};

	server_check_routes(conf, options->text ? "command line" : options->file, &problems);
	config_log_problems(&problems);
	relay_conf_free(conf);
}

int relay_daemon_main(int argc, char *argv[])
{
	static struct relay_daemon daemon; /* too large for the stack */
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
			check(&daemon.options, conf);
		else
			status = start(&daemon, conf) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	relay_options_fini(&daemon.options);
	return status;
}
