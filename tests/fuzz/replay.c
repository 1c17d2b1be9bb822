/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target over the files of its corpus, with any compiler: seeds
 * and old crashes stay fixed in `make check`. Then over inputs that mutate.c
 * makes of them: NB6_FUZZ_RUNS many, from NB6_SEED (the same by default, so that
 * a build's outcome is no matter of luck). Where one is the end of the program,
 * it is kept, and its number said, with which it can be made again.
 *
 *	fuzz_NAME FILE|DIRECTORY...
 *
 * Each input is copied to a heap block of exactly its size, so that a
 * sanitizer sees a read that goes one octet too far. Without arguments the
 * corpus directory is $srcdir/tests/data/corpus/NAME, as automake's test
 * driver needs it. No input at all is a failure: it would test nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/mutate.h"

enum { FUZZ_RUNS = 20000, FUZZ_SEED = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* The sanitizers' runtime has it; then a signal is not how the program ends. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static struct mutate_seed *corpus; /* what was replayed, for mutate.c */
static size_t inputs;

static void run(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	if (size > 0)
		memcpy(exact, data, size);
	/* A block of one octet would hide a read of the first one of none. */
	LLVMFuzzerTestOneInput(size ? exact : exact + 1, size);
	free(exact);
}

/* Takes the octets over. */
static bool keep(uint8_t *data, size_t size)
{
	struct mutate_seed *grown = realloc(corpus, (inputs + 1) * sizeof(*corpus));

	if (!grown)
		return false;
	corpus = grown;
	corpus[inputs++] = (struct mutate_seed){data, size};
	return true;
}

static bool replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *file = fopen(path, "rb");
	bool whole = data && file && fread(data, 1, size, file) == size;

	if (!whole)
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	if (whole)
		run(data, size);
	if (whole && keep(data, size))
		return true;
	free(data);
	return false;
}

static bool replay_path(const char *path);

static bool replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool good = true;
	char file[4096];

	if (!directory) {
		fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
		return false;
	}
	while (errno = 0, (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		good = replay_path(file) && good;
	}
	if (errno) { /* a corpus of which a part was not read proves nothing */
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
		good = false;
	}
	closedir(directory);
	return good;
}

static bool replay_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	return S_ISDIR(st.st_mode) ? replay_directory(path) : replay_file(path, st.st_size);
}

/* "tests/fuzz/fuzz_netlink" replays "$srcdir/tests/data/corpus/netlink". */
static bool replay_corpus_of(const char *program)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(program, "fuzz_");
	char path[4096];

	while (name && strstr(name + 1, "fuzz_"))
		name = strstr(name + 1, "fuzz_");
	if (!name)
		return false;
	snprintf(path, sizeof(path), "%s/tests/data/corpus/%s", srcdir ? srcdir : ".",
		name + strlen("fuzz_"));
	return replay_path(path);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* --- mutated inputs ------------------------------------------------------------------ */

static struct {
	uint64_t seed, number;
	uint8_t data[MUTATE_MOST];
	size_t len;
} now;

/* The last thing that a dying process does. */
static void tell_input(void)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "fuzz-death-%llu-%llu", (unsigned long long)now.seed,
		(unsigned long long)now.number);
	file = fopen(path, "wb");
	if (file) {
		fwrite(now.data, 1, now.len, file);
		fclose(file);
	}
	fprintf(stderr, "NB6_SEED=%llu, mutated input %llu, kept in %s: put it into the corpus\n",
		(unsigned long long)now.seed, (unsigned long long)now.number, path);
}

static void tell_of_signal(int number)
{
	tell_input();
	signal(number, SIG_DFL);
	raise(number);
}

static void run_mutated(uint64_t runs)
{
	now.seed = number_from("NB6_SEED", FUZZ_SEED);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(tell_input);
	else
		signal(SIGSEGV, tell_of_signal);
	signal(SIGABRT, tell_of_signal);
	for (now.number = 0; now.number < runs; now.number++) {
		now.len = mutate_input(now.seed, now.number, corpus, inputs, now.data);
		run(now.data, now.len);
	}
}

static void free_corpus(void)
{
	for (size_t i = 0; i < inputs; i++)
		free((void *)(uintptr_t)corpus[i].data);
	free(corpus);
}

int main(int argc, char **argv)
{
	uint64_t runs = number_from("NB6_FUZZ_RUNS", FUZZ_RUNS);
	bool good = true;
	int i;

	if (argc < 2)
		good = replay_corpus_of(argv[0]);
	for (i = 1; i < argc; i++)
		good = replay_path(argv[i]) && good;
	good = good && inputs > 0;
	printf("%s: %zu inputs replayed\n", argv[0], inputs);
	if (good && argc < 2) {
		run_mutated(runs);
		printf("%s: %llu mutated inputs, NB6_SEED=%llu\n", argv[0],
			(unsigned long long)runs, (unsigned long long)now.seed);
	}
	free_corpus();
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
