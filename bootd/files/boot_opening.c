/* SPDX-License-Identifier: ISC */
/*
 * An opening goes through up to three steps, of which each may have to wait: open the file and read
 * a script's text (in a thread if it is not in memory), ask for the script's values, render it.
 * go_on() takes the steps that are possible now. A script is small, so it is read and rendered as
 * a whole; any other file stays on disk.
 */
#include "bootd/files/boot_opening.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/files/template.h"
#include "daemon/file_pages.h"
#include "daemon/log.h"
#include "daemon/thread_pool.h"

struct boot_opening {
	struct thread_work work; /* first: the thread's view of an opening */
	const struct boot_files *files;
	boot_opened_fn *opened; /* NULL: cancelled, while a thread works for it */
	void *arg;
	bool is_script, is_working, is_asking;
	int directory_fd; /* for a thread that opens the file; -1: it is open */
	int error;        /* of the thread */
	struct boot_file file;
	char *source;                     /* of a script; NULL: not read yet */
	char (*name)[TEMPLATE_NAME_SIZE]; /* that are in it */
	size_t names;
	struct boot_asking asking;
	struct in6_addr peer;
	bool has_mac;
	char mac[QUESTION_MAC_SIZE];
	char path[FILE_PATH_SIZE];
};

static bool is_script(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && strcmp(path + len - 5, ".ipxe") == 0;
}

static void set_file(struct boot_file *file, const struct file_view *view)
{
	*file = (struct boot_file){.fd = view->fd,
		.size = view->size,
		.mtime = view->mtime,
		.mtime_ns = view->mtime_ns};
}

static void free_opening(struct boot_opening *opening)
{
	if (opening->directory_fd >= 0)
		close(opening->directory_fd);
	boot_file_close(&opening->file);
	free(opening->source);
	free(opening->name);
	free(opening);
}

/* --- the file and its text ----------------------------------------------------- */

typedef ssize_t read_fn(int fd, void *buf, size_t len, uint64_t at);

static ssize_t read_waiting(int fd, void *buf, size_t len, uint64_t at)
{
	ssize_t n = pread(fd, buf, len, (off_t)at);

	return n < 0 ? -errno : n;
}

/* Returns 0, or -EAGAIN: part of it would have to be waited for. */
static int read_source(struct boot_opening *opening, read_fn *read)
{
	size_t size = (size_t)opening->file.size;
	char *text;
	ssize_t n;

	if (opening->file.size > BOOT_SCRIPT_MAX)
		return -EFBIG;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	n = size > 0 ? read(opening->file.fd, text, size, 0) : 0;
	if (n < 0 || (read == file_read_cached && (size_t)n < size)) {
		free(text);
		return n < 0 ? (int)n : -EAGAIN;
	}
	opening->file.size = (uint64_t)n; /* it may have become shorter */
	opening->source = text;
	return 0;
}

/* In a thread. */
static void open_and_read(struct thread_work *work)
{
	struct boot_opening *opening = (struct boot_opening *)work;
	struct file_view view;

	opening->error = 0;
	if (opening->directory_fd >= 0) {
		opening->error = file_root_open_below(opening->directory_fd, opening->path, &view);
		if (opening->error == 0)
			set_file(&opening->file, &view);
	}
	if (opening->error == 0 && opening->is_script)
		opening->error = read_source(opening, read_waiting);
}

static void work_done(struct thread_work *work);

static int start_thread(struct boot_opening *opening)
{
	int rc;

	opening->work = (struct thread_work){.run = open_and_read, .done = work_done};
	rc = opening->files->readers ? thread_pool_run(opening->files->readers, &opening->work)
				     : -EAGAIN;
	opening->is_working = rc == 0;
	if (rc == 0)
		return -EINPROGRESS;
	open_and_read(&opening->work); /* the loop waits for it */
	return opening->error;
}

/* --- the script ----------------------------------------------------------------- */

struct values {
	const struct boot_opening *opening;
	const struct boot_answer *answer;
};

static const char *no_value(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

static bool has_name(const struct boot_opening *opening, const char *name)
{
	for (size_t i = 0; i < opening->names; i++)
		if (strcmp(opening->name[i], name) == 0)
			return true;
	return false;
}

static int collect_names(struct boot_opening *opening)
{
	char name[TEMPLATE_NAME_SIZE];
	size_t pos = 0;

	opening->name = calloc(QUESTION_NAMES_MAX, sizeof(*opening->name));
	if (!opening->name)
		return -ENOMEM;
	while (template_next_unknown(
		opening->source, (size_t)opening->file.size, &pos, no_value, NULL, name)) {
		if (has_name(opening, name))
			continue;
		if (opening->names == QUESTION_NAMES_MAX)
			return -EFBIG;
		memcpy(opening->name[opening->names++], name, sizeof(name));
	}
	return 0;
}

static const char *lookup(void *ctx, const char *name)
{
	const struct values *values = ctx;

	for (size_t i = 0; i < values->opening->names && i < values->answer->values; i++)
		if (strcmp(values->opening->name[i], name) == 0)
			return values->answer->value[i];
	return NULL;
}

/* The file becomes the rendered text. Logs a value that does not fit. */
static int render(struct boot_opening *opening, const struct boot_answer *answer)
{
	struct values values = {opening, answer};
	char culprit[TEMPLATE_NAME_SIZE];
	char *text = malloc(BOOT_SCRIPT_MAX + 1), *shrunk;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = template_expand(opening->source, (size_t)opening->file.size, lookup, &values, text,
		BOOT_SCRIPT_MAX + 1, culprit);
	if (n < 0) {
		if (n == -EINVAL)
			log_warning("%s: the value of ${%s} has a control character in it: "
				    "the script is not served",
				opening->path, culprit);
		free(text);
		return n == -EINVAL ? -EBADMSG : -EFBIG;
	}
	shrunk = realloc(text, (size_t)n + 1);
	close(opening->file.fd);
	opening->file.fd = -1;
	opening->file.text = shrunk ? shrunk : text;
	opening->file.size = (uint64_t)n;
	opening->file.rendered = true;
	return 0;
}

static int take_answer(struct boot_opening *opening, const struct boot_answer *answer)
{
	if (answer->status == 0)
		return render(opening, answer);
	return answer->status == -EINVAL ? -EINVAL : -EACCES;
}

static void finish(struct boot_opening *opening, int error);

static void answered(void *arg, const struct boot_answer *answer)
{
	struct boot_opening *opening = arg;

	opening->is_asking = false;
	finish(opening, take_answer(opening, answer));
}

static int ask(struct boot_opening *opening)
{
	const struct boot_files *files = opening->files;
	struct boot_question question = {.kind = QUESTION_SCRIPT,
		.peer = opening->peer,
		.mac = opening->has_mac ? opening->mac : NULL,
		.names = opening->names};
	struct boot_answer now = {0};
	int rc;

	for (size_t i = 0; i < opening->names; i++)
		question.name[i] = opening->name[i];
	opening->asking = (struct boot_asking){.answered = answered, .arg = opening};
	rc = files->ask(files->ask_arg, &question, &now, &opening->asking);
	opening->is_asking = rc == -EINPROGRESS;
	return rc == 0 ? take_answer(opening, &now) : rc;
}

/* --- the steps ------------------------------------------------------------------- */

static const char *reason_of(const struct boot_opening *opening, int error)
{
	if (!opening->source && error != -EFBIG)
		return file_root_error(error);
	switch (error) {
	case -EINVAL:
		return "the query is malformed";
	case -EACCES:
		return "scripts are not served to this client";
	case -EBADMSG:
		return "a value in the script has a control character";
	case -EFBIG:
		return "the script is too long";
	default:
		return strerror(-error);
	}
}

/* No cache may keep it: the operator's own file may take its place. */
static bool open_built_in(const char *path, struct boot_file *file)
{
	size_t len;
	const char *script = built_in_script(path, &len);

	*file = (struct boot_file){.fd = -1, .text = script ? strdup(script) : NULL};
	if (file->text) {
		file->size = len;
		file->rendered = true;
	}
	return file->text;
}

/* The file is open and, if it is a script, read (0), or this is the error: go on from there. */
static int go_on(struct boot_opening *opening, int rc)
{
	if (rc == -ENOENT && open_built_in(opening->path, &opening->file))
		return 0;
	if (rc == 0 && opening->is_script)
		rc = collect_names(opening);
	return rc == 0 && opening->is_script ? ask(opening) : rc;
}

static void finish(struct boot_opening *opening, int error)
{
	struct boot_file file = opening->file;

	if (error == 0)
		opening->file = (struct boot_file){.fd = -1};
	opening->opened(opening->arg, error, error ? reason_of(opening, error) : NULL,
		error ? NULL : &file);
	free_opening(opening);
}

static void work_done(struct thread_work *work)
{
	struct boot_opening *opening = (struct boot_opening *)work;
	int rc = opening->error;

	opening->is_working = false;
	if (!opening->opened) {
		free_opening(opening);
		return;
	}
	rc = go_on(opening, rc);
	if (rc != -EINPROGRESS)
		finish(opening, rc);
}

static struct boot_opening *new_opening(
	const struct boot_files *files, const struct boot_file_request *request)
{
	struct boot_opening *opening = calloc(1, sizeof(*opening));

	if (!opening)
		return NULL;
	opening->files = files;
	opening->directory_fd = opening->file.fd = -1;
	opening->is_script = files->ask && is_script(request->path);
	opening->peer = request->peer;
	opening->has_mac = request->mac;
	if (request->mac)
		strncat(opening->mac, request->mac, sizeof(opening->mac) - 1);
	strncat(opening->path, request->path, sizeof(opening->path) - 1);
	return opening;
}

/* The file is open (`view`), or its directories are not in memory (NULL). */
static int begin(struct boot_opening *opening, const struct file_view *view)
{
	int rc;

	if (!view) {
		opening->directory_fd = file_root_directory(opening->files->root);
		rc = opening->directory_fd < 0 ? opening->directory_fd : start_thread(opening);
	} else {
		set_file(&opening->file, view);
		rc = read_source(opening, file_read_cached);
		if (rc == -EAGAIN)
			rc = start_thread(opening);
	}
	return rc == -EINPROGRESS ? rc : go_on(opening, rc);
}

int boot_file_open(const struct boot_files *files, const struct boot_file_request *request,
	struct boot_file *out, const char **why, struct boot_opening **opening,
	boot_opened_fn *opened, void *arg)
{
	struct boot_opening *new;
	struct file_view view;
	int rc = files->readers ? file_root_open_cached(files->root, request->path, &view)
				: file_root_open(files->root, request->path, &view);
	bool is_open = rc == 0;

	*out = (struct boot_file){.fd = -1};
	if (is_open && !(files->ask && is_script(request->path))) {
		set_file(out, &view);
		return 0;
	}
	if (rc == -ENOENT && open_built_in(request->path, out))
		return 0;
	if (rc < 0 && rc != -EAGAIN) {
		*why = file_root_error(rc);
		return rc;
	}
	new = new_opening(files, request);
	if (!new) {
		if (is_open)
			close(view.fd);
		*why = file_root_error(-ENOMEM);
		return -ENOMEM;
	}
	new->opened = opened;
	new->arg = arg;
	rc = begin(new, is_open ? &view : NULL);
	if (rc == -EINPROGRESS) {
		*opening = new;
		return rc;
	}
	if (rc == 0) {
		*out = new->file;
		new->file = (struct boot_file){.fd = -1};
	} else {
		*why = reason_of(new, rc);
	}
	free_opening(new);
	return rc;
}

void boot_opening_cancel(struct boot_opening *opening)
{
	if (!opening)
		return;
	if (opening->is_asking)
		opening->files->forget(opening->files->ask_arg, &opening->asking);
	opening->opened = NULL;
	if (!opening->is_working)
		free_opening(opening);
}
