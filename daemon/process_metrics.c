/* SPDX-License-Identifier: ISC */
#include "daemon/process_metrics.h"

#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/listener.h"

static void one(struct metrics *m, const char *name, enum metrics_type type, const char *help,
	double value)
{
	metrics_family(m, name, type, help);
	metrics_sample(m, value, NULL);
}

/* The fields of /proc/self/stat behind the name, which may have blanks: proc_pid_stat(5). */
static bool read_stat(unsigned long long *start_ticks, unsigned long *virtual_bytes, long *pages)
{
	char line[1024], *at;
	FILE *file = fopen("/proc/self/stat", "re");
	bool is_read = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	at = is_read ? strrchr(line, ')') : NULL;
	return at && sscanf(at + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			     "%*d %*d %*d %llu %lu %ld",
			     start_ticks, virtual_bytes, pages) == 3;
}

static unsigned long long boot_time_s(void)
{
	char line[256];
	unsigned long long seconds = 0;
	FILE *file = fopen("/proc/stat", "re");

	while (file && seconds == 0 && fgets(line, sizeof(line), file))
		sscanf(line, "btime %llu", &seconds);
	if (file)
		fclose(file);
	return seconds;
}

unsigned process_open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned n = 0;

	while (directory && readdir(directory))
		n++;
	if (directory)
		closedir(directory);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

static void fill_memory_and_start(struct metrics *m)
{
	unsigned long long start_ticks;
	unsigned long virtual_bytes;
	long pages, per_second = sysconf(_SC_CLK_TCK);

	if (!read_stat(&start_ticks, &virtual_bytes, &pages))
		return; /* no /proc here */
	one(m, "process_virtual_memory_bytes", METRICS_GAUGE,
		"Size of the virtual memory of the process in bytes.", (double)virtual_bytes);
	one(m, "process_resident_memory_bytes", METRICS_GAUGE,
		"Memory of the process that is in RAM, in bytes.",
		(double)pages * (double)sysconf(_SC_PAGESIZE));
	one(m, "process_start_time_seconds", METRICS_GAUGE,
		"Start of the process, in seconds since 1970 (Unix time).",
		(double)boot_time_s() + (double)start_ticks / (double)per_second);
}

void process_metrics_fill(struct metrics *m, const char *prefix)
{
	struct rusage usage;
	struct rlimit limit;
	char name[64];

	snprintf(name, sizeof(name), "%s_build_info", prefix);
	metrics_family(m, name, METRICS_GAUGE,
		"1, with the version of the program and of its compiler as labels.");
	metrics_sample(m, 1, "version", PACKAGE_VERSION, "compiler", __VERSION__, NULL);
	snprintf(name, sizeof(name), "%s_accept_failures_total", prefix);
	one(m, name, METRICS_COUNTER,
		"Times that connections could not be accepted, because the process had no free "
		"descriptor or the system no memory.",
		(double)listener_exhausted());
	getrusage(RUSAGE_SELF, &usage);
	one(m, "process_cpu_seconds_total", METRICS_COUNTER,
		"CPU time of the process in user and system mode, in seconds.",
		(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	fill_memory_and_start(m);
	one(m, "process_open_fds", METRICS_GAUGE, "Descriptors that the process has open.",
		process_open_descriptors());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		one(m, "process_max_fds", METRICS_GAUGE,
			"Descriptors that the process may have open at a time.",
			(double)limit.rlim_cur);
}
