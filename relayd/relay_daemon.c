/* SPDX-License-Identifier: ISC */
/* What the relay does at each step of a daemon's life (daemon/daemon.h). */
#include "relayd/relay_daemon.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "http/metrics_server.h"
#include "relayd/host_check.h"
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
static int reload_conf(void *arg, struct config_problems *problems)
{
	struct relay_daemon *daemon = arg;
	struct relay_conf *conf = NULL;
	int rc = relay_options_read_conf(&daemon->options, daemon->file, &conf, problems);

	if (rc == 0) {
		warn_of_restart(daemon->relay.conf, conf);
		rc = relay_reload(&daemon->relay, conf);
		if (rc < 0)
			config_problem(problems, true, daemon->file, 0, "%s", strerror(-rc));
	}
	config_log_problems(problems);
	if (rc < 0) {
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.event = LOG_EVENT_RELOAD_FAILED},
			"%s: reload failed, keeping the running configuration", daemon->file);
	} else {
		daemon_apply_settings(&conf->settings);
		log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.event = LOG_EVENT_RELOADED},
			"%s: reloaded", daemon->file);
	}
	daemon->commands.view.last_reload_failed = rc < 0;
	relay_watch_reload(&daemon->relay.watch, rc < 0 ? problems->text : NULL);
	return rc;
}

static int open_control(struct relay_daemon *daemon)
{
	const char *path = daemon->relay.conf->control;
	int rc;

	daemon->commands = (struct relay_control){
		.view = relay_view_of(&daemon->relay),
		.trace = &daemon->relay.trace,
		.prefixes = &daemon->relay.prefixes,
		.reload = reload_conf,
		.reload_arg = daemon,
	};
	if (!*path)
		return 0;
	rc = control_open(
		&daemon->control, daemon->loop, path, relay_control_commands, &daemon->commands);
	relay_set_control(&daemon->relay, daemon->control);
	return rc;
}

static void open_metrics(struct relay_daemon *daemon)
{
	const struct relay_conf *conf = daemon->relay.conf;

	const struct metrics_endpoint at = {.listen = conf->metrics,
		.name = (const char *const *)conf->metrics_name,
		.names = conf->metrics_names};

	if (conf->has_metrics)
		metrics_server_new(&daemon->metrics, daemon->loop, &at, relay_metrics_fill,
			&daemon->commands.view);
}

/* --- for the life of a daemon ------------------------------------------------------------- */

static int read_option(void *arg, int option)
{
	struct relay_daemon *daemon = arg;

	return relay_options_read(&daemon->options, option);
}

static int read_conf(void *arg, struct daemon_options *options, struct config_problems *problems)
{
	struct relay_daemon *daemon = arg;

	if (daemon->options.text && strcmp(options->config, RELAY_OPTIONS_FILE) != 0) {
		config_problem(problems, true, "command line", 0,
			"-c cannot be combined with -i or -s; expected either");
		return -EINVAL;
	}
	if (daemon->options.text)
		options->config = "command line";
	daemon->file = options->config;
	return relay_options_read_conf(&daemon->options, daemon->file, &daemon->conf, problems);
}

/* -t for a file without errors: warn of what this host would do with it. */
static int check(void *arg, struct config_problems *problems)
{
	struct relay_daemon *daemon = arg;

	host_check(daemon->conf, daemon->file, problems);
	return 0;
}

static const struct daemon_settings *settings_of(void *arg)
{
	return &((struct relay_daemon *)arg)->conf->settings;
}

static const char *user_of(void *arg)
{
	return ((struct relay_daemon *)arg)->relay.conf->user;
}

/* A VRF that is created later, or again, needs another socket on the port. */
static bool has_vrf(const struct relay *relay)
{
	for (const struct link *l = link_table_first(&relay->table); l;
		l = link_table_next(&relay->table, l))
		if (link_is_vrf(l))
			return true;
	return relay_conf_has_vrf(relay->conf);
}

static const int *capabilities_of(void *arg)
{
	static const int for_vrfs[] = {CAP_NET_BIND_SERVICE, -1};
	static const int for_routes[] = {CAP_NET_ADMIN, -1};
	static const int for_both[] = {CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, -1};
	static const int nothing[] = {-1};
	const struct relay *relay = &((struct relay_daemon *)arg)->relay;

	if (relay->prefixes.is_enabled)
		return has_vrf(relay) ? for_both : for_routes;
	return has_vrf(relay) ? for_vrfs : nothing;
}

static int start(void *arg, struct loop *loop)
{
	struct relay_daemon *daemon = arg;
	struct relay_conf *conf = daemon->conf;
	int rc;

	daemon->loop = loop;
	daemon->conf = NULL;
	rc = relay_init(&daemon->relay, conf, daemon->options.mac_method);
	if (rc < 0)
		return rc;
	daemon->is_started = true;
	rc = relay_start(&daemon->relay, loop);
	if (rc < 0)
		return rc;
	rc = open_control(daemon);
	if (rc == 0)
		open_metrics(daemon);
	return rc;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void summary(void *arg, char text[DAEMON_SUMMARY])
{
	const struct relay_daemon *daemon = arg;
	const struct relay *relay = &daemon->relay;

	if (daemon->is_started)
		snprintf(text, DAEMON_SUMMARY, "%zu of %zu client link%s ready, %zu server%s",
			client_links_count(&relay->links, CLIENT_LINK_READY),
			relay->links.registry.count, plural(relay->links.registry.count),
			relay->paths.list.count, plural(relay->paths.list.count));
	else
		snprintf(text, DAEMON_SUMMARY, "%zu link pattern%s, %zu server%s",
			daemon->conf->interfaces.count, plural(daemon->conf->interfaces.count),
			daemon->conf->n_servers, plural(daemon->conf->n_servers));
}

static void reload(void *arg)
{
	struct config_problems problems = {0};

	reload_conf(arg, &problems);
	daemon_reloaded();
}

static void stop(void *arg)
{
	struct relay_daemon *daemon = arg;

	metrics_server_free(daemon->metrics);
	relay_set_control(&daemon->relay, NULL);
	control_free(daemon->control);
	if (daemon->is_started)
		relay_fini(&daemon->relay);
	relay_conf_free(daemon->conf);
	relay_options_fini(&daemon->options);
}

int relay_daemon_main(int argc, char *argv[])
{
	static const struct daemon_ops ops = {
		.name = "netboot6-relayd",
		.usage = relay_options_usage,
		.config = RELAY_OPTIONS_FILE,
		.options = relay_options_long,
		.letters = relay_options_letters,
		.option = read_option,
		.read = read_conf,
		.check = check,
		.settings = settings_of,
		.user = user_of,
		.start = start,
		.capabilities = capabilities_of,
		.summary = summary,
		.reload = reload,
		.stop = stop,
	};
	static struct relay_daemon daemon; /* large, and there is one */

	daemon.options.mac_method = CLIENT_MAC_EBPF;
	return daemon_main(&ops, &daemon, argc, argv);
}
