/* SPDX-License-Identifier: ISC */
/* The walk through a tree for a libc without twalk_r(3), also one inside another. */
#define NB6_NO_TWALK_R
#include "util/tree_walk.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct text {
	char is[64];
	const void *inner; /* a tree to walk at each node; NULL: none */
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void append(const void *node, VISIT order, void *arg)
{
	struct text *text = arg;

	if (order != leaf && order != postorder)
		return;
	strcat(text->is, *(const char *const *)node);
	if (text->inner) {
		struct text inner = {"(", NULL};

		tree_walk(text->inner, append, &inner);
		strcat(strcat(text->is, inner.is), ")");
	}
}

static void *tree_of(const char *letters[])
{
	void *root = NULL;

	for (; *letters; letters++)
		assert_non_null(tsearch(*letters, &root, compare));
	return root;
}

static void forget(void *key)
{
	(void)key;
}

static void in_order_and_nested(void **state)
{
	void *outer = tree_of((const char *[]){"b", "c", "a", NULL});
	void *inner = tree_of((const char *[]){"y", "x", NULL});
	struct text text = {"", NULL}, nested = {"", inner};

	(void)state;
	tree_walk(outer, append, &text);
	assert_string_equal(text.is, "abc");
	tree_walk(outer, append, &nested);
	assert_string_equal(nested.is, "a(xy)b(xy)c(xy)");
	tree_walk(NULL, append, &text);
	assert_string_equal(text.is, "abc");
	tdestroy(outer, forget);
	tdestroy(inner, forget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(in_order_and_nested)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
