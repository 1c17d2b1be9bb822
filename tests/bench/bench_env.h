/* SPDX-License-Identifier: ISC */
/*
 * The environment of a load program: the network namespace in which it opens sockets, the CPU and
 * priority with which it runs, its clock, and the kernel's counters of a namespace. These are
 * programs of some seconds, so a function that fails ends the program and prints why.
 */
#ifndef NB6_TESTS_BENCH_BENCH_ENV_H
#define NB6_TESTS_BENCH_BENCH_ENV_H

#include <stdint.h>
#include <sys/types.h>

/* Prints `what` and errno, and ends the program. */
void bench_fail(const char *what) __attribute__((noreturn));

/* Sockets opened from now on are in the namespace of this name (ip-netns). */
void bench_enter_netns(const char *name);

/* Run on this CPU, before every ordinary program there (SCHED_FIFO). */
void bench_run_first(int cpu);

/* CLOCK_MONOTONIC. */
uint64_t bench_now_ns(void);

/* The IPv6 counters (/proc/net/snmp6) of a namespace; the caller is in it afterwards. */
int bench_open_counters(const char *name);
/* One of these counters by its name, such as `Udp6OutDatagrams`; 0 if it does not exist. */
uint64_t bench_counter(int fd, const char *counter);

/* CPU time of all threads of a process, by the scheduler's account. */
uint64_t bench_cpu_ns(pid_t pid);

#endif
