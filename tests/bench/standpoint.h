/* SPDX-License-Identifier: ISC */
/*
 * Where a load program stands: the network namespace in which it opens sockets, the
 * CPU and the priority with which it runs, its clock, and what the kernel counts in a
 * namespace. For programs of some seconds: what fails ends the program, and says what it was.
 */
#ifndef NB6_TESTS_BENCH_STANDPOINT_H
#define NB6_TESTS_BENCH_STANDPOINT_H

#include <stdint.h>
#include <sys/types.h>

/* Says `what` and errno, and ends the program. */
void standpoint_fail(const char *what) __attribute__((noreturn));

/* Sockets opened from now on are in the namespace of this name (ip-netns). */
void standpoint_enter(const char *name);

/* Run on this CPU, before every ordinary program there (SCHED_FIFO). */
void standpoint_go_first(int cpu);

/* CLOCK_MONOTONIC. */
uint64_t standpoint_now_ns(void);

/* The IPv6 counters (/proc/net/snmp6) of a namespace; the caller is in it afterwards. */
int standpoint_open_counters(const char *name);
/* One of them by its name, as `Udp6OutDatagrams`; 0 if there is none such. */
uint64_t standpoint_counter(int fd, const char *counter);

/* CPU time of all threads of a process, by the scheduler's account. */
uint64_t standpoint_cpu_ns(pid_t pid);

#endif
