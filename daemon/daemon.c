/* SPDX-License-Identifier: ISC */
#include "daemon/daemon.h"

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "util/nearest.h"

enum {
	DESCRIPTORS_MAX = 65536,
	STATUS_MS = 10 * 1000,
	OPTIONS_MAX = 32,
	OPTION_NO_SANDBOX = 1000, /* above the daemons' own */
};

/* Of the process. The command line is static for daemon_apply_settings(). */
static struct daemon_options options;

struct daemon {
	const struct daemon_ops *ops;
	void *arg;
	struct loop *loop;
	struct loop_timer *status, *watchdog;
	char shown[DAEMON_SUMMARY]; /* the status that systemd has */
};

/* --- options ------------------------------------------------------------------------------ */

static const struct option common[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, 't'},
	{"foreground", no_argument, NULL, 'f'},
	{"quiet", no_argument, NULL, 'q'},
	{"debug", no_argument, NULL, 'd'},
	{"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
};

enum { COMMON = sizeof(common) / sizeof(common[0]) };

static void add_options(const struct daemon_ops *ops, struct option all[OPTIONS_MAX])
{
	size_t n = COMMON;

	memcpy(all, common, sizeof(common));
	for (const struct option *own = ops->options; own && own->name && n + 1 < OPTIONS_MAX; own++)
		all[n++] = *own;
	all[n] = (struct option){0};
}

/* What getopt_long() found wrong with `word`. Returns what to exit with. */
static int refuse_option(
	const struct daemon_ops *ops, const struct option *all, int found, const char *word)
{
	char name[64];
	struct nearest nearest = {.wanted = name};

	if (found == ':') {
		fprintf(stderr, "%s: %s: expected a value\n", ops->name, word);
		return CONFIG_EXIT_BAD;
	}
	if (strncmp(word, "--", 2) == 0) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
		for (; all->name; all++)
			nearest_offer(&nearest, all->name);
		fprintf(stderr, "%s: unknown option \"%s\"", ops->name, word);
	} else {
		fprintf(stderr, "%s: unknown option \"-%c\"", ops->name, optopt);
	}
	if (nearest.name)
		fprintf(stderr, "; did you mean \"--%s\"?", nearest.name);
	fprintf(stderr, "\n%s --help shows the options\n", ops->name);
	return CONFIG_EXIT_BAD;
}

/* Returns -1 to go on, or what to exit with. */
static int read_options(const struct daemon_ops *ops, void *arg, int argc, char *argv[])
{
	struct option all[OPTIONS_MAX];
	char letters[64];
	int c;

	options = (struct daemon_options){.config = ops->config};
	add_options(ops, all);
	snprintf(letters, sizeof(letters), ":c:tfqdVh%s", ops->letters);
	opterr = 0; /* refuse_option() knows the nearest name */
	while ((c = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.config = optarg;
			break;
		case 't':
			options.check = true;
			break;
		case 'f':
			options.foreground = true;
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'd':
			options.debug = true;
			break;
		case OPTION_NO_SANDBOX:
			options.no_sandbox = true;
			break;
		case 'V':
			printf("%s %s\n", ops->name, PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(ops->usage, stdout);
			return EXIT_SUCCESS;
		case '?':
		case ':':
			return refuse_option(ops, all, c, argv[optind - 1]);
		default:
			if (ops->option(arg, c) < 0)
				return CONFIG_EXIT_BAD;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "%s: \"%s\" was not expected; %s --help shows the options\n", ops->name,
		argv[optind], ops->name);
	return CONFIG_EXIT_BAD;
}

/* --- the log -------------------------------------------------------------------------------- */

static void open_log(const struct daemon_ops *ops)
{
	enum log_target target = log_target_of_stderr();

	if (target == LOG_TO_STDERR && !options.foreground && !options.check && !isatty(2))
		target = LOG_TO_SYSLOG;
	log_open(ops->name, target, LOG_LEVEL_INFO);
	daemon_apply_settings(&(struct daemon_settings){0});
}

void daemon_apply_settings(const struct daemon_settings *settings)
{
	bool is_given = options.debug || options.quiet;
	bool debug = is_given ? options.debug : settings->debug;
	bool quiet = is_given ? options.quiet : settings->quiet;

	log_set_level(debug ? LOG_LEVEL_DEBUG : quiet ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO);
	log_set_format(settings->log_format);
}

/* --- start ---------------------------------------------------------------------------------- */

unsigned daemon_raise_descriptors(unsigned max)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	if (limit.rlim_cur < limit.rlim_max && limit.rlim_cur < max) {
		limit.rlim_cur = limit.rlim_max < max ? limit.rlim_max : max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur < max ? (unsigned)limit.rlim_cur : max;
}

static int drop_privileges(const struct daemon *daemon)
{
	const char *user = daemon->ops->user(daemon->arg);
	int rc = privileges_drop(user, daemon->ops->capabilities(daemon->arg));

	if (rc == -ENOENT)
		log_error("user: there is no user \"%s\"; create it, or change the setting", user);
	else if (rc == -EPERM && user && geteuid() != 0)
		log_error("user: only root can become \"%s\"; remove the setting, or start as root",
			user);
	else if (rc < 0)
		log_error("privileges cannot be dropped: %s", strerror(-rc));
	return rc;
}

static void reload(void *arg)
{
	struct daemon *daemon = arg;

	notify_reloading();
	daemon->ops->reload(daemon->arg);
}

void daemon_reloaded(void)
{
	notify_ready();
}

/* Every ten seconds, if it has changed: `systemctl status` shows it. */
static void report_status(void *arg)
{
	struct daemon *daemon = arg;
	char text[DAEMON_SUMMARY] = "";

	log_flush();
	daemon->ops->summary(daemon->arg, text);
	if (strcmp(text, daemon->shown) != 0) {
		strcpy(daemon->shown, text);
		notify_status("%s", text);
	}
	loop_timer_arm(daemon->status, STATUS_MS);
}

/* It comes from the loop: a loop that hangs in a callback does not call it. */
static void feed_watchdog(void *arg)
{
	struct daemon *daemon = arg;

	notify_watchdog();
	loop_timer_arm(daemon->watchdog, notify_watchdog_ms() / 2);
}

static int start_timers(struct daemon *daemon)
{
	daemon->status = loop_timer_new(daemon->loop, report_status, daemon);
	daemon->watchdog = loop_timer_new(daemon->loop, feed_watchdog, daemon);
	if (!daemon->status || !daemon->watchdog)
		return -ENOMEM;
	report_status(daemon);
	if (notify_watchdog_ms() > 0)
		feed_watchdog(daemon);
	return 0;
}

static int serve(struct daemon *daemon)
{
	int rc = daemon->ops->start(daemon->arg, daemon->loop);

	if (rc == 0)
		rc = loop_handle_signals(daemon->loop, reload, daemon);
	if (rc == 0)
		rc = drop_privileges(daemon);
	if (rc == 0)
		rc = start_timers(daemon);
	if (rc < 0)
		return rc;
	if (!options.no_sandbox)
		sandbox_enter_or_tell();
	log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.event = LOG_EVENT_READY}, "ready: %s",
		daemon->shown);
	log_started();
	notify_ready();
	rc = loop_run(daemon->loop);
	notify_stopping();
	return rc;
}

static void log_start_failed(const char *why)
{
	log_with(LOG_LEVEL_ERROR, &(struct log_fields){.event = LOG_EVENT_START_FAILED},
		"not started: %s", why);
}

static int run(struct daemon *daemon)
{
	int rc = -ENOMEM;

	daemon_raise_descriptors(DESCRIPTORS_MAX);
	daemon->loop = loop_new();
	if (daemon->loop)
		rc = serve(daemon);
	loop_timer_free(daemon->status);
	loop_timer_free(daemon->watchdog);
	if (rc < 0)
		/* A configuration that is wrong has been reported line by line. */
		log_start_failed(rc == -EINVAL ? "the configuration is wrong" : strerror(-rc));
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check(const struct daemon *daemon, const struct config_problems *problems)
{
	char text[DAEMON_SUMMARY] = "";

	daemon->ops->summary(daemon->arg, text);
	printf("%s: valid", options.config);
	if (problems->warnings > 0)
		printf(", with %u warning%s", problems->warnings,
			problems->warnings == 1 ? "" : "s");
	printf(": %s\n", text);
	return EXIT_SUCCESS;
}

/* Else a socket could become descriptor 2, and the log would go to its peers. */
static void occupy_closed_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int daemon_main(const struct daemon_ops *ops, void *arg, int argc, char *argv[])
{
	static struct config_problems problems;
	struct daemon daemon = {.ops = ops, .arg = arg};
	int status;

	occupy_closed_descriptors();
	status = read_options(ops, arg, argc, argv);
	if (status >= 0) {
		ops->stop(arg);
		return status;
	}
	open_log(ops);
	if (ops->read(arg, &options, &problems) < 0) {
		status = CONFIG_EXIT_BAD;
		if (problems.errors == 0)
			config_problem(&problems, true, options.config, 0,
				"cannot be read: there is not enough memory");
	}
	if (status < 0 && options.check && ops->check && ops->check(arg, &problems) < 0)
		status = CONFIG_EXIT_BAD;
	config_log_problems(&problems);
	if (status < 0) {
		daemon_apply_settings(ops->settings(arg));
		status = options.check ? check(&daemon, &problems) : run(&daemon);
	} else if (!options.check) {
		log_start_failed("the configuration is wrong");
	}
	ops->stop(arg);
	loop_free(daemon.loop);
	return status;
}
