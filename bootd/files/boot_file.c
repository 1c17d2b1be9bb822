/* SPDX-License-Identifier: ISC */
/*
 * Opening files below the root, and rendering scripts. A script is small, so it is read and
 * rendered as a whole; any other file stays on disk.
 */
#include "bootd/files/boot_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/files/scripts.h"
#include "daemon/file_pages.h"
#include "daemon/log.h"

static bool is_script(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && strcmp(path + len - 5, ".ipxe") == 0;
}

ssize_t boot_file_read(const struct boot_file *file, uint64_t offset, void *buf, size_t len)
{
	ssize_t n;

	if (offset >= file->size)
		return 0;
	if (len > file->size - offset)
		len = (size_t)(file->size - offset);
	if (file->text) {
		memcpy(buf, file->text + offset, len);
		return (ssize_t)len;
	}
	n = pread(file->fd, buf, len, (off_t)offset);
	return n < 0 ? -errno : n;
}

ssize_t boot_file_read_cached(const struct boot_file *file, uint64_t offset, void *buf, size_t len)
{
	ssize_t n;

	if (file->text || offset >= file->size)
		return boot_file_read(file, offset, buf, len);
	if (len > file->size - offset)
		len = (size_t)(file->size - offset);
	n = file_read_cached(file->fd, buf, len, offset);
	/* It may be a part that is in memory, or all that there is of a file that became shorter.
	 */
	return n >= 0 && (size_t)n < len ? -EAGAIN : n;
}

void boot_file_close(struct boot_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->text);
	*file = (struct boot_file){.fd = -1};
}

/* The script's source in memory, to be freed; its length in *len. */
static int read_script(const struct boot_file *file, char **out, size_t *len)
{
	char *text;
	ssize_t n;

	if (file->size > BOOT_SCRIPT_MAX)
		return -EFBIG;
	text = malloc((size_t)file->size + 1);
	if (!text)
		return -ENOMEM;
	n = boot_file_read(file, 0, text, (size_t)file->size);
	if (n < 0) {
		free(text);
		return (int)n;
	}
	*out = text;
	*len = (size_t)n;
	return 0;
}

/* The result in *out, to be freed, or a negative errno; logs a value that does not fit. */
static ssize_t expand_script(const char *path, const char *text, size_t len,
	const struct script_values *values, char **out)
{
	char culprit[TEMPLATE_NAME_SIZE];
	char *rendered = malloc(BOOT_SCRIPT_MAX + 1), *shrunk;
	ssize_t n;

	if (!rendered)
		return -ENOMEM;
	n = template_expand(
		text, len, values->lookup, values->ctx, rendered, BOOT_SCRIPT_MAX + 1, culprit);
	if (n < 0) {
		if (n == -EINVAL)
			log_warning("%s: the value of ${%s} has a control character in it: "
				    "the script is not served",
				path, culprit);
		free(rendered);
		return n == -EINVAL ? -EBADMSG : -EFBIG;
	}
	shrunk = realloc(rendered, (size_t)n + 1);
	*out = shrunk ? shrunk : rendered;
	return n;
}

static int render(struct boot_file *file, const char *path, const struct script_values *values)
{
	char *text = NULL;
	size_t len = 0;
	ssize_t n = read_script(file, &text, &len);

	if (n == 0)
		n = expand_script(path, text, len, values, &file->text);
	free(text);
	if (n < 0)
		return (int)n;
	close(file->fd);
	file->fd = -1;
	file->size = (uint64_t)n;
	file->rendered = true;
	return 0;
}

static int open_script(const struct boot_files *files, const char *path,
	const struct in6_addr *peer, const struct http_query *query, struct boot_file *file,
	const char **why)
{
	struct script_values values = {0};
	int error = files->describe(files->describe_arg, peer, query, &values);

	if (error) {
		*why = error == -EINVAL ? "the query is malformed"
					: "scripts are not served to this client";
		return error == -EINVAL ? error : -EACCES;
	}
	error = render(file, path, &values);
	if (error == -EBADMSG)
		*why = "a value in the script has a control character";
	else if (error == -EFBIG)
		*why = "the script is too long";
	else if (error)
		*why = strerror(-error);
	return error;
}

/* No cache may keep it: the operator's own file may take its place. */
const char *built_in_script(const char *path, size_t *len)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (strcmp(name, "autoexec.ipxe") == 0) {
		*len = strlen(script_autoexec);
		return script_autoexec;
	}
	if (strcmp(path, "boot.ipxe") == 0 || strcmp(path, "/boot.ipxe") == 0) {
		*len = strlen(script_boot);
		return script_boot;
	}
	return NULL;
}

static bool open_built_in(const char *path, struct boot_file *file)
{
	size_t len;
	const char *script = built_in_script(path, &len);

	if (script)
		file->text = strdup(script);
	if (file->text) {
		file->size = len;
		file->rendered = true;
	}
	return file->text;
}

int boot_file_open(const struct boot_files *files, const char *path, const struct in6_addr *peer,
	const struct http_query *query, struct boot_file *out, const char **why)
{
	struct file_view view;
	int error;

	*out = (struct boot_file){.fd = -1};
	error = file_root_open(files->root, path, &view);
	if (error == -ENOENT && open_built_in(path, out))
		return 0;
	if (error) {
		*why = file_root_error(error);
		return error;
	}
	out->fd = view.fd;
	out->size = view.size;
	out->mtime = view.mtime;
	out->mtime_ns = view.mtime_ns;
	if (files->describe && is_script(path))
		error = open_script(files, path, peer, query, out, why);
	if (error)
		boot_file_close(out);
	return error;
}

void boot_files_report(const struct boot_files *files, const struct fetch_event *event)
{
	if (files->observe)
		files->observe(files->observe_arg, event);
}

const char *fetch_kind_name(enum fetch_kind kind)
{
	static const char *const name[] = {"TFTP", "HTTP", "HTTPS"};

	return name[kind];
}

const char *fetch_outcome_name(enum fetch_outcome outcome)
{
	static const char *const name[] = {
		[FETCH_STARTED] = "started",
		[FETCH_DONE] = "done",
		[FETCH_FAILED] = "failed",
		[FETCH_PROBED] = "probed",
	};

	return name[outcome];
}
