/* SPDX-License-Identifier: ISC */
/*
 * The files are in a tree by name. Those that are marked as changed are also in a list, the batch.
 *
 * host_files_apply() removes the old hosts of the whole batch from the table, so that a host may
 * move from one file to another, and adds the new ones. If a file conflicts, it is refused, and
 * the whole batch is tried again with the old hosts of that file, until no file is refused.
 */
#include "bootd/config/host_files.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bootd/config/conf_check.h"
#include "bootd/config/host_file.h"
#include "daemon/log.h"
#include "util/tree_walk.h"

enum { GROW = 16 };

struct host_files {
	char *directory;
	void *tree; /* of struct host_file, by name */
	size_t count, conflicts;
	struct host_table table;
	struct host_file **batch;
	size_t noted, read, room;
};

/* --- the tree ---------------------------------------------------------------------- */

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct host_file *)a)->name, ((const struct host_file *)b)->name);
}

static int compare_batch(const void *a, const void *b)
{
	return compare_files(*(struct host_file *const *)a, *(struct host_file *const *)b);
}

static struct host_file *find_file(struct host_files *files, const char *name)
{
	const struct host_file key = {.name = (char *)(uintptr_t)name};
	void *found = tfind(&key, &files->tree, compare_files);

	return found ? *(struct host_file **)found : NULL;
}

static struct host_file *get_file(struct host_files *files, const char *name)
{
	struct host_file *file = find_file(files, name);

	if (file)
		return file;
	file = host_file_new(files->directory, name);
	if (!file)
		return NULL;
	if (!tsearch(file, &files->tree, compare_files)) {
		host_file_free(file);
		return NULL;
	}
	files->count++;
	return file;
}

static void forget_file(struct host_files *files, struct host_file *file)
{
	tdelete(file, &files->tree, compare_files);
	files->count--;
	host_file_free(file);
}

struct host_files *host_files_new(const char *directory)
{
	struct host_files *files = calloc(1, sizeof(*files));

	if (files)
		files->directory = strdup(directory);
	if (files && !files->directory) {
		free(files);
		files = NULL;
	}
	return files;
}

void host_files_free(struct host_files *files)
{
	if (!files)
		return;
	host_table_fini(&files->table);
	tdestroy(files->tree, host_file_free);
	free(files->batch);
	free(files->directory);
	free(files);
}

const char *host_files_directory(const struct host_files *files)
{
	return files->directory;
}

const struct host_table *host_files_table(const struct host_files *files)
{
	return &files->table;
}

size_t host_files_count(const struct host_files *files)
{
	return files->count;
}

/* --- what may have changed ---------------------------------------------------------- */

static int note(struct host_files *files, struct host_file *file)
{
	if (file->is_noted) {
		if (file->reading != NOT_READ)
			host_file_read(file); /* it changed again after it was read */
		return 0;
	}
	if (files->noted == files->room) {
		size_t room = 2 * files->room + GROW;
		struct host_file **more = realloc(files->batch, room * sizeof(*files->batch));

		if (!more)
			return -ENOMEM;
		files->batch = more;
		files->room = room;
	}
	file->is_noted = true;
	files->batch[files->noted++] = file;
	return 0;
}

/* Other names are what editors and package managers leave behind. */
static bool is_ours(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Marks the file if it is not as it was when it was read. */
static int note_if_changed(struct host_files *files, int directory, const char *name)
{
	struct host_file *file = get_file(files, name);
	struct stat now;

	if (!file)
		return -ENOMEM;
	file->is_listed = true;
	if (fstatat(directory, name, &now, 0) == 0 && same_stat(&now, &file->seen))
		return 0;
	return note(files, file);
}

static int note_listed(struct host_files *files)
{
	DIR *directory = opendir(files->directory);
	struct dirent *entry;
	int rc = 0;

	if (!directory)
		return errno == ENOENT
			       ? 0
			       : -errno; /* if it does not exist, all its files are deleted */
	errno = 0;
	while (rc == 0 && (entry = readdir(directory))) {
		if (is_ours(entry->d_name))
			rc = note_if_changed(files, dirfd(directory), entry->d_name);
		errno = 0;
	}
	if (rc == 0 && errno)
		rc = -errno;
	closedir(directory);
	return rc;
}

static void note_unlisted(const void *node, VISIT order, void *arg)
{
	struct host_file *file = *(struct host_file *const *)node;

	if (order != leaf && order != postorder)
		return;
	if (!file->is_listed)
		note(arg, file);
	file->is_listed = false;
}

/* The directory could not be read to its end: a file that was not seen may still exist. */
static void unlist(const void *node, VISIT order, void *arg)
{
	(void)order;
	(void)arg;
	(*(struct host_file *const *)node)->is_listed = false;
}

static void note_conflicting(const void *node, VISIT order, void *arg)
{
	struct host_file *file = *(struct host_file *const *)node;

	if ((order == leaf || order == postorder) && file->has_conflict)
		note(arg, file);
}

int host_files_note(struct host_files *files, const char *name)
{
	struct host_file *file;
	int rc = 0;

	if (!name) {
		rc = note_listed(files);
		tree_walk(files->tree, rc == 0 ? note_unlisted : unlist, files);
	} else if (is_ours(name)) {
		file = get_file(files, name);
		rc = file ? note(files, file) : -ENOMEM;
	}
	if (files->noted > 0 && files->conflicts > 0)
		tree_walk(files->tree, note_conflicting, files);
	return rc;
}

bool host_files_read(struct host_files *files, size_t max)
{
	for (; files->read < files->noted && max > 0; files->read++, max--)
		host_file_read(files->batch[files->read]);
	return files->read < files->noted;
}

/* --- applying ------------------------------------------------------------------------ */

static void remove_hosts(struct host_files *files, const struct host_list *list, size_t hosts)
{
	for (size_t i = 0; i < hosts; i++)
		host_table_remove(&files->table, list->host[i]);
}

static void remove_from_table(struct host_files *files, struct host_file *file)
{
	if (file->in_table)
		remove_hosts(files, file->in_table, file->in_table->hosts);
	file->in_table = NULL;
}

static void refuse_conflict(struct host_files *files, struct host_file *file,
	const struct boot_host *host, const struct boot_host *with, const char *what)
{
	struct config_problems problems = {0};

	config_problem(&problems, true, file->path, host->line,
		"host \"%s\" has the same %s as host \"%s\" (%s:%u)", host->name, what, with->name,
		with->file, with->line);
	host_file_set_problem(file, problems.text);
	files->conflicts += !file->has_conflict;
	file->has_conflict = true;
}

/* All new hosts of the file, or none. */
static bool add_hosts(
	struct host_files *files, const struct boot_config *config, struct host_file *file)
{
	const struct boot_host *with = NULL;
	const char *what = "";

	for (size_t i = 0; i < file->next.hosts; i++) {
		struct boot_host *host = file->next.host[i];
		int rc = host_table_find_conflict(&config->hosts, host, &with, &what);

		if (rc == 0)
			rc = host_table_add(&files->table, host, &with, &what);
		if (rc == 0)
			continue;
		remove_hosts(files, &file->next, i);
		file->is_refused = true;
		if (rc == -EEXIST)
			refuse_conflict(files, file, host, with, what);
		return false;
	}
	file->in_table = &file->next;
	return true;
}

/* The old hosts cannot conflict: they were in the table together. */
static void restore_hosts(struct host_files *files, struct host_file *file)
{
	const struct boot_host *with;
	const char *what;

	for (size_t i = 0; i < file->now.hosts; i++)
		host_table_add(&files->table, file->now.host[i], &with, &what);
	file->in_table = &file->now;
}

/* False: a file was refused, and the table has no host of the batch, as before the call. */
static bool try_round(struct host_files *files, const struct boot_config *config)
{
	bool ok = true;

	for (size_t i = 0; i < files->read; i++)
		if (files->batch[i]->is_refused)
			restore_hosts(files, files->batch[i]);
	for (size_t i = 0; i < files->read; i++)
		if (!files->batch[i]->is_refused && !add_hosts(files, config, files->batch[i]))
			ok = false;
	for (size_t i = 0; !ok && i < files->read; i++)
		remove_from_table(files, files->batch[i]);
	return ok;
}

struct address_observer {
	host_files_address_fn *notify;
	void *arg;
};

static void log_applied(const struct host_file *file, const struct boot_config *config)
{
	struct config_problems problems = {0};

	for (size_t i = 0; i < file->now.hosts; i++)
		conf_check_host(config, file->now.host[i], &problems);
	config_log_problems(&problems);
	if (file->problem && file->reading == READ_GOOD)
		log_notice("%s: corrected: its %zu hosts are now in force", file->path,
			file->now.hosts);
}

static void log_refused(const struct host_file *file)
{
	if (file->is_logged)
		return;
	log_error("%s", file->problem ? file->problem : "no memory");
	if (file->now.hosts > 0)
		log_error("%s: not applied: the %zu hosts of its previous version stay in force",
			file->path, file->now.hosts);
	else
		log_error("%s: not applied: its hosts are left out", file->path);
}

static void notify_addresses(const struct host_files *files, const struct host_list *before,
	const struct host_list *now, const struct address_observer *observer)
{
	for (size_t i = 0; observer->notify && i < before->hosts; i++)
		if (before->host[i]->has_address &&
			!host_table_by_address(&files->table, &before->host[i]->address))
			observer->notify(observer->arg, &before->host[i]->address, false);
	for (size_t i = 0; observer->notify && i < now->hosts; i++)
		if (now->host[i]->has_address)
			observer->notify(observer->arg, &now->host[i]->address, true);
}

static void finish_applied(struct host_files *files, struct host_file *file,
	const struct boot_config *config, struct host_files_change *change,
	const struct address_observer *observer)
{
	struct host_list before = file->now;

	file->now = file->next;
	file->next = (struct host_list){0};
	files->conflicts -= file->has_conflict;
	file->has_conflict = false;
	log_applied(file, config);
	host_file_set_problem(file, NULL);
	change->hosts_before += before.hosts;
	change->hosts += file->now.hosts;
	notify_addresses(files, &before, &file->now, observer);
	host_list_free(&before);
}

static void finish(struct host_files *files, const struct boot_config *config,
	struct host_files_change *change, const struct address_observer *observer)
{
	for (size_t i = 0; i < files->read; i++) {
		struct host_file *file = files->batch[i];
		bool is_gone = file->reading == READ_GONE;

		if (file->is_refused) {
			host_list_free(&file->next);
			log_refused(file);
			change->refused++;
		} else {
			finish_applied(files, file, config, change, observer);
			change->files++;
			change->gone += is_gone;
		}
		file->is_noted = file->is_refused = false;
		file->in_table = NULL;
		file->reading = NOT_READ;
		if (is_gone)
			forget_file(files, file);
	}
}

void host_files_apply(struct host_files *files, const struct boot_config *config,
	struct host_files_change *change, host_files_address_fn *notify, void *arg)
{
	const struct address_observer observer = {notify, arg};

	*change = (struct host_files_change){0};
	if (files->read == 0)
		return;
	qsort(files->batch, files->read, sizeof(*files->batch), compare_batch);
	for (size_t i = 0; i < files->read; i++) {
		struct host_file *file = files->batch[i];

		remove_hosts(files, &file->now, file->now.hosts);
		file->is_refused = file->reading == READ_BAD;
	}
	while (!try_round(files, config))
		;
	finish(files, config, change, &observer);
	files->noted -= files->read;
	memmove(files->batch, files->batch + files->read, files->noted * sizeof(*files->batch));
	files->read = 0;
}

/* --- reports --------------------------------------------------------------------------- */

const struct boot_host *host_files_find_conflict(const struct host_files *files,
	const struct boot_config *config, const struct boot_host **other, const char **what)
{
	for (size_t i = 0; i < config->hosts.hosts; i++)
		if (host_table_find_conflict(&files->table, config->hosts.host[i], other, what) < 0)
			return config->hosts.host[i];
	return NULL;
}

struct problem_reporter {
	host_files_problem_fn *report;
	void *arg;
};

static void report_problem(const void *node, VISIT order, void *arg)
{
	const struct host_file *file = *(struct host_file *const *)node;
	const struct problem_reporter *reporter = arg;

	if ((order == leaf || order == postorder) && file->problem)
		reporter->report(reporter->arg, file->problem);
}

void host_files_each_refused(
	const struct host_files *files, host_files_problem_fn *report, void *arg)
{
	struct problem_reporter reporter = {report, arg};

	tree_walk(files->tree, report_problem, &reporter);
}
