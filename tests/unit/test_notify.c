/* SPDX-License-Identifier: ISC */
/*
 * What systemd would hear, on a socket of the test's own.
 */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/notify.h"

static int set_up(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	/* abstract: no file is left behind */
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "nb6-notify-%d", getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&name,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					     strlen(name.sun_path + 1))),
		0);
	name.sun_path[0] = '@';
	setenv("NOTIFY_SOCKET", name.sun_path, 1);
	*state = (void *)(intptr_t)fd;
	return 0;
}

static int tear_down(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	return close((int)(intptr_t)*state);
}

static void expect(void **state, const char *said)
{
	char text[512];
	ssize_t n = recv((int)(intptr_t)*state, text, sizeof(text) - 1, MSG_DONTWAIT);

#ifdef HAVE_LIBSYSTEMD
	assert_true(n > 0);
	text[n] = '\0';
	assert_memory_equal(text, said, strlen(said));
#else
	(void)said;
	assert_int_equal(n, -1);
#endif
}

static void test_replies_on_the_wire(void **state)
{
	notify_ready();
	expect(state, "READY=1");
	notify_reloading();
	expect(state, "RELOADING=1\nMONOTONIC_USEC=");
	notify_status("%d of %d", 1, 2);
	expect(state, "STATUS=1 of 2");
	notify_watchdog();
	expect(state, "WATCHDOG=1");
	notify_stopping();
	expect(state, "STOPPING=1");
}

static void test_the_watchdog_of_the_unit(void **state)
{
	char pid[16];

	(void)state;
	assert_int_equal(notify_watchdog_ms(), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
#ifdef HAVE_LIBSYSTEMD
	assert_int_equal(notify_watchdog_ms(), 30000);
#endif
	setenv("WATCHDOG_PID", "1", 1); /* another process's */
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replies_on_the_wire, set_up, tear_down),
		cmocka_unit_test(test_the_watchdog_of_the_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
