/* SPDX-License-Identifier: ISC */
/*
 * The files of hosts-directory, in a tree by name. Those that may have changed are also in a list,
 * the batch, which host_files_apply.c applies after they were read.
 */
#include "bootd/config/host_files.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bootd/config/host_file.h"
#include "util/tree_walk.h"

enum { GROW = 16 };

/* --- the tree ---------------------------------------------------------------------- */

static struct host_file *find_file(struct host_files *files, const char *name)
{
	const struct host_file key = {.name = (char *)(uintptr_t)name};
	void *found = tfind(&key, &files->tree, host_file_compare);

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
	if (!tsearch(file, &files->tree, host_file_compare)) {
		host_file_free(file);
		return NULL;
	}
	files->count++;
	return file;
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

/* Files with other names are ignored: editors and package managers leave such files. */
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
