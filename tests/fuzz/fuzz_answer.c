/* SPDX-License-Identifier: ISC */
/*
 * Answers of a daemon, as the netboot6 command shows them: every view of one JSON text.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "netboot6/command.h"
#include "netboot6/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int nowhere(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return fd;
}

/* Where stdout went at first. */
static int terminal(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = dup(STDOUT_FILENO);
	return fd;
}

static void send_stdout_to(int fd)
{
	terminal();
	fflush(stdout);
	if (dup2(fd, STDOUT_FILENO) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *answer = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);

	if (!answer)
		return 0;
	send_stdout_to(nowhere());
	print_clean(answer);
	for (const struct command *c = command_table; c->daemon; c++) {
		c->show(answer);
		if (c->show_csv)
			c->show_csv(answer, true);
	}
	print_prune_zeros(answer);
	print_tree(answer, 0);
	send_stdout_to(terminal());
	json_decref(answer);
	return 0;
}
