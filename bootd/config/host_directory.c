/* SPDX-License-Identifier: ISC */
/*
 * hosts-directory, watched while bootd runs. A change starts a timer, so that several changes are
 * applied together. Files are then read in portions, between which messages are answered, and
 * applied at once at the end. A reload to another directory reads that one completely before it is
 * in force.
 */
#include "bootd/config/host_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/directory_watch.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	QUIET_MS = 100, /* changes within this time are applied together */
	WAIT_MS = 1000, /* but not for longer than this */
	PORTION = 200,  /* files that are read before messages have their turn again */
};

/* A directory with its watch: the one in force, or the one of a configuration that is prepared. */
struct watched {
	struct host_files *files;
	struct directory_watch *watch;
};

struct host_directory {
	struct loop *loop;
	struct loop_timer *timer;
	const struct boot_config *config; /* in force */
	struct watched now, next;
	uint64_t first_ms; /* of the changes that wait; 0: none do */
	bool is_held;
	host_files_address_fn *address;
	host_directory_changed_fn *changed;
	void *arg;
};

static void watched_fini(struct watched *watched)
{
	directory_watch_free(watched->watch);
	host_files_free(watched->files);
	*watched = (struct watched){0};
}

static void apply(struct host_directory *hosts)
{
	struct host_files_change change;

	host_files_apply(hosts->now.files, hosts->config, &change, hosts->address, hosts->arg);
	hosts->first_ms = 0;
	if (change.files == 0)
		return;
	log_info("hosts-directory %s: %zu changed files read, %zu of them deleted: %zu hosts "
		 "instead of %zu, %zu in all",
		host_files_directory(hosts->now.files), change.files, change.gone, change.hosts,
		change.hosts_before, host_files_table(hosts->now.files)->hosts);
	hosts->changed(hosts->arg);
}

static void read_portion(void *arg)
{
	struct host_directory *hosts = arg;

	if (!hosts->now.files || hosts->is_held)
		return;
	if (host_files_read(hosts->now.files, PORTION))
		loop_timer_arm(hosts->timer, 0);
	else
		apply(hosts);
}

/* If the directory or the file cannot be read, its hosts stay as they are. */
static int note(struct host_files *files, const char *name)
{
	int rc = host_files_note(files, name);

	if (rc < 0)
		log_error("hosts-directory %s: cannot be read: %s; its hosts stay as they are",
			host_files_directory(files), strerror(-rc));
	return rc;
}

static void on_change(void *arg, const char *name)
{
	struct host_directory *hosts = arg;
	uint64_t now_ms = loop_now_ms(), waited_ms;

	if (!hosts->now.files)
		return;
	note(hosts->now.files, name);
	if (hosts->first_ms == 0)
		hosts->first_ms = now_ms;
	waited_ms = now_ms - hosts->first_ms;
	if (waited_ms < WAIT_MS)
		loop_timer_arm(hosts->timer,
			WAIT_MS - waited_ms < QUIET_MS ? WAIT_MS - waited_ms : QUIET_MS);
}

struct host_directory *host_directory_new(struct loop *loop, host_files_address_fn *address,
	host_directory_changed_fn *changed, void *arg)
{
	struct host_directory *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return NULL;
	*hosts = (struct host_directory){
		.loop = loop, .address = address, .changed = changed, .arg = arg};
	hosts->timer = loop_timer_new(loop, read_portion, hosts);
	if (!hosts->timer) {
		free(hosts);
		return NULL;
	}
	return hosts;
}

void host_directory_free(struct host_directory *hosts)
{
	if (!hosts)
		return;
	watched_fini(&hosts->now);
	watched_fini(&hosts->next);
	loop_timer_free(hosts->timer);
	free(hosts);
}

void host_directory_hold(struct host_directory *hosts, bool is_held)
{
	hosts->is_held = is_held;
	if (!is_held && hosts->now.files && hosts->first_ms != 0)
		loop_timer_arm(hosts->timer, 0);
}

const struct host_files *host_directory_files(const struct host_directory *hosts)
{
	return hosts->now.files;
}

/* --- another configuration ---------------------------------------------------------- */

static bool is_same_directory(const struct host_directory *hosts, const struct boot_config *config)
{
	return hosts->now.files &&
	       strcmp(host_files_directory(hosts->now.files), config->hosts_directory) == 0;
}

static int read_all(struct host_files *files, const struct boot_config *config,
	struct host_files_change *change)
{
	int rc = note(files, NULL);

	while (host_files_read(files, SIZE_MAX))
		;
	host_files_apply(files, config, change, NULL, NULL);
	return rc;
}

/* The watch starts before the first reading, so that no change in between is missed. */
static int open_directory(struct host_directory *hosts, const struct boot_config *config)
{
	struct host_files_change change;
	const char *path = config->hosts_directory;
	int rc;

	hosts->next.files = host_files_new(path);
	if (!hosts->next.files)
		return -ENOMEM;
	rc = directory_watch_new(&hosts->next.watch, hosts->loop, path, on_change, hosts);
	if (rc < 0)
		log_warning("hosts-directory %s: cannot be watched: %s; changes are seen at a "
			    "reload only",
			path, strerror(-rc));
	if (read_all(hosts->next.files, config, &change) == 0)
		log_info("hosts-directory %s: %zu hosts of %zu files, %zu files refused", path,
			change.hosts, change.files, change.refused);
	return 0;
}

/* Apply what has changed to the running configuration, as a notification would. */
static int read_again(struct host_directory *hosts, const struct boot_config *config,
	struct config_problems *problems)
{
	const struct boot_host *host, *with;
	const char *what;

	note(hosts->now.files, NULL);
	while (host_files_read(hosts->now.files, SIZE_MAX))
		;
	apply(hosts);
	host = host_files_find_conflict(hosts->now.files, config, &with, &what);
	if (!host)
		return 0;
	config_problem(problems, true, host->file, host->line,
		"host \"%s\" has the same %s as host \"%s\" (%s:%u)", host->name, what, with->name,
		with->file, with->line);
	return -EEXIST;
}

/* At the start the directory may be created later. In a reload a missing one is a mistake. */
static int check_directory(const struct host_directory *hosts, const struct boot_config *config,
	struct config_problems *problems)
{
	int rc = access(config->hosts_directory, R_OK | X_OK) < 0 ? -errno : 0;

	if (rc < 0 && hosts->config)
		config_problem(problems, true, config->file, 0, "hosts-directory = \"%s\": %s",
			config->hosts_directory, strerror(-rc));
	else if (rc < 0)
		log_warning("hosts-directory %s: %s", config->hosts_directory, strerror(-rc));
	return hosts->config ? rc : 0;
}

int host_directory_prepare(
	struct host_directory *hosts, struct boot_config *config, struct config_problems *problems)
{
	bool is_same = config->hosts_directory && is_same_directory(hosts, config);
	int rc = 0;

	watched_fini(&hosts->next);
	if (is_same)
		rc = read_again(hosts, config, problems);
	else if (config->hosts_directory)
		rc = check_directory(hosts, config, problems);
	if (rc == 0 && config->hosts_directory && !is_same)
		rc = open_directory(hosts, config);
	if (rc == 0 && config->hosts_directory)
		config->host_files =
			host_files_table(is_same ? hosts->now.files : hosts->next.files);
	return rc;
}

void host_directory_commit(struct host_directory *hosts, const struct boot_config *config)
{
	hosts->config = config;
	if (config->hosts_directory && is_same_directory(hosts, config))
		return;
	watched_fini(&hosts->now);
	hosts->now = hosts->next;
	hosts->next = (struct watched){0};
	hosts->first_ms = 0;
}

void host_directory_cancel(struct host_directory *hosts)
{
	watched_fini(&hosts->next);
}

/* --- without a server ---------------------------------------------------------------- */

int host_directory_check(const struct boot_config *config, struct config_problems *problems)
{
	struct host_files_change change = {0};
	struct host_files *files;
	int rc;

	if (!config->hosts_directory)
		return 0;
	if (access(config->hosts_directory, R_OK | X_OK) < 0)
		config_problem(problems, false, config->file, 0,
			"hosts-directory: \"%s\" cannot be read: %s; expected a directory, which "
			"may also be created later",
			config->hosts_directory, strerror(errno));
	files = host_files_new(config->hosts_directory);
	rc = files ? read_all(files, config, &change) : -ENOMEM;
	host_files_free(files);
	return rc == 0 && change.refused > 0 ? -EINVAL : rc;
}
