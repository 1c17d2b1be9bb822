/* SPDX-License-Identifier: ISC */
/*
 * What the file servers ask the one who knows the machines: which values has the script of the
 * client at this address, and has this machine booted?
 *
 * The file servers know an address and a path; who has the address, and what is configured for that
 * machine, is known to the DHCPv6 side, which may be another process. So an answer may come later.
 */
#ifndef NB6_BOOTD_FILES_BOOT_QUESTION_H
#define NB6_BOOTD_FILES_BOOT_QUESTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QUESTION_NAMES_MAX = 256, /* different names in one script */
	QUESTION_MAC_SIZE = 64,   /* of a text for a MAC: any longer one is wrong anyway */
};

enum boot_question_kind {
	QUESTION_SCRIPT, /* the values of `name` for the client */
	QUESTION_BOOTED, /* the installed system of the client says that it runs */
};

/* Borrowed. */
struct boot_question {
	enum boot_question_kind kind;
	struct in6_addr peer; /* the client's address, without a scope */
	const char *mac;      /* of the query: hostile text; NULL: none */
	bool is_probe;        /* BOOTED: by HEAD, which reports nothing */
	size_t names;
	const char *name[QUESTION_NAMES_MAX];
};

/* Borrowed; valid until the next question. */
struct boot_answer {
	/*
	 * SCRIPT: 0, also for an unknown client, for whom fewer names have values; -EINVAL if the
	 * query is malformed (HTTP 400); or another negative errno if this client may not have the
	 * script (HTTP 403). BOOTED: an HTTP status.
	 */
	int status;
	const char *text;                      /* BOOTED: a line for the client */
	size_t values;                         /* SCRIPT: as many as there are names */
	const char *value[QUESTION_NAMES_MAX]; /* NULL: unknown, left for iPXE */
};

typedef void boot_answered_fn(void *arg, const struct boot_answer *answer);

/* Part of the one who asks, until it is answered or forgotten. */
struct boot_asking {
	boot_answered_fn *answered;
	void *arg;
	/* private to the one who is asked */
	struct boot_asking *next;
	uint32_t id;
};

/*
 * Returns 0, and *now is the answer; -EINPROGRESS: `later` is answered once, unless forget() is
 * called before; or another negative errno: no answer.
 */
typedef int boot_ask_fn(void *arg, const struct boot_question *question, struct boot_answer *now,
	struct boot_asking *later);
typedef void boot_forget_fn(void *arg, struct boot_asking *later);

#endif
