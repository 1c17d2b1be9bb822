/* SPDX-License-Identifier: ISC */
/*
 * The owner of a port, by way of /proc: /proc/net/udp6 gives the socket's
 * inode, a link in some /proc/PID/fd points at it.
 */
#include "daemon/port_owner.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The inode of a socket on the port, 0: none. */
static unsigned long find_inode(uint16_t port)
{
	FILE *file = fopen("/proc/net/udp6", "r");
	unsigned long found = 0, inode;
	unsigned local;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %*32[0-9A-F]:%x %*s %*x %*s %*s %*s %*u %*u %lu", &local,
			    &inode) == 2 &&
			local == port)
			found = inode;
	if (file)
		fclose(file);
	return found;
}

static bool has_link_to(const char *fd_directory, const char *target)
{
	DIR *directory = opendir(fd_directory);
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		char link[64];
		ssize_t n = readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = strcmp(link, target) == 0;
	}
	if (directory)
		closedir(directory);
	return found;
}

/* The number of a process that has the socket open, 0: none that we may look into. */
static long find_process(unsigned long inode)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char target[64], path[64];
	long found = 0;

	snprintf(target, sizeof(target), "socket:[%lu]", inode);
	while (proc && !found && (entry = readdir(proc))) {
		long pid = strtol(entry->d_name, NULL, 10);

		snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
		if (pid > 0 && has_link_to(path, target))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

const char *port_owner_udp(uint16_t port, char *text, size_t size)
{
	unsigned long inode = find_inode(port);
	long pid = inode ? find_process(inode) : 0;
	char path[64], name[64] = "";
	FILE *file;

	snprintf(text, size, "another program");
	if (!pid)
		return text;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = fopen(path, "r");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(text, size, "%s (process %ld)", *name ? name : "another program", pid);
	return text;
}
