/* SPDX-License-Identifier: ISC */
/*
 * Two batches: the event loop fills `next`, the thread commits `current`. They change places when a
 * commit starts. The mutex protects `work` and `rc`; handing work over also publishes the batch,
 * and the end of the work publishes its result and the log.
 */
#include "bootd/leases/sqlite_store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/loop.h"

enum { BATCH_GROWS_BY = 64 };

struct change {
	struct lease lease;
	const char *state;
};

struct batch {
	struct change *change;
	size_t count, size;
};

struct sqlite_writer {
	struct sqlite_log *log;
	sqlite_writer_fn *committed;
	void *arg;
	struct batch next, current;
	int failed; /* of a put since the last commit: 0 or -errno */
	bool is_in_flight;
	int done_fd; /* an eventfd: the thread has ended a commit */
	struct loop_watch *watch;

	bool has_thread;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t has_work;
	enum { NOTHING, COMMIT, STOP } work;
	int rc; /* of the last commit */
};

/* --- the thread ---------------------------------------------------------------------- */

static int write_batch(struct sqlite_log *log, struct batch *batch)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < batch->count; i++)
		rc = sqlite_log_put(log, &batch->change[i].lease, batch->change[i].state);
	batch->count = 0;
	return sqlite_log_commit(log); /* fails if a put has failed */
}

static void report(const struct sqlite_writer *writer)
{
	uint64_t one = 1;

	while (write(writer->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void *run(void *arg)
{
	struct sqlite_writer *writer = arg;

	pthread_mutex_lock(&writer->mutex);
	while (true) {
		int rc;

		while (writer->work == NOTHING)
			pthread_cond_wait(&writer->has_work, &writer->mutex);
		if (writer->work == STOP)
			break;
		pthread_mutex_unlock(&writer->mutex);
		rc = write_batch(writer->log, &writer->current);
		pthread_mutex_lock(&writer->mutex);
		writer->rc = rc;
		if (writer->work == COMMIT)
			writer->work = NOTHING;
		report(writer);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

/*
 * The event loop handles signals, except those that this thread itself causes: SIGSYS, which the
 * sandbox sends for a forbidden system call, and faults.
 */
static int start_thread(struct sqlite_writer *writer)
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
	rc = pthread_create(&writer->thread, NULL, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	writer->has_thread = rc == 0;
	if (rc == 0)
		pthread_setname_np(writer->thread, "leases");
	return -rc;
}

static void hand_over(struct sqlite_writer *writer, int work)
{
	pthread_mutex_lock(&writer->mutex);
	writer->work = work;
	pthread_cond_signal(&writer->has_work);
	pthread_mutex_unlock(&writer->mutex);
}

/* --- the event loop ------------------------------------------------------------------ */

static void commit_ended(int fd, int what, void *arg)
{
	struct sqlite_writer *writer = arg;
	uint64_t ended;
	int rc;

	(void)what;
	if (read(fd, &ended, sizeof(ended)) != sizeof(ended))
		return;
	pthread_mutex_lock(&writer->mutex);
	rc = writer->rc;
	pthread_mutex_unlock(&writer->mutex);
	writer->is_in_flight = false;
	if (rc < 0 && writer->next.count > 0)
		writer->failed = rc;
	writer->committed(writer->arg, rc);
}

struct sqlite_writer *sqlite_writer_new(
	struct loop *loop, struct sqlite_log *log, sqlite_writer_fn *committed, void *arg)
{
	struct sqlite_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->log = log;
	writer->committed = committed;
	writer->arg = arg;
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->has_work, NULL);
	writer->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (writer->done_fd >= 0)
		writer->watch =
			loop_watch_new(loop, writer->done_fd, LOOP_READ, commit_ended, writer);
	if (writer->watch)
		return writer;
	sqlite_writer_free(writer);
	return NULL;
}

void sqlite_writer_free(struct sqlite_writer *writer)
{
	if (!writer)
		return;
	if (writer->has_thread) {
		hand_over(writer, STOP);
		pthread_join(writer->thread, NULL);
	}
	/* The thread may have stopped before it has committed its batch. */
	write_batch(writer->log, &writer->current);
	write_batch(writer->log, &writer->next);
	loop_watch_free(writer->watch);
	if (writer->done_fd >= 0)
		close(writer->done_fd);
	pthread_cond_destroy(&writer->has_work);
	pthread_mutex_destroy(&writer->mutex);
	free(writer->next.change);
	free(writer->current.change);
	free(writer);
}

static int reserve(struct batch *batch)
{
	size_t size = batch->size + BATCH_GROWS_BY;
	struct change *change;

	if (batch->count < batch->size)
		return 0;
	change = realloc(batch->change, size * sizeof(*change));
	if (!change)
		return -ENOMEM;
	batch->change = change;
	batch->size = size;
	return 0;
}

int sqlite_writer_put(struct sqlite_writer *writer, const struct lease *lease, const char *state)
{
	int rc = reserve(&writer->next);

	if (rc < 0)
		writer->failed = rc;
	else
		writer->next.change[writer->next.count++] =
			(struct change){.lease = *lease, .state = state};
	return rc;
}

int sqlite_writer_commit(struct sqlite_writer *writer)
{
	struct batch empty = writer->current;
	int rc = writer->failed;

	if (writer->is_in_flight)
		return -EBUSY;
	if (rc == 0 && writer->next.count == 0)
		return 0;
	if (rc == 0 && !writer->has_thread)
		rc = start_thread(writer);
	writer->failed = 0;
	if (rc < 0) {
		writer->next.count = 0;
		return rc;
	}
	writer->current = writer->next;
	writer->next = empty;
	writer->is_in_flight = true;
	hand_over(writer, COMMIT);
	return -EINPROGRESS;
}
