/* SPDX-License-Identifier: ISC */
/*
 * A reload of the whole server: all of it or nothing, whichever part fails and whichever
 * allocation of ours. The linker puts our own malloc() and the like before those of libc. Then
 * what the server logs of machines that are not what the configuration takes them for.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/boot_server.h"
#include "bootd/config/conf_file.h"
#include "bootd/config/host_files.h"
#include "bootd/view/boot_view.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "tests/unit/bootd_bench.h"
#include "tests/unit/failing_malloc.h"
#include "tests/unit/log_capture.h"

enum { SKIPPED = 77, ALLOCATIONS_MAX = 100000 };

static char dir[] = "/tmp/netboot6-server.XXXXXX";
static char conf_path[64];
static uint16_t port;

/* --- configurations ------------------------------------------------------------------- */

#define COMMON                                                                                     \
	"control = \"\" leases = \"%1$s/leases.db\" key-file = \"%1$s/key\" server-duid-file = "   \
	"\"%1$s/duid\" dhcp-listen = \"[::1]:%2$u\"\n"

static const char before[] =
	COMMON "subnet \"2001:db8:1::/64\" {}\n"
	       "boot \"a\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/a.efi\" }\n";

/* Another part for each part of the server: root, pool, hosts, proxy. */
static const char after[] =
	COMMON "root = \"%1$s\" hosts-directory = \"%1$s/hosts.d\"\n"
	       "subnet \"2001:db8:1::/64\" { addresses = pool pool = "
	       "\"2001:db8:1::1000-2001:db8:1::1fff\" }\n"
	       "subnet \"2001:db8:2::/64\" {}\n"
	       "group \"web\" { set = {\"role=web\"} }\n"
	       "host \"b\" { mac = \"52:54:00:00:00:01\" group = \"web\" address = "
	       "\"2001:db8:1::1001\" }\n"
	       "boot \"b\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/${role}.efi\" }\n";

static void write_file(const char *name, const char *fmt)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(file, fmt, dir, port);
#pragma GCC diagnostic pop
	assert_int_equal(fclose(file), 0);
}

static int start(struct boot_server *server, struct loop *loop)
{
	struct config_problems problems = {0};
	struct boot_config *config = NULL;

	write_file("bootd.conf", before);
	if (conf_file_load(conf_path, &config, &problems) < 0)
		fail_msg("%s", problems.text);
	return boot_server_init(server, loop, conf_path, config);
}

/* What is in force is what was before, and it is whole. */
static void check_unchanged(const struct boot_server *server, const struct boot_config *config)
{
	assert_ptr_equal(server->parts.config, config);
	assert_ptr_equal(server->scripts.config, config);
	assert_ptr_equal(server->exchange.config, config);
	assert_string_equal(config->rule[0].name, "a");
	assert_null(server->exchange.leases.store);
	assert_null(server->root);
	assert_null(server->files.root);
	assert_null(host_directory_files(server->parts.hosts));
	assert_null(server->next_config);
	assert_null(server->next_root);
	assert_int_equal(server->exchange.bindings.pools.pools, 0);
}

static void check_changed(const struct boot_server *server, const struct boot_config *config)
{
	assert_ptr_not_equal(server->parts.config, config);
	assert_ptr_equal(server->scripts.config, server->parts.config);
	assert_ptr_equal(server->exchange.config, server->parts.config);
	assert_string_equal(server->parts.config->rule[0].name, "b");
	assert_non_null(server->exchange.leases.store);
	assert_non_null(server->root);
	assert_ptr_equal(server->files.root, server->root);
	assert_non_null(host_directory_files(server->parts.hosts));
	assert_int_equal(server->exchange.bindings.pools.pools, 1);
}

struct outcome {
	struct loop *loop;
	bool is_known;
	int rc;
};

static void note_outcome(void *arg, int rc, const struct config_problems *problems)
{
	struct outcome *outcome = arg;

	(void)problems;
	outcome->is_known = true;
	outcome->rc = rc;
	loop_stop(outcome->loop);
}

/* A thread reads, and the loop runs until the reload has ended. */
static int reload(struct boot_server *server, struct loop *loop)
{
	struct outcome outcome = {.loop = loop};

	boot_server_reload(server, note_outcome, &outcome);
	while (!outcome.is_known)
		loop_run(loop);
	return outcome.rc;
}

/* --- tests ------------------------------------------------------------------------------ */

static void test_a_part_that_fails_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"subnet nonsense {}\n",
		COMMON "root = \"%1$s/none\" subnet \"2001:db8:1::/64\" {}\n",
		/* The pool's store is opened before the hosts fail, and closed again. */
		COMMON "hosts-directory = \"%1$s/none\" subnet \"2001:db8:1::/64\" { addresses = "
		       "pool pool = \"2001:db8:1::1000-2001:db8:1::1fff\" }\n",
	};
	struct loop *loop = loop_new();
	struct boot_server server;
	const struct boot_config *config;

	(void)state;
	assert_int_equal(start(&server, loop), 0);
	config = server.parts.config;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_file("bootd.conf", wrong[i]);
		assert_true(reload(&server, loop) < 0);
		check_unchanged(&server, config);
		assert_int_equal(server.parts.failed_reloads, i + 1);
	}
	boot_server_fini(&server);
	loop_free(loop);
}

static void test_memory_that_runs_out_changes_nothing(void **state)
{
	struct loop *loop = loop_new();
	struct boot_server server;
	long n = 0, refused = 0;
	bool was_whole = false;

	(void)state;
	assert_int_equal(start(&server, loop), 0);
	write_file("bootd.conf", after);
	while (!was_whole) {
		const struct boot_config *config = server.parts.config;
		int rc;

		allocations_left = n;
		rc = reload(&server, loop);
		was_whole = allocations_left >= 0;
		allocations_left = -1;
		assert_true(++n < ALLOCATIONS_MAX);
		if (rc < 0) {
			check_unchanged(&server, config);
			refused++;
			continue;
		}
		/* Either nothing failed, or only what a reload can do without. */
		check_changed(&server, config);
		boot_server_fini(&server);
		assert_int_equal(start(&server, loop), 0);
		write_file("bootd.conf", after);
	}
	printf("%ld allocations failed, one at a time; %ld reloads were refused\n", n - 1, refused);
	assert_true(refused > 50);
	boot_server_fini(&server);
	loop_free(loop);
}

/* --- what is logged of machines ------------------------------------------------------------- */

static struct capture capture;

/* A Request that is reported to the server as answered, and what the server logs. */
static const char *log_of_request(struct boot_server *server, struct bench *b, bool is_firmware)
{
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, is_firmware, NULL);
	if (is_firmware)
		bench_put_arch(b, 7);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_true(b->has_address);
	capture_start(&capture);
	server->exchange.observe(server->exchange.observe_arg, &b->event);
	return capture_stop(&capture);
}

static void use_duid(struct bench *b, const char *text)
{
	assert_int_equal(dhcp6_duid_parse(text, &b->duid), 0);
}

#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define DUID_UUID "000400112233445566778899aabbccddeeff"

/* A new network card: firmware is the host by its UUID, the system is not by its new MAC. */
static void test_a_replaced_network_card_is_logged(void **state)
{
	static const char conf[] =
		"subnet \"2001:db8:1::/64\" {}\n"
		"host \"db1\" { uuid = \"" UUID "\" mac = \"52:54:00:00:00:01\" }\n"
		"host \"db2\" { mac = \"52:54:00:00:00:02\" }\n";
	static const char said[] =
		"52:54:00:00:00:99: it was host \"db1\" before and is no host now";
	struct loop *loop = loop_new();
	struct boot_server server;
	struct bench b;

	(void)state;
	assert_int_equal(start(&server, loop), 0);
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_WARNING);
	bench_start(&b, conf);
	/* the card that is in the configuration */
	assert_int_equal(dhcp6_mac_parse("52:54:00:00:00:01", b.mac), 0);
	use_duid(&b, DUID_UUID);
	assert_string_equal(log_of_request(&server, &b, true), "");
	use_duid(&b, "00030001525400000001");
	assert_string_equal(log_of_request(&server, &b, false), "");
	/* another one */
	assert_int_equal(dhcp6_mac_parse("52:54:00:00:00:99", b.mac), 0);
	use_duid(&b, DUID_UUID);
	assert_string_equal(log_of_request(&server, &b, true), "");
	assert_string_equal(b.decision.host->name, "db1");
	use_duid(&b, "00030001525400000099");
	assert_non_null(strstr(log_of_request(&server, &b, false), said));
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	bench_stop(&b);
	boot_server_fini(&server);
	loop_free(loop);
}

/* Two cards of one host: the second one's log says who holds the address, and so do the hosts. */
static void test_the_holder_of_an_address_is_logged(void **state)
{
	static const char conf[] =
		"subnet \"2001:db8:1::/64\" {}\n"
		"host \"two\" { mac = {\"52:54:00:00:00:01\", \"52:54:00:00:00:02\"}\n"
		"  address = \"2001:db8:1::d1\" }\n";
	struct loop *loop = loop_new();
	struct boot_server server;
	const char *holder = NULL;
	struct bench b;
	json_t *hosts;

	(void)state;
	assert_int_equal(start(&server, loop), 0);
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_WARNING);
	bench_start(&b, conf);
	assert_int_equal(dhcp6_mac_parse("52:54:00:00:00:01", b.mac), 0);
	assert_string_equal(log_of_request(&server, &b, true), "");
	assert_int_equal(dhcp6_mac_parse("52:54:00:00:00:02", b.mac), 0);
	assert_non_null(strstr(log_of_request(&server, &b, true),
		"host \"two\": 2001:db8:1::d1 is held by 52:54:00:00:00:01; "
		"52:54:00:00:00:02 gets 2001:db8:1:"));
	hosts = boot_host_view_page(b.config, &b.exchange.bindings, &server.progress, 1,
		(char *[]){(char[]){"hosts"}}, b.now_ms);
	assert_int_equal(
		json_unpack(hosts, "{s:[{s:{s:s}}]}", "hosts", "address-held", "machine", &holder),
		0);
	assert_string_equal(holder, "52:54:00:00:00:01");
	json_decref(hosts);
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	bench_stop(&b);
	boot_server_fini(&server);
	loop_free(loop);
}

static int set_up(void **state)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char path[64];

	(void)state;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) < 0 || !mkdtemp(dir))
		return -1;
	close(fd);
	port = ntohs(at.sin6_port);
	snprintf(conf_path, sizeof(conf_path), "%s/bootd.conf", dir);
	snprintf(path, sizeof(path), "%s/hosts.d", dir);
	return mkdir(path, 0755);
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_part_that_fails_changes_nothing),
		cmocka_unit_test(test_memory_that_runs_out_changes_nothing),
		cmocka_unit_test(test_a_replaced_network_card_is_logged),
		cmocka_unit_test(test_the_holder_of_an_address_is_logged),
	};
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int probe = socket(AF_INET6, SOCK_DGRAM, 0);
	int rc = probe < 0 ? -1 : bind(probe, (struct sockaddr *)&at, sizeof(at));

	if (probe >= 0)
		close(probe);
	if (rc < 0) {
		puts("skipped: ::1 cannot be bound here");
		return SKIPPED;
	}
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
