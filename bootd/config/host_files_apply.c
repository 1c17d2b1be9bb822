/* SPDX-License-Identifier: ISC */
/*
 * Applying the files that were read. The old hosts of the whole batch are removed from the table,
 * so that a host may move from one file to another, and the new ones are added. If a file
 * conflicts, it is refused, and the whole batch is tried again with the old hosts of that file,
 * until no file is refused. Each round refuses at least one file, so the rounds end.
 */
#include "bootd/config/host_files.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_file.h"
#include "bootd/config/host_file.h"
#include "daemon/log.h"

static int compare_batch(const void *a, const void *b)
{
	return host_file_compare(*(struct host_file *const *)a, *(struct host_file *const *)b);
}

static void forget_file(struct host_files *files, struct host_file *file)
{
	tdelete(file, &files->tree, host_file_compare);
	files->count--;
	host_file_free(file);
}

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
