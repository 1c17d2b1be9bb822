/* SPDX-License-Identifier: ISC */
/* What has no room in a socket's buffer is counted, to the datagram. */
#include "daemon/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SENT = 200, LEN = 1000, BATCH = 16 };

static void test_overflow_is_counted(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = udp_open(&address, 16 * LEN), sender = socket(AF_INET6, SOCK_DGRAM, 0);
	struct udp_receiver *receiver = udp_receiver_new(BATCH);
	const struct udp_datagram *datagram;
	socklen_t len = sizeof(address);
	unsigned received = 0;
	char octets[LEN] = {0};
	int n;

	(void)state;
	if (fd < 0)
		skip(); /* no IPv6 here */
	assert_true(sender >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(udp_queue_drops(fd), 0);
	for (int i = 0; i < SENT; i++)
		assert_int_equal(
			sendto(sender, octets, LEN, 0, (struct sockaddr *)&address, len), LEN);
	while ((n = udp_receive(receiver, fd, &datagram)) > 0)
		received += (unsigned)n;
	assert_in_range(received, 1, SENT - 1);
	assert_int_equal(udp_queue_drops(fd), SENT - received);
	udp_receiver_free(receiver);
	close(sender);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_overflow_is_counted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
