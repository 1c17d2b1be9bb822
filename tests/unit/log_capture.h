/* SPDX-License-Identifier: ISC */
/* What a test logs: stderr goes to a file between start and stop; then its text is in `text`. */
#ifndef NB6_TESTS_UNIT_LOG_CAPTURE_H
#define NB6_TESTS_UNIT_LOG_CAPTURE_H

#include <stdio.h>
#include <unistd.h>

enum { CAPTURE_MAX = 1 << 16 };

struct capture {
	FILE *file;
	int stderr_fd;
	char text[CAPTURE_MAX];
};

static inline void capture_start(struct capture *capture)
{
	capture->file = tmpfile();
	assert_non_null(capture->file);
	fflush(stderr);
	capture->stderr_fd = dup(STDERR_FILENO);
	assert_true(capture->stderr_fd >= 0);
	assert_true(dup2(fileno(capture->file), STDERR_FILENO) >= 0);
}

static inline const char *capture_stop(struct capture *capture)
{
	size_t n;

	fflush(stderr);
	dup2(capture->stderr_fd, STDERR_FILENO);
	close(capture->stderr_fd);
	rewind(capture->file);
	n = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
	capture->text[n] = '\0';
	fclose(capture->file);
	return capture->text;
}

#endif
