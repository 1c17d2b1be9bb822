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

struct udp_socket {
	struct in6_addr address;
	uint16_t port;
	unsigned long inode;
};

/* A line of /proc/net/udp6: the address is four words in the byte order of the host. */
static bool read_socket(const char *line, struct udp_socket *found)
{
	unsigned word[4], port;

	if (sscanf(line, " %*d: %8x%8x%8x%8x:%x %*s %*x %*s %*s %*s %*u %*u %lu", &word[0],
		    &word[1], &word[2], &word[3], &port, &found->inode) != 6)
		return false;
	memcpy(&found->address, word, sizeof(found->address));
	found->port = (uint16_t)port;
	return true;
}

/* 3: bound to this address and port; 2: to the port of all addresses; 1: of another one; 0: not. */
static int nearness(const struct udp_socket *other, const struct sockaddr_in6 *at)
{
	if (other->port != ntohs(at->sin6_port))
		return 0;
	if (IN6_ARE_ADDR_EQUAL(&other->address, &at->sin6_addr))
		return 3;
	return IN6_IS_ADDR_UNSPECIFIED(&other->address) ? 2 : 1;
}

/* How near the nearest socket is, and its inode. */
static int find_socket(const struct sockaddr_in6 *at, unsigned long *inode)
{
	FILE *file = fopen("/proc/net/udp6", "r");
	struct udp_socket other;
	char line[512];
	int best = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (!read_socket(line, &other) || nearness(&other, at) <= best)
			continue;
		best = nearness(&other, at);
		*inode = other.inode;
	}
	if (file)
		fclose(file);
	return best;
}

bool port_owner_has(const struct sockaddr_in6 *at)
{
	unsigned long inode;

	return find_socket(at, &inode) == 3;
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

const char *port_owner_udp(const struct sockaddr_in6 *at, char *text, size_t size)
{
	unsigned long inode;
	long pid = find_socket(at, &inode) ? find_process(inode) : 0;
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
