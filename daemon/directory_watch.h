/* SPDX-License-Identifier: ISC */
/*
 * What happens to the files of one directory, as it happens (inotify).
 *
 * A file is reported when it is complete: written and closed, moved or linked in, its
 * permissions changed, or gone. Where events were lost, or the directory itself was replaced,
 * came or went, the word is that anything may have changed: look at all of it.
 */
#ifndef NB6_DAEMON_DIRECTORY_WATCH_H
#define NB6_DAEMON_DIRECTORY_WATCH_H

struct directory_watch;
struct loop;

/* `name` is that of a file in the directory; NULL: of any. May be called more often than needed. */
typedef void directory_watch_fn(void *arg, const char *name);

/*
 * The directory need not be there yet. Returns 0, or -errno where nothing can be watched.
 * Files that exist already are not reported.
 */
int directory_watch_new(struct directory_watch **watch, struct loop *loop, const char *path,
	directory_watch_fn *notify, void *arg);
void directory_watch_free(struct directory_watch *watch); /* NULL is fine */

#endif
