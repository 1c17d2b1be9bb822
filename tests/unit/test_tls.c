/* SPDX-License-Identifier: ISC */
/*
 * TLS: certificates as they are made, read and refused, and what a client is given. Clients are
 * OpenSSL's, on a socket pair, so that each can be as old or as picky as firmware is.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls/tls_authority.h"
#include "tls/tls_server.h"
#include "tls/tls_view.h"

enum { PATH = 128, DAY_S = 86400 };

static char directory[] = "/tmp/test_tls.XXXXXX";

static const char *in_directory(const char *name)
{
	static char path[16][PATH]; /* in use at a time */
	static unsigned next;
	char *text = path[next++ % 16];

	snprintf(text, PATH, "%s/%s", directory, name);
	return text;
}

static void make(const char *stem, enum tls_key_kind kind, const char *name, int days)
{
	const char *names[] = {name, "2001:db8::69"};
	const struct tls_wish wish = {.directory = directory,
		.name = names,
		.names = 2,
		.days = days,
		.kind = kind,
		.stem = stem};
	struct tls_made made;
	char why[TLS_WHY];

	if (tls_authority_init(&wish, &made, why) < 0)
		fail_msg("%s", why);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	make("rsa", TLS_KEY_RSA, "boot.example.org", 100);
	make("ecdsa", TLS_KEY_ECDSA, "boot.example.org", 50);
	make("other", TLS_KEY_ECDSA, "other.example.org", 50);
	make("old", TLS_KEY_ECDSA, "boot.example.org", -2);
	return 0;
}

static int teardown(void **state)
{
	char command[PATH + 8];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

static struct tls_credentials *load(size_t n, const struct tls_files *files)
{
	struct tls_credentials *credentials;
	struct tls_problem problem;

	if (tls_credentials_load(&credentials, files, n, NULL, &problem) < 0)
		fail_msg("%s: %s", problem.setting, problem.why);
	return credentials;
}

/* --- files ------------------------------------------------------------------------- */

static struct tls_files files_of(const char *stem)
{
	char crt[32], key[32];

	snprintf(crt, sizeof(crt), "%s.crt", stem);
	snprintf(key, sizeof(key), "%s.key", stem);
	return (struct tls_files){in_directory(crt), in_directory(key)};
}

static void test_facts_of_what_init_makes(void **state)
{
	const struct tls_files files = files_of("rsa");
	struct tls_credentials *credentials = load(1, &files);
	const struct tls_facts *facts = &tls_credentials_at(credentials, 0)->facts;

	(void)state;
	assert_string_equal(facts->names, "boot.example.org 2001:db8::69");
	assert_string_equal(facts->key, "RSA 3072");
	assert_string_equal(facts->signature, "RSA-SHA256");
	assert_int_equal(facts->kind, TLS_KEY_RSA);
	assert_int_equal(facts->security_bits, 128);
	assert_int_equal(facts->chain, 1);
	assert_false(facts->is_self_signed);
	assert_null(facts->fault);
	assert_in_range((facts->not_after - time(NULL) + DAY_S / 2) / DAY_S, 99, 101);
	tls_credentials_free(credentials);
}

static void test_keys_are_private(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(in_directory("ca.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(in_directory("rsa.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* The CA stays: machines have it in their firmware. */
static void test_init_again_keeps_the_ca(void **state)
{
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(in_directory("ca.crt"), &before), 0);
	make("again", TLS_KEY_ECDSA, "boot.example.org", 50);
	assert_int_equal(stat(in_directory("ca.crt"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void test_init_refuses_names_that_are_none(void **state)
{
	static const char *const bad[] = {"a,URI:b", "", "a b", "a/b"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct tls_wish wish = {.directory = directory,
			.name = &bad[i],
			.names = 1,
			.days = 1,
			.stem = "bad"};
		struct tls_made made;
		char why[TLS_WHY];

		assert_int_equal(tls_authority_init(&wish, &made, why), -EINVAL);
		assert_non_null(strstr(why, "neither an address nor a DNS name"));
	}
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_directory(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A key with a passphrase: "PEM, encrypted" is all that has to be seen. */
static void write_encrypted_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *out = BIO_new_file(in_directory("locked.key"), "w");

	assert_true(key && out);
	assert_int_equal(
		PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL),
		1);
	BIO_free(out);
	EVP_PKEY_free(key);
}

static void test_refusals_and_their_reasons(void **state)
{
	static const struct {
		const char *certificate, *key, *setting, *said;
	} row[] = {
		{"missing.crt", "rsa.key", "certificate", "No such file"},
		{"rsa.crt", "missing.key", "key", "No such file"},
		{"empty", "rsa.key", "certificate", "has no certificate"},
		{"rsa.key", "rsa.key", "certificate", "has no certificate"},
		{"broken", "rsa.key", "certificate", "cannot be parsed"},
		{"rsa.crt", "rsa.crt", "key", "has no private key"},
		{"rsa.crt", "ecdsa.key", "key", "is not the key of the certificate"},
		{"ecdsa.crt", "other.key", "key", "is not the key of the certificate"},
		{"ecdsa.crt", "locked.key", "key", "is encrypted"},
		{".", "rsa.key", "certificate", "Is a directory"},
	};
	struct tls_credentials *credentials;
	struct tls_problem problem;

	(void)state;
	write_file("empty", "");
	write_file("broken", "-----BEGIN CERTIFICATE-----\nTm8gY2VydGlmaWNhdGU=\n"
			     "-----END CERTIFICATE-----\n");
	write_encrypted_key();
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct tls_files files = {
			in_directory(row[i].certificate), in_directory(row[i].key)};

		assert_int_not_equal(
			tls_credentials_load(&credentials, &files, 1, NULL, &problem), 0);
		assert_null(credentials);
		assert_string_equal(problem.setting, row[i].setting);
		if (!strstr(problem.why, row[i].said))
			fail_msg("%zu: %s", i, problem.why);
	}
}

/* --- who accepts it ------------------------------------------------------------------ */

/* A client that accepts is given this key; 0: it accepts none. */
static const char *accepted(const char *client, const struct tls_facts *const *facts, size_t n)
{
	for (size_t i = 0; i < tls_firmware_count(); i++) {
		struct tls_verdict verdict = tls_firmware_verdict(i, facts, n, 1000);

		if (strcmp(verdict.client, client) != 0)
			continue;
		assert_true((verdict.given == NULL) == (verdict.why != NULL));
		return verdict.given ? verdict.given->key : NULL;
	}
	fail_msg("%s is unknown", client);
	return NULL;
}

static struct tls_facts facts_of(enum tls_key_kind kind, const char *key, unsigned security_bits)
{
	struct tls_facts facts = {.kind = kind, .security_bits = security_bits, .not_after = 2000};

	strcpy(facts.key, key);
	return facts;
}

static void test_generations_of_firmware(void **state)
{
	static const char edk2_strict[] = "UEFI HTTPS Boot, EDK2 2025-11 to 2026-05";
	static const char edk2[] = "UEFI HTTPS Boot, EDK2 2026-08 and newer";
	static const char edk2_old[] = "UEFI HTTPS Boot, EDK2 until 2022";
	static const char ipxe_old[] = "iPXE before 2.0", ipxe[] = "iPXE 2.0 and newer";
	const struct tls_facts rsa = facts_of(TLS_KEY_RSA, "RSA 2048", 112),
			       strong = facts_of(TLS_KEY_RSA, "RSA 3072", 128),
			       ecdsa = facts_of(TLS_KEY_ECDSA, "ECDSA P-256", 128),
			       other = facts_of(TLS_KEY_OTHER, "ED25519", 128), *one[] = {&rsa},
			       *two[] = {&ecdsa, &rsa}, *both[] = {&rsa, &strong};

	(void)state;
	assert_string_equal(accepted(edk2, one, 1), "RSA 2048");
	assert_null(accepted(edk2_strict, one, 1));
	one[0] = &strong;
	assert_string_equal(accepted(edk2_strict, one, 1), "RSA 3072");
	one[0] = &ecdsa;
	assert_null(accepted(ipxe_old, one, 1));
	assert_null(accepted(edk2_old, one, 1));
	assert_string_equal(accepted(ipxe, one, 1), "ECDSA P-256");
	assert_string_equal(accepted(edk2_strict, one, 1), "ECDSA P-256");
	assert_string_equal(accepted(ipxe_old, two, 2), "RSA 2048");
	assert_string_equal(accepted(edk2, two, 2), "ECDSA P-256");
	assert_null(accepted("GRUB", two, 2));
	/* Of one type it gets the first one, and not the one that it would accept. */
	assert_null(accepted(edk2_strict, both, 2));
	one[0] = &other;
	assert_null(accepted(edk2, one, 1));
}

static void test_times_and_faults_count_for_all(void **state)
{
	struct tls_facts facts = facts_of(TLS_KEY_RSA, "RSA 3072", 128);
	const struct tls_facts *one[] = {&facts};

	(void)state;
	for (size_t i = 0; i < tls_firmware_count(); i++) {
		facts.not_after = 1000;
		assert_null(tls_firmware_verdict(i, one, 1, 1000).given);
		facts.not_after = 2000;
		facts.not_before = 1001;
		assert_null(tls_firmware_verdict(i, one, 1, 1000).given);
		facts.not_before = 0;
		facts.fault = "it is faulty";
		assert_null(tls_firmware_verdict(i, one, 1, 1000).given);
		facts.fault = NULL;
	}
}

/* --- what a client is given ---------------------------------------------------------- */

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
};

static struct client client_new(const char *signatures, const char *name, int version_max)
{
	struct client client = {.ctx = SSL_CTX_new(TLS_client_method())};

	assert_non_null(client.ctx);
	SSL_CTX_set_security_level(client.ctx, 0); /* TLS 1.1 is to be offered */
	SSL_CTX_set_max_proto_version(client.ctx, version_max);
	assert_int_equal(
		SSL_CTX_load_verify_locations(client.ctx, in_directory("ca.crt"), NULL), 1);
	SSL_CTX_set_verify(client.ctx, SSL_VERIFY_PEER, NULL);
	client.ssl = SSL_new(client.ctx);
	assert_non_null(client.ssl);
	if (signatures)
		assert_int_equal(SSL_ctrl(client.ssl, SSL_CTRL_SET_SIGALGS_LIST, 0,
					 (void *)(uintptr_t)signatures),
			1);
	if (name)
		SSL_ctrl(client.ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
			(void *)(uintptr_t)name);
	SSL_set_connect_state(client.ssl);
	return client;
}

static void client_free(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
}

/* Both sides in turn until neither goes on. Returns the handshake's last result at the server. */
static int shake_hands(struct http_channel *channel, SSL *ssl)
{
	int what, rc = -EAGAIN, done = 0;
	char octet;

	for (int turn = 0; turn < 10; turn++) {
		if (done != 1)
			done = SSL_do_handshake(ssl);
		if (rc == -EAGAIN)
			rc = http_channel_handshake(channel, &what);
	}
	if (done == 1)
		assert_int_equal(SSL_write(ssl, "x", 1), 1);
	if (rc == 0) /* in TLS 1.3 the client's verdict comes after the server's handshake */
		http_channel_receive(channel, &octet, 1);
	ERR_clear_error();
	return done == 1 ? rc : -EPROTO;
}

/* "ECDSA P-256" and so on: the type of key that the client has seen, or why there is none. */
static void expect(struct tls_server *server, const char *signatures, const char *name,
	int version_max, const char *key, const char *host)
{
	const struct http_transport transport = tls_server_transport(server);
	struct client client = client_new(signatures, name, version_max);
	struct http_channel channel;
	int fd[2], rc;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(http_channel_open(&channel, fd[0], &in6addr_loopback, &transport), 0);
	assert_int_equal(SSL_set_fd(client.ssl, fd[1]), 1);
	rc = shake_hands(&channel, client.ssl);
	if (!key) {
		assert_int_not_equal(rc, 0);
	} else {
		X509 *own = SSL_get1_peer_certificate(client.ssl);

		assert_int_equal(rc, 0);
		assert_non_null(own);
		assert_true(EVP_PKEY_is_a(X509_get0_pubkey(own), key));
		assert_int_equal(X509_check_host(own, host, 0, 0, NULL), 1);
		X509_free(own);
	}
	http_channel_close(&channel);
	client_free(&client);
	close(fd[1]);
}

static struct tls_server *server_of(struct tls_credentials *credentials)
{
	struct tls_server *server = tls_server_new("test");

	assert_non_null(server);
	tls_server_set(server, credentials);
	return server;
}

#define BOOT "boot.example.org"

static void test_the_certificate_fits_the_client(void **state)
{
	const struct tls_files files[] = {files_of("rsa"), files_of("ecdsa"), files_of("other")};
	struct tls_server *server = server_of(load(2, files));

	(void)state;
	/* iPXE before 2.0 has RSA signatures only. */
	expect(server, "RSA+SHA256:RSA+SHA384", NULL, TLS1_2_VERSION, "RSA", BOOT);
	expect(server, "rsa_pss_rsae_sha256", NULL, TLS1_3_VERSION, "RSA", BOOT);
	expect(server, "ECDSA+SHA256", NULL, TLS1_2_VERSION, "EC", BOOT);
	expect(server, "ECDSA+SHA256", NULL, TLS1_3_VERSION, "EC", BOOT);
	tls_server_free(server);

	server = server_of(load(1, files));
	expect(server, "RSA+SHA256", NULL, TLS1_2_VERSION, "RSA", BOOT);
	expect(server, "ECDSA+SHA256", NULL, TLS1_3_VERSION, NULL, NULL);
	tls_server_free(server);
}

static void test_the_certificate_has_the_name_that_is_asked_for(void **state)
{
	const struct tls_files files[] = {files_of("ecdsa"), files_of("other"), files_of("rsa")};
	struct tls_server *server = server_of(load(3, files));

	(void)state;
	expect(server, "ECDSA+SHA256", "other.example.org", TLS1_3_VERSION, "EC",
		"other.example.org");
	expect(server, "ECDSA+SHA256", BOOT, TLS1_3_VERSION, "EC", BOOT);
	/* A name that none has, and none at all: the first one of the type. */
	expect(server, "ECDSA+SHA256", "x.example.org", TLS1_3_VERSION, "EC", BOOT);
	expect(server, "ECDSA+SHA256", NULL, TLS1_2_VERSION, "EC", BOOT);
	tls_server_free(server);
}

static void test_old_versions_are_refused(void **state)
{
	const struct tls_files files = files_of("rsa");
	struct tls_server *server = server_of(load(1, &files));
	struct tls_stats stats;

	(void)state;
	expect(server, NULL, NULL, TLS1_1_VERSION, NULL, NULL);
	expect(server, NULL, NULL, TLS1_2_VERSION, "RSA", BOOT);
	tls_server_get_stats(server, &stats);
	assert_int_equal(stats.handshakes, 1);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(stats.mistrusted, 0);
	tls_server_free(server);
}

static void test_a_client_that_mistrusts_is_counted(void **state)
{
	const struct tls_files files = files_of("old"); /* expired */
	struct tls_server *server = server_of(load(1, &files));
	struct tls_stats stats;

	(void)state;
	expect(server, NULL, NULL, TLS1_2_VERSION, NULL, NULL);
	expect(server, NULL, NULL, TLS1_3_VERSION, NULL, NULL);
	tls_server_get_stats(server, &stats);
	assert_int_equal(stats.failed, 2);
	assert_int_equal(stats.mistrusted, 2);
	tls_server_free(server);
}

/* A handshake that has begun ends with the certificates with which it began. */
static void test_exchange_in_the_middle_of_a_handshake(void **state)
{
	const struct tls_files ecdsa = files_of("ecdsa"), other = files_of("other");
	struct tls_server *server = server_of(load(1, &ecdsa));
	const struct http_transport transport = tls_server_transport(server);
	struct client client = client_new(NULL, NULL, TLS1_3_VERSION);
	struct http_channel channel;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(http_channel_open(&channel, fd[0], &in6addr_loopback, &transport), 0);
	assert_int_equal(SSL_set_fd(client.ssl, fd[1]), 1);
	tls_server_set(server, load(1, &other));
	assert_int_equal(shake_hands(&channel, client.ssl), 0);
	assert_int_equal(
		X509_check_host(SSL_get0_peer_certificate(client.ssl), BOOT, 0, 0, NULL), 1);
	http_channel_close(&channel);
	client_free(&client);
	close(fd[1]);
	expect(server, NULL, NULL, TLS1_3_VERSION, "EC", "other.example.org");
	tls_server_free(server);
}

/* After bootd has dropped its privileges, a key that it had read before goes on being used. */
static void test_a_key_that_is_no_longer_readable(void **state)
{
	const struct tls_files files = files_of("ecdsa"), other = files_of("other");
	struct tls_credentials *before = load(1, &files), *after;
	struct tls_problem problem;
	bool is_root = geteuid() == 0;

	(void)state;
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chmod(files.key, 0), 0);
	assert_int_equal(chmod(other.key, 0), 0);
	if (is_root) /* for whom modes do not count */
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(tls_credentials_load(&after, &files, 1, NULL, &problem), -EACCES);
	assert_string_equal(problem.setting, "key");
	assert_non_null(strstr(problem.why, "chgrp"));
	assert_int_equal(tls_credentials_load(&after, &files, 1, before, &problem), 0);
	tls_credentials_free(after);
	assert_int_equal(tls_credentials_load(&after, &other, 1, before, &problem), -EACCES);
	tls_credentials_free(before);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_of_what_init_makes),
		cmocka_unit_test(test_keys_are_private),
		cmocka_unit_test(test_init_again_keeps_the_ca),
		cmocka_unit_test(test_init_refuses_names_that_are_none),
		cmocka_unit_test(test_refusals_and_their_reasons),
		cmocka_unit_test(test_generations_of_firmware),
		cmocka_unit_test(test_times_and_faults_count_for_all),
		cmocka_unit_test(test_the_certificate_fits_the_client),
		cmocka_unit_test(test_the_certificate_has_the_name_that_is_asked_for),
		cmocka_unit_test(test_old_versions_are_refused),
		cmocka_unit_test(test_a_client_that_mistrusts_is_counted),
		cmocka_unit_test(test_exchange_in_the_middle_of_a_handshake),
		cmocka_unit_test(test_a_key_that_is_no_longer_readable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
