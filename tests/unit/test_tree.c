/* SPDX-License-Identifier: Apache-2.0 */
/* tree: YAML as nodes that know their place. */
#include "policy/base/arena.h"
#include "policy/language/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tree *read_text(struct arena *arena, const char *text,
			      struct errors *errs)
{
	return tree_read(arena, "f", text, strlen(text), errs);
}

static void test_nodes_and_places(void **state)
{
	struct arena *arena = arena_new();
	struct errors errs = { 0 };
	struct tree *root = read_text(
		arena, "a: NO\nb:\n  - 1\n  - {x: '', y: ~}\n\"c d\": \"e\"\n",
		&errs);
	struct tree *b = tree_find(root, "b"), *map;

	(void)state;
	assert_int_equal(errs.count, 0);
	assert_int_equal(root->kind, TREE_MAP);
	assert_int_equal(root->count, 3);
	assert_string_equal(tree_find(root, "a")->text, "NO");
	assert_int_equal(tree_find(root, "a")->at.col, 4);
	assert_int_equal(b->kind, TREE_LIST);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->key->at.line, 2);
	assert_string_equal(b->first->text, "1");
	assert_int_equal(b->first->at.line, 3);
	assert_int_equal(b->first->at.col, 5);
	map = b->last;
	assert_false(tree_is_empty(tree_find(map, "x")));
	assert_true(tree_is_empty(tree_find(map, "y")));
	assert_int_equal(tree_find(map, "y")->key->at.col, 13);
	assert_null(tree_find(map, "z"));
	assert_null(tree_find(b->first, "z"));
	assert_string_equal(tree_find(root, "c d")->text, "e");
	assert_string_equal(tree_find(root, "c d")->at.file, "f");
	arena_free(arena);
}

/* clang-format off */
static const struct place_row {
	const char *title, *text;
	unsigned line, col; /* of the value of k */
} places[] = {
	{ "columns are octets",    "\xc3\xa9\xe2\x82\xac: {k: 1}\n", 1, 12 },
	{ "CR LF",                 "a: 1\r\nk: 1\r\n", 2, 4 },
	{ "CR alone",              "a: 1\rk: 1\r", 2, 4 },
	{ "next line (U+0085)",    "a: 1\xc2\x85k: 1", 2, 4 },
	{ "line separator",        "a: 1\xe2\x80\xa8k: 1", 2, 4 },
	{ "four octets",           "\xf0\x9f\xa7\xad: {k: 1}", 1, 11 },
	{ "byte order mark",       "\xef\xbb\xbfk: 1", 1, 4 },
	{ "and more lines",        "\xef\xbb\xbf" "a: 1\nk: 1", 2, 4 },
	{ "no newline at the end", "k: 1", 1, 4 },
	{ "behind comments",       "# \xc3\xa9\n\n  # b\nk:   1", 4, 6 },
};
/* clang-format on */

static const struct tree *find_k(const struct tree *root)
{
	const struct tree *k = tree_find(root, "k");

	return k != NULL ? k : tree_find(root->first, "k");
}

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct arena *arena = arena_new();
		struct errors errs = { 0 };
		struct tree *root = read_text(arena, places[i].text, &errs);
		const struct tree *k;

		if (root == NULL)
			fail_msg("%s: %s", places[i].title,
				 errs.list[0].error.text);
		k = find_k(root);
		if (k == NULL || k->at.line != places[i].line ||
		    k->at.col != places[i].col)
			fail_msg("%s: at %u:%u", places[i].title,
				 k == NULL ? 0 : k->at.line,
				 k == NULL ? 0 : k->at.col);
		arena_free(arena);
	}
}

/* clang-format off */
static const struct empty_row {
	const char *title, *text;
} empties[] = {
	{ "nothing", "" }, { "a newline", "\n" }, { "comments", "# a\n# b\n" },
	{ "a document of nothing", "---\n" },
};
/* clang-format on */

static void test_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(empties) / sizeof(empties[0]); i++) {
		struct arena *arena = arena_new();
		struct errors errs = { 0 };
		struct tree *root = read_text(arena, empties[i].text, &errs);

		if (root == NULL || errs.count != 0 ||
		    (root->kind != TREE_MAP && !tree_is_empty(root)))
			fail_msg("%s", empties[i].title);
		arena_free(arena);
	}
}

static void test_doubles_keep_the_first(void **state)
{
	struct arena *arena = arena_new();
	struct errors errs = { 0 };
	struct tree *root =
		read_text(arena, "b: 1\na: 2\nb: 3\na: 4\nb: 5\nc: 6\n", &errs);

	(void)state;
	errors_sort(&errs);
	assert_int_equal(errs.fatal, 3);
	assert_int_equal(errs.list[0].error.at.line, 3);
	assert_string_equal(errs.list[2].error.text,
			    "key \"b\" is already on line 1; keep one");
	assert_int_equal(root->count, 3);
	assert_string_equal(root->first->text, "1");
	assert_string_equal(root->first->next->text, "2");
	assert_string_equal(root->last->text, "6");
	assert_null(root->last->next);
	errors_fini(&errs);
	arena_free(arena);
}

/* Half a million keys are found double in seconds only if it is n log n. */
static void test_many_keys(void **state)
{
	struct arena *arena = arena_new();
	struct errors errs = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct tree *root;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		fprintf(out, "k%u: v\n", i % 99999);
	fclose(out);
	root = read_text(arena, text, &errs);
	assert_non_null(root);
	assert_int_equal(root->count, 99999);
	assert_int_equal(errs.fatal, 1);
	free(text);
	errors_fini(&errs);
	arena_free(arena);
}

static void test_too_deep(void **state)
{
	struct arena *arena = arena_new();
	struct errors errs = { 0 };
	char text[64];

	(void)state;
	memset(text, '[', TREE_DEPTH_MAX + 1);
	text[TREE_DEPTH_MAX + 1] = '\0';
	assert_null(read_text(arena, text, &errs));
	assert_int_equal(errs.fatal, 1);
	assert_int_equal(errs.list[0].error.at.col, TREE_DEPTH_MAX + 1);
	errors_fini(&errs);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes_and_places),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_doubles_keep_the_first),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_too_deep),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
