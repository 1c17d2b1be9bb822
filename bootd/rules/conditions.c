/* SPDX-License-Identifier: ISC */
/*
 * The logic of positive and negated values, which is the same for all kinds of conditions: is a
 * condition met, and does one set of conditions cover another? The kinds are in condition_kinds.c.
 *
 * Two invariants keep warnings by conditions_cover() true: `covers(a, b)` of a kind is true only if
 * every client that has value b has value a, and a kind without `covers` covers nothing.
 */
#include "bootd/rules/conditions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/client/client_facts.h"

const char *condition_name(enum condition_kind kind)
{
	return condition_row(kind)->name;
}

const char *condition_syntax(enum condition_kind kind)
{
	return condition_row(kind)->syntax;
}

bool condition_is_in_class(enum condition_kind kind)
{
	return condition_row(kind)->in_class;
}

bool condition_named(const char *name, enum condition_kind *kind, bool *is_negated)
{
	*is_negated = strncmp(name, "not-", 4) == 0;
	if (*is_negated)
		name += 4;
	for (int i = 0; i < CONDITION_KINDS; i++) {
		*kind = (enum condition_kind)i;
		if (strcmp(condition_row((enum condition_kind)i)->name, name) == 0)
			return true;
	}
	return false;
}

static void forget_values(struct condition *condition, enum condition_kind kind, size_t from)
{
	while (condition->values > from) {
		condition->values--;
		if (condition_row(kind)->release)
			condition_row(kind)->release(&condition->value[condition->values]);
	}
}

int conditions_add(
	struct conditions *when, enum condition_kind kind, const char *text, bool is_negated)
{
	struct condition_value base = {.is_negated = is_negated};
	struct condition *condition = &when->of[kind];
	size_t before = condition->values;
	int rc;

	if (*text == '!') {
		if (is_negated)
			return -EINVAL;
		base.is_negated = true;
		text++;
	}
	rc = condition_row(kind)->build(condition, text, &base);
	if (rc < 0)
		forget_values(condition, kind, before);
	return rc;
}

void conditions_fini(struct conditions *when)
{
	for (int i = 0; i < CONDITION_KINDS; i++) {
		forget_values(&when->of[i], (enum condition_kind)i, 0);
		free(when->of[i].value);
	}
	*when = (struct conditions){0};
}

/* --- matching ---------------------------------------------------------------- */

static bool is_met(const struct condition *condition, enum condition_kind kind,
	const struct condition_candidate *c)
{
	bool has_positive = false, has_one = false;

	for (size_t i = 0; i < condition->values; i++) {
		const struct condition_value *value = &condition->value[i];

		if (!value->is_negated) {
			has_positive = true;
			has_one = has_one || condition_row(kind)->matches(value, c);
		} else if (condition_row(kind)->matches(value, c)) {
			return false;
		}
	}
	return has_one || !has_positive;
}

const char *conditions_unmet(const struct conditions *when, const struct client_facts *facts,
	const struct prefix *subnet, const struct boot_host *host)
{
	const struct condition_candidate candidate = {facts, subnet, host};

	for (int i = 0; i < CONDITION_KINDS; i++)
		if (when->of[i].values > 0 &&
			!is_met(&when->of[i], (enum condition_kind)i, &candidate))
			return condition_row((enum condition_kind)i)->name;
	return NULL;
}

bool conditions_allow_arch(const struct conditions *when, uint16_t code)
{
	const struct client_facts facts = {.archs = 1, .arch = {code}};
	const struct condition_candidate candidate = {.facts = &facts};

	return is_met(&when->of[CONDITION_ARCH], CONDITION_ARCH, &candidate);
}

const struct condition_value *conditions_only_value(
	const struct conditions *when, enum condition_kind kind)
{
	const struct condition *condition = &when->of[kind];

	return condition->values == 1 && !condition->value[0].is_negated ? condition->value : NULL;
}

/* --- covering ---------------------------------------------------------------- */

static bool has_positive(const struct condition *condition)
{
	for (size_t i = 0; i < condition->values; i++)
		if (!condition->value[i].is_negated)
			return true;
	return false;
}

/* Does any value of the condition with this sign cover `value`? */
static bool is_covered_by(const struct condition *condition, bool is_negated,
	const struct condition_value *value, enum condition_kind kind)
{
	for (size_t i = 0; condition_row(kind)->covers && i < condition->values; i++)
		if (condition->value[i].is_negated == is_negated &&
			condition_row(kind)->covers(&condition->value[i], value))
			return true;
	return false;
}

/*
 * a covers b if each positive value of b is inside one of a's (or a has none), and what a excludes
 * is excluded by b already.
 */
static bool condition_covers(
	const struct condition *a, const struct condition *b, enum condition_kind kind)
{
	if (has_positive(a) && !has_positive(b))
		return false;
	for (size_t i = 0; has_positive(a) && i < b->values; i++)
		if (!b->value[i].is_negated && !is_covered_by(a, false, &b->value[i], kind))
			return false;
	for (size_t i = 0; i < a->values; i++)
		if (a->value[i].is_negated && !is_covered_by(b, true, &a->value[i], kind))
			return false;
	return true;
}

bool conditions_cover(const struct conditions *a, const struct conditions *b)
{
	for (int i = 0; i < CONDITION_KINDS; i++)
		if (!condition_covers(&a->of[i], &b->of[i], (enum condition_kind)i))
			return false;
	return true;
}
