/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target over the files of its corpus, with any compiler: seeds
 * and old crashes stay fixed in `make check`.
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
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static bool replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *file = fopen(path, "rb");
	bool whole = data && file && fread(data, 1, size, file) == size;

	if (!whole)
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	if (whole && size == 0) { /* malloc(1) would hide a read of the first octet */
		LLVMFuzzerTestOneInput(data + 1, 0);
		inputs++;
	} else if (whole) {
		LLVMFuzzerTestOneInput(data, size);
		inputs++;
	}
	free(data);
	return whole;
}

static bool replay_path(const char *path);

static bool replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool good = directory != NULL;
	char file[4096];

	if (!directory)
		fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		good = replay_path(file) && good;
	}
	if (directory)
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

int main(int argc, char **argv)
{
	bool good = true;
	int i;

	if (argc < 2)
		good = replay_corpus_of(argv[0]);
	for (i = 1; i < argc; i++)
		good = replay_path(argv[i]) && good;
	printf("%s: %lu inputs replayed\n", argv[0], inputs);
	return good && inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
