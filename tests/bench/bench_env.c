/* SPDX-License-Identifier: ISC */
#include "tests/bench/bench_env.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bench_fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

void bench_enter_netns(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		bench_fail(path);
	close(fd);
}

void bench_run_first(int cpu)
{
	struct sched_param first = {.sched_priority = 10};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0 ||
		sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		bench_fail("scheduler");
}

uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int bench_open_counters(const char *name)
{
	int fd;

	bench_enter_netns(name);
	fd = open("/proc/thread-self/net/snmp6", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bench_fail("/proc/net/snmp6");
	return fd;
}

uint64_t bench_counter(int fd, const char *counter)
{
	static char text[16384];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	if (len < 0)
		bench_fail("/proc/net/snmp6");
	text[len] = '\0';
	at = strstr(text, counter);
	return at ? strtoull(at + strlen(counter), NULL, 10) : 0;
}

static uint64_t thread_cpu_ns(pid_t pid, const char *thread)
{
	unsigned long long ns = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%.32s/schedstat", (int)pid, thread);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%llu", &ns) != 1)
			ns = 0;
		fclose(file);
	}
	return ns;
}

uint64_t bench_cpu_ns(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	uint64_t ns = 0;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		bench_fail("the measured program has ended");
	while ((entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			ns += thread_cpu_ns(pid, entry->d_name);
	closedir(threads);
	return ns;
}
