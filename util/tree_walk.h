/* SPDX-License-Identifier: ISC */
/* twalk_r(3) for every libc: glibc has it, musl does not. */
#ifndef NB6_UTIL_TREE_WALK_H
#define NB6_UTIL_TREE_WALK_H

#include <search.h>

/* Calls `visit` for the nodes of a tree of tsearch(3), as twalk(3) does, with `arg`. */
void tree_walk(const void *root, void (*visit)(const void *node, VISIT order, void *arg), void *arg);

#endif
