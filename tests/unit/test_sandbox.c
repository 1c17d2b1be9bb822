/* SPDX-License-Identifier: ISC */
/*
 * The sandbox from inside, in a child for each test: what is refused and told, what goes on.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/loop.h"
#include "daemon/sandbox.h"

enum { NO_SECCOMP = 77 };

/* Run in a child inside the sandbox; its exit status, and what it wrote to stderr. */
static int run_inside(int (*body)(void), char *said, size_t size)
{
	int ends[2], status;
	ssize_t n, len = 0;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (sandbox_enter() < 0)
			_exit(NO_SECCOMP);
		_exit(body());
	}
	close(ends[1]);
	while ((n = read(ends[0], said + len, size - 1 - (size_t)len)) > 0)
		len += n;
	said[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SECCOMP)
		skip(); /* a kernel, or a container, without */
	return WEXITSTATUS(status);
}

static int is_refused(long result)
{
	return result == -1 && errno == EPERM;
}

static int try_forbidden(void)
{
	/* By root as by anybody: these are the filter's refusals, not the kernel's. */
	if (!is_refused(syscall(SYS_bpf, 0, NULL, 0)) || !is_refused(unshare(0)) ||
		!is_refused(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0UL)))
		return 1;
	if (!is_refused(chroot("/")) || !is_refused(syscall(SYS_setuid, getuid())))
		return 2;
#ifdef __i386__ /* socketcall(2) is allowed whatever it asks: the direct call is not */
	if (!is_refused(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0)))
		return 3;
#else
	if (!is_refused(socket(AF_PACKET, SOCK_RAW, 0)) ||
		!is_refused(socket(AF_VSOCK, SOCK_STREAM, 0)))
		return 3;
#endif
	unshare(0); /* told once only */
	return 0;
}

static void test_other_system_calls_are_refused_and_logged(void **state)
{
	static const char *const told[] = {
		"bpf (", "unshare (", "perf_event_open (", "chroot (", "setuid (", "socket ("};
	char said[4096];

	(void)state;
	assert_int_equal(run_inside(try_forbidden, said, sizeof(said)), 0);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const char *first = strstr(said, told[i]);

		assert_non_null(first);
		assert_null(strstr(first + 1, told[i]));
	}
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static void *add_one(void *arg)
{
	++*(int *)arg;
	return NULL;
}

static int try_allowed(void)
{
	struct loop *loop = loop_new();
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), number = 0;
	pthread_t thread;

	loop_timer_arm(timer, 1);
	if (loop_run(loop) < 0 || write(fd, "x", 1) != 1 || close(fd) < 0)
		return 1;
	loop_timer_free(timer);
	loop_free(loop);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || close(fd) < 0)
		return 2;
	if (pthread_create(&thread, NULL, add_one, &number) || pthread_join(thread, NULL))
		return 3;
	return number == 1 ? 0 : 4;
}

static void test_system_calls_of_the_daemons_work(void **state)
{
	char said[4096];

	(void)state;
	assert_int_equal(run_inside(try_allowed, said, sizeof(said)), 0);
	assert_string_equal(said, "");
}

#ifndef NB6_SANITIZED /* where the sanitizers themselves need these */
static int try_to_run(void)
{
	static char name[] = "true";
	char *const argv[] = {name, NULL};

	execv("/bin/true", argv);
	return is_refused(-1) && is_refused(fork()) && is_refused(syscall(SYS_ptrace, 0, 0, 0, 0))
		       ? 0
		       : 1;
}

static void test_no_program_is_started(void **state)
{
	char said[4096];

	(void)state;
	assert_int_equal(run_inside(try_to_run, said, sizeof(said)), 0);
	assert_non_null(strstr(said, "execve ("));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_system_calls_are_refused_and_logged),
		cmocka_unit_test(test_system_calls_of_the_daemons_work),
#ifndef NB6_SANITIZED
		cmocka_unit_test(test_no_program_is_started),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
