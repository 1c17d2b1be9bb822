/* SPDX-License-Identifier: ISC */
/* Reading an open file, and the names of fetches. */
#include "bootd/files/boot_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/files/scripts.h"
#include "daemon/file_pages.h"

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
