/* SPDX-License-Identifier: ISC */
/*
 * The thread touches `config`, `problems` and `rc` only, and the loop none of them meanwhile.
 */
#include "bootd/boot_loader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bootd/config/conf_file.h"
#include "daemon/thread_pool.h"

struct waiter {
	struct waiter *next;
	boot_loader_done_fn *done;
	void *arg;
};

struct boot_loader {
	struct thread_work work; /* the first member: a pointer to it is one to the loader */
	struct thread_pool *pool;
	const char *path;
	struct boot_loader_owner owner;
	bool is_reading, is_stopping;
	struct waiter *waiters, *later; /* for the reading that runs; for the one after it */

	struct boot_config *config;
	struct config_problems problems;
	int rc;
};

struct boot_loader *boot_loader_new(
	struct loop *loop, const char *path, const struct boot_loader_owner *owner)
{
	struct boot_loader *loader = calloc(1, sizeof(*loader));

	if (!loader)
		return NULL;
	loader->path = path;
	loader->owner = *owner;
	loader->pool = thread_pool_new(loop, 1);
	if (!loader->pool) {
		free(loader);
		return NULL;
	}
	return loader;
}

static void tell(struct waiter *waiters, int rc, const struct config_problems *problems)
{
	while (waiters) {
		struct waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->done(waiter->arg, rc, problems);
		free(waiter);
	}
}

static void read_config(struct thread_work *work)
{
	struct boot_loader *loader = (struct boot_loader *)work;

	loader->rc = conf_file_load(loader->path, &loader->config, &loader->problems);
	if (loader->rc == 0)
		loader->rc = conf_check_files(loader->config, &loader->problems);
	if (loader->rc < 0) {
		boot_config_free(loader->config);
		loader->config = NULL;
	}
}

static void start_reading(struct boot_loader *loader);

static void reading_done(struct thread_work *work)
{
	struct boot_loader *loader = (struct boot_loader *)work;
	struct waiter *waiters = loader->waiters;

	loader->is_reading = false;
	loader->waiters = NULL;
	if (loader->is_stopping) {
		boot_config_free(loader->config);
		loader->rc = -ECANCELED;
	} else {
		loader->rc = loader->owner.apply(
			loader->owner.arg, loader->config, loader->rc, &loader->problems);
	}
	loader->config = NULL;
	tell(waiters, loader->rc, &loader->problems);
	if (loader->later && !loader->is_stopping && !loader->is_reading) {
		loader->waiters = loader->later;
		loader->later = NULL;
		start_reading(loader);
	}
}

static void start_reading(struct boot_loader *loader)
{
	loader->is_reading = true;
	loader->config = NULL;
	loader->problems = (struct config_problems){0};
	loader->work = (struct thread_work){.run = read_config, .done = reading_done};
	loader->owner.begin(loader->owner.arg);
	if (thread_pool_run(loader->pool, &loader->work) == 0)
		return;
	read_config(&loader->work); /* without a thread the loop waits */
	reading_done(&loader->work);
}

void boot_loader_begin(struct boot_loader *loader, boot_loader_done_fn *done, void *arg)
{
	struct waiter **list = loader->is_reading ? &loader->later : &loader->waiters;
	struct waiter *waiter = malloc(sizeof(*waiter));

	if (!waiter) {
		done(arg, -ENOMEM, &(struct config_problems){0});
		return;
	}
	*waiter = (struct waiter){*list, done, arg};
	*list = waiter;
	if (!loader->is_reading)
		start_reading(loader);
}

void boot_loader_free(struct boot_loader *loader)
{
	if (!loader)
		return;
	loader->is_stopping = true;
	thread_pool_free(loader->pool);
	tell(loader->later, -ECANCELED, &loader->problems);
	free(loader);
}
