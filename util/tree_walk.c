/* SPDX-License-Identifier: ISC */
#include "util/tree_walk.h"

#include <config.h>

#if defined(HAVE_TWALK_R) && !defined(NB6_NO_TWALK_R) /* a test sets the latter */

void tree_walk(const void *root, void (*visit)(const void *node, VISIT order, void *arg), void *arg)
{
	twalk_r(root, visit, arg);
}

#else

/* The walk that is under way in this thread; a visit may begin another one. */
struct walk {
	void (*visit)(const void *node, VISIT order, void *arg);
	void *arg;
};

static _Thread_local const struct walk *current;

static void visit_current(const void *node, VISIT order, int depth)
{
	(void)depth;
	current->visit(node, order, current->arg);
}

void tree_walk(const void *root, void (*visit)(const void *node, VISIT order, void *arg), void *arg)
{
	const struct walk *outer = current, walk = {visit, arg};

	current = &walk;
	twalk(root, visit_current);
	current = outer;
}

#endif
