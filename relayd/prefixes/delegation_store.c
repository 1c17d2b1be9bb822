/* SPDX-License-Identifier: ISC */
/*
 * The loop appends lines to a buffer; the thread takes the whole buffer, writes and syncs it, and
 * then looks for the next one. The mutex protects `queue`, `is_stopping` and `error`; everything else
 * belongs to one side.
 */
#include "relayd/prefixes/delegation_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	QUEUE_MAX = 64 << 20,
	FILE_MAX = 256 << 20,     /* that is read: some million records */
	COMPACT_BEYOND = 1 << 18, /* and at twice the size after the last time */
};

struct text {
	char *octets;
	size_t len, size;
};

struct delegation_store {
	char *path;
	delegation_store_fn *result;
	void *arg;
	int last_error; /* that `result` has reported */
	int done_fd;    /* an eventfd: the thread has written */
	struct loop_watch *watch;

	bool has_thread;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t has_work;
	struct text queue;
	bool is_stopping;
	int error; /* of a write since the loop looked, or 0 */

	/* of the thread */
	int fd; /* -1: not open */
	size_t file_size, compacted_size;
};

/* --- reading --------------------------------------------------------------------------------- */

/* The file whole; a missing one is empty. `text` is to be freed. */
static int read_file(const char *path, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n = 0;
	int rc;

	*text = NULL;
	*len = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = fstat(fd, &st) < 0 ? -errno : 0;
	if (rc == 0 && (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX))
		rc = S_ISREG(st.st_mode) ? -EFBIG : -EINVAL;
	if (rc == 0) {
		*text = malloc((size_t)st.st_size + 1);
		rc = *text ? 0 : -ENOMEM;
	}
	while (rc == 0 && *len < (size_t)st.st_size &&
		(n = read(fd, *text + *len, (size_t)st.st_size - *len)) > 0)
		*len += (size_t)n;
	if (rc == 0 && n < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int delegation_store_read(const char *path, struct delegation_records *records)
{
	char *text;
	size_t len;
	int rc = read_file(path, &text, &len);

	if (rc == 0)
		rc = delegation_records_read(records, text, len);
	free(text);
	return rc;
}

/* --- the thread ------------------------------------------------------------------------------ */

static int write_all(int fd, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		octets += n;
		len -= (size_t)n;
	}
	return 0;
}

/* So that the new name survives a power failure as well. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	int fd;

	if (slash) {
		slash[slash == copy] = '\0';
		fd = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			fsync(fd);
			close(fd);
		}
	}
	free(copy);
}

static int write_records(int fd, const struct delegation_records *records, size_t *written)
{
	struct delegation_record *record = NULL;
	char line[DELEGATION_RECORD_MAX];
	FILE *file = fdopen(fd, "w");
	int rc = 0;

	if (!file) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*written = 0;
	while (rc == 0 && (record = delegation_records_next(records, record))) {
		size_t len = delegation_record_format(record, line);

		*written += len;
		if (fwrite(line, 1, len, file) != len)
			rc = -EIO;
	}
	if (rc == 0 && (fflush(file) != 0 || fsync(fd) < 0))
		rc = -errno;
	if (fclose(file) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* Replace the file by one that has each prefix once. Failing leaves the old one, which is complete. */
static int compact(struct delegation_store *store)
{
	struct delegation_records records;
	char *path = NULL;
	int rc = delegation_store_read(store->path, &records), fd;

	if (rc < 0)
		return rc;
	if (asprintf(&path, "%s.new", store->path) < 0) {
		delegation_records_free(&records);
		return -ENOMEM;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	rc = fd < 0 ? -errno : write_records(fd, &records, &store->file_size);
	if (rc == 0 && rename(path, store->path) < 0)
		rc = -errno;
	if (rc == 0) {
		sync_directory(store->path);
		close(store->fd);
		store->fd = -1;
	}
	store->compacted_size = store->file_size;
	delegation_records_free(&records);
	free(path);
	return rc;
}

/* After a crash the last line may lack its end: it is cut off. */
static int cut_last_line(int fd, const char *path, size_t *size)
{
	char *text;
	size_t len;
	int rc = read_file(path, &text, &len);

	while (rc == 0 && len > 0 && text[len - 1] != '\n')
		len--;
	free(text);
	*size = len;
	return rc == 0 && ftruncate(fd, (off_t)len) < 0 ? -errno : rc;
}

static int open_file(struct delegation_store *store)
{
	char *slash = strrchr(store->path, '/');
	int rc;

	if (store->fd >= 0)
		return 0;
	if (slash && slash != store->path) {
		*slash = '\0';
		mkdir(store->path, 0750);
		*slash = '/';
	}
	store->fd = open(store->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (store->fd < 0)
		return -errno;
	rc = cut_last_line(store->fd, store->path, &store->file_size);
	if (rc < 0) {
		close(store->fd);
		store->fd = -1;
	}
	return rc;
}

static int append(struct delegation_store *store, const struct text *text)
{
	int rc = open_file(store);

	if (rc == 0)
		rc = write_all(store->fd, text->octets, text->len);
	if (rc == 0 && fdatasync(store->fd) < 0)
		rc = -errno;
	if (rc < 0) {
		/* Half a line may be in the file: the next opening cuts it off. */
		if (store->fd >= 0)
			close(store->fd);
		store->fd = -1;
		return rc;
	}
	store->file_size += text->len;
	if (store->file_size > COMPACT_BEYOND + 2 * store->compacted_size)
		compact(store);
	return 0;
}

static void report(const struct delegation_store *store)
{
	uint64_t one = 1;

	while (write(store->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void *run(void *arg)
{
	struct delegation_store *store = arg;
	struct text text = {0};

	pthread_mutex_lock(&store->mutex);
	while (true) {
		struct text empty = text;
		int rc;

		while (store->queue.len == 0 && !store->is_stopping)
			pthread_cond_wait(&store->has_work, &store->mutex);
		if (store->queue.len == 0)
			break;
		text = store->queue;
		empty.len = 0;
		store->queue = empty;
		pthread_mutex_unlock(&store->mutex);
		rc = append(store, &text);
		pthread_mutex_lock(&store->mutex);
		store->error = -rc;
		report(store);
	}
	pthread_mutex_unlock(&store->mutex);
	free(text.octets);
	return NULL;
}

/* Signals are for the event loop, but for SIGSYS, which is the sandbox's. */
static int start_thread(struct delegation_store *store)
{
	sigset_t blocked, before;
	int rc;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGSYS);
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGBUS);
	sigdelset(&blocked, SIGFPE);
	sigdelset(&blocked, SIGILL);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	rc = pthread_create(&store->thread, NULL, run, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	store->has_thread = rc == 0;
	if (rc == 0)
		pthread_setname_np(store->thread, "prefixes");
	return -rc;
}

/* --- the loop -------------------------------------------------------------------------------- */

static void on_written(int fd, int what, void *arg)
{
	struct delegation_store *store = arg;
	uint64_t written;
	int error;

	(void)what;
	if (read(fd, &written, sizeof(written)) != sizeof(written))
		return;
	pthread_mutex_lock(&store->mutex);
	error = store->error;
	pthread_mutex_unlock(&store->mutex);
	if (error == store->last_error && error == 0)
		return;
	store->last_error = error;
	store->result(store->arg, error);
}

struct delegation_store *delegation_store_new(
	struct loop *loop, const char *path, delegation_store_fn *result, void *arg)
{
	struct delegation_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->fd = -1;
	store->result = result;
	store->arg = arg;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->has_work, NULL);
	store->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	store->path = strdup(path);
	if (store->done_fd >= 0 && store->path)
		store->watch = loop_watch_new(loop, store->done_fd, LOOP_READ, on_written, store);
	if (store->watch)
		return store;
	delegation_store_free(store);
	return NULL;
}

void delegation_store_free(struct delegation_store *store)
{
	if (!store)
		return;
	if (store->has_thread) {
		pthread_mutex_lock(&store->mutex);
		store->is_stopping = true;
		pthread_cond_signal(&store->has_work);
		pthread_mutex_unlock(&store->mutex);
		pthread_join(store->thread, NULL);
	}
	loop_watch_free(store->watch);
	if (store->done_fd >= 0)
		close(store->done_fd);
	if (store->fd >= 0)
		close(store->fd);
	pthread_cond_destroy(&store->has_work);
	pthread_mutex_destroy(&store->mutex);
	free(store->queue.octets);
	free(store->path);
	free(store);
}

static int add_text(struct text *text, const char *octets, size_t len)
{
	if (text->len + len > text->size) {
		size_t size = 2 * text->size + 4096;
		char *more = size <= QUEUE_MAX ? realloc(text->octets, size) : NULL;

		if (!more)
			return -ENOMEM;
		text->octets = more;
		text->size = size;
	}
	memcpy(text->octets + text->len, octets, len);
	text->len += len;
	return 0;
}

int delegation_store_put(struct delegation_store *store, const struct delegation_record *record)
{
	char line[DELEGATION_RECORD_MAX];
	size_t len = delegation_record_format(record, line);
	int rc = store->has_thread ? 0 : start_thread(store);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&store->mutex);
	rc = add_text(&store->queue, line, len);
	pthread_cond_signal(&store->has_work);
	pthread_mutex_unlock(&store->mutex);
	return rc;
}
