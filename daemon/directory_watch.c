/* SPDX-License-Identifier: ISC */
/*
 * Two inotify watches: the directory, and the one above it, which reports when the directory is
 * replaced. While either is missing, both are tried again every second: whatever happened
 * further up, nothing but that second is lost.
 */
#include "daemon/directory_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/loop.h"

enum { RETRY_MS = 1000, BUFFER = 64 << 10 };

#define IN_DIRECTORY                                                                               \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB |        \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define IN_ABOVE (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR)

struct directory_watch {
	char *path, *above, *name; /* name: the directory's own, in the one above */
	int fd;
	int directory, up; /* watch descriptors; -1: none */
	struct loop_watch *watch;
	struct loop_timer *retry;
	directory_watch_fn *notify;
	void *arg;
};

/* "/a/b/" to "/a/b", "/a" and "b". */
static bool split_path(struct directory_watch *w, const char *path)
{
	size_t len = strlen(path);
	char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	w->path = strndup(path, len);
	w->above = w->path ? strdup(w->path) : NULL;
	if (!w->above)
		return false;
	slash = strrchr(w->above, '/');
	w->name = strdup(slash ? slash + 1 : w->path);
	if (!slash)
		strcpy(w->above, len > 0 ? "." : "");
	else
		slash[slash == w->above] = '\0';
	return w->name;
}

/* The watch on whatever is at the path now; the old one ends where that is another. */
static void watch_again(struct directory_watch *w, const char *path, uint32_t mask, int *wd)
{
	int now = inotify_add_watch(w->fd, path, mask);

	if (*wd >= 0 && *wd != now)
		inotify_rm_watch(w->fd, *wd);
	*wd = now;
}

static void watch_both(struct directory_watch *w)
{
	watch_again(w, w->above, IN_ABOVE, &w->up);
	watch_again(w, w->path, IN_DIRECTORY, &w->directory);
	if (w->up < 0 || w->directory < 0)
		loop_timer_arm(w->retry, RETRY_MS);
}

static void try_again(void *arg)
{
	struct directory_watch *w = arg;

	watch_both(w);
	if (w->directory >= 0)
		w->notify(w->arg, NULL);
}

/* 1: a file that is complete; 0: one that is being written, and will be closed; -1: a directory,
 * or a link to one, which any file may be reached through. */
static int looks_like(const struct directory_watch *w, const struct inotify_event *event)
{
	char path[PATH_MAX];
	struct stat link, target;

	if (event->mask & IN_ISDIR)
		return -1;
	if (snprintf(path, sizeof(path), "%s/%s", w->path, event->name) >= (int)sizeof(path) ||
		lstat(path, &link) < 0)
		return 1;
	if (S_ISLNK(link.st_mode))
		return stat(path, &target) == 0 && S_ISDIR(target.st_mode) ? -1 : 1;
	return !(event->mask & IN_CREATE) || link.st_nlink > 1;
}

static void take_file_event(struct directory_watch *w, const struct inotify_event *event)
{
	int looks = looks_like(w, event);

	if (looks < 0)
		w->notify(w->arg, NULL);
	else if (looks > 0)
		w->notify(w->arg, event->name);
}

/* Returns true if both watches must be set again. */
static bool take_event(struct directory_watch *w, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW) {
		w->notify(w->arg, NULL);
		return false;
	}
	if (event->wd == w->up && (event->mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT)))
		return true;
	if (event->wd == w->up)
		return event->len > 0 && strcmp(event->name, w->name) == 0;
	if (event->wd != w->directory)
		return false; /* of one that was replaced */
	if (event->len == 0)
		return event->mask & (IN_IGNORED | IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT);
	take_file_event(w, event);
	return false;
}

static void read_events(int fd, int what, void *arg)
{
	struct directory_watch *w = arg;
	_Alignas(struct inotify_event) char buffer[BUFFER];
	ssize_t len = read(fd, buffer, sizeof(buffer));
	bool lost = false;

	(void)what;
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		lost |= take_event(w, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (!lost)
		return;
	watch_both(w);
	w->notify(w->arg, NULL);
}

int directory_watch_new(struct directory_watch **out, struct loop *loop, const char *path,
	directory_watch_fn *notify, void *arg)
{
	struct directory_watch *w = calloc(1, sizeof(*w));
	int rc = -ENOMEM;

	*out = NULL;
	if (!w)
		return rc;
	*w = (struct directory_watch){
		.fd = -1, .directory = -1, .up = -1, .notify = notify, .arg = arg};
	if (!split_path(w, path))
		goto fail;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		rc = -errno;
		goto fail;
	}
	w->watch = loop_watch_new(loop, w->fd, LOOP_READ, read_events, w);
	w->retry = loop_timer_new(loop, try_again, w);
	if (!w->watch || !w->retry)
		goto fail;
	watch_both(w);
	*out = w;
	return 0;
fail:
	directory_watch_free(w);
	return rc;
}

void directory_watch_free(struct directory_watch *w)
{
	if (!w)
		return;
	loop_watch_free(w->watch);
	loop_timer_free(w->retry);
	if (w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w->above);
	free(w->name);
	free(w);
}
