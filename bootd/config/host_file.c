/* SPDX-License-Identifier: ISC */
/*
 * Reading one file: check its type, parse it, collect its hosts. A file with any
 * error yields no host, so that a file that is half written changes nothing.
 */
#include "bootd/config/host_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_read.h"

enum { GROW = 16 };

struct host_file *host_file_new(const char *directory, const char *name)
{
	struct host_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->name = strdup(name);
	if (!file->name || asprintf(&file->path, "%s/%s", directory, name) < 0)
		file->path = NULL;
	if (!file->path) {
		host_file_free(file);
		return NULL;
	}
	return file;
}

void host_list_free(struct host_list *list)
{
	for (size_t i = 0; i < list->hosts; i++)
		boot_host_free(list->host[i]);
	free(list->host);
	*list = (struct host_list){0};
}

void host_file_free(void *arg)
{
	struct host_file *file = arg;

	host_list_free(&file->next);
	free(file->now.host);
	free(file->problem);
	free(file->path);
	free(file->name);
	free(file);
}

static int collect_host(void *arg, struct config_section *cfg, struct boot_host *host)
{
	struct host_list *list = arg;

	(void)cfg;
	if (list->hosts % GROW == 0) {
		struct boot_host **more =
			realloc(list->host, (list->hosts + GROW) * sizeof(*list->host));

		if (!more)
			return -ENOMEM;
		list->host = more;
	}
	list->host[list->hosts++] = host;
	return 0;
}

static int parse_file(struct host_file *file, struct config_problems *problems)
{
	struct conf_receiver receiver = {file->path, collect_host, NULL, &file->next};
	struct config_section *cfg = conf_syntax_of_hosts(&receiver);
	int rc = cfg ? config_parse(cfg, file->path, problems) : -ENOMEM;

	config_free(cfg);
	return rc;
}

void host_file_set_problem(struct host_file *file, const char *text)
{
	file->is_logged = text && file->problem && strcmp(text, file->problem) == 0;
	free(file->problem);
	file->problem = text ? strdup(text) : NULL;
}

void host_file_read(struct host_file *file)
{
	struct config_problems problems = {0};
	int rc;

	host_list_free(&file->next);
	file->seen = (struct stat){0};
	if (stat(file->path, &file->seen) < 0 && (errno == ENOENT || errno == ELOOP)) {
		file->reading = READ_GONE;
		return;
	}
	rc = S_ISREG(file->seen.st_mode) || file->seen.st_ino == 0 ? parse_file(file, &problems)
								   : -EINVAL;
	file->reading = rc == 0 ? READ_GOOD : rc == -ENOENT ? READ_GONE : READ_BAD;
	if (rc == 0)
		return;
	if (!*problems.text)
		config_problem(&problems, true, file->path, 0, "%s",
			rc == -ENOMEM ? "no memory" : "expected a regular file");
	host_list_free(&file->next);
	host_file_set_problem(file, problems.text);
}

int host_file_compare(const void *a, const void *b)
{
	return strcmp(((const struct host_file *)a)->name, ((const struct host_file *)b)->name);
}
