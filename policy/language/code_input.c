/* SPDX-License-Identifier: Apache-2.0 */
/* code_input -- what is read: files, and the YAML in them: see code.h. */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_MEMORY, "memory", SEVERITY_ERROR,
	  "Memory ran out",
	  "Reading or judging the policy needed more memory than the process "
	  "may have.",
	  "What was not read was not judged, so the whole is refused.",
	  "Give the process more memory, or split a policy that is by far too "
	  "large.",
	  "ulimit -v 50000; windrose check policy/" },
	{ CODE_FILE_UNREADABLE, "file-unreadable", SEVERITY_ERROR,
	  "A file or folder of the policy cannot be read",
	  "A file is not there, is not readable for this user, is no ordinary "
	  "file, is larger than 16 MiB, or a link leads to a folder around it.",
	  "What it says is not known, so nothing that refers to it can be "
	  "judged.",
	  "Mend its name or its permissions; remove links that lead back.",
	  "zone: {name: gslb.example.com, records: not-there.zone}" },
	{ CODE_FOLDER_EMPTY, "folder-empty", SEVERITY_ERROR,
	  "No policy is in this folder",
	  "The folder and those below it hold no file whose name ends in "
	  ".yaml.",
	  "An empty policy serves nothing.",
	  "Name the folder that holds the policy, or write one there.",
	  "windrose check contrib/" },
	{ CODE_FILE_IGNORED, "file-ignored", SEVERITY_WARNING,
	  "A file looks like a part of the policy and is not read",
	  "Only files named *.yaml are read, and this one ends in .yml.",
	  "What stands in it has no effect, and whoever wrote it thinks "
	  "otherwise.",
	  "Rename it to *.yaml, or move it out of the folder.",
	  "policy/services.yml" },
	{ CODE_YAML_SYNTAX, "yaml-syntax", SEVERITY_ERROR,
	  "This is not YAML",
	  "The file breaks the rules of YAML here, or the mistake is a little "
	  "above and shows only here.",
	  "Nothing of the file can be used.",
	  "Look at indentation, at colons without a blank behind them, and at "
	  "quotes and brackets that are not closed.",
	  "zone: {name: gslb.example.com\n"
	  "regions: {}" },
	{ CODE_YAML_TAB, "yaml-tab", SEVERITY_ERROR,
	  "A tab stands where YAML wants spaces",
	  "YAML does not allow tabs in indentation.",
	  "Nothing of the file can be used.",
	  "Indent with spaces; let the editor write them for the tab key.",
	  "zone:\n"
	  "<tab>name: gslb.example.com" },
	{ CODE_YAML_ENCODING, "yaml-encoding", SEVERITY_ERROR,
	  "The file is not UTF-8 text",
	  "It has octets that are no UTF-8, or is in another encoding such as "
	  "UTF-16 or Latin-1.",
	  "Names could be read in more than one way.",
	  "Save it as UTF-8; iconv -f latin1 -t utf-8 converts.",
	  "zone: {name: gslb.example.com}  # with a Latin-1 umlaut" },
	{ CODE_YAML_NUL, "yaml-nul", SEVERITY_ERROR,
	  "A text has a NUL octet",
	  "An escape such as \\0 puts an octet of value zero into a text.",
	  "Names and addresses end there for much software, so one text could "
	  "mean two things.",
	  "Remove it.",
	  "zone: {name: \"gslb\\0.example.com\"}" },
	{ CODE_YAML_ANCHOR, "yaml-anchor", SEVERITY_ERROR,
	  "Anchors and aliases are not allowed",
	  "The file names a value with & or repeats one with *.",
	  "A reviewer should see what is written where it is written; and a "
	  "few aliases of aliases make a file that takes all memory.",
	  "Write the value out wherever it is needed.",
	  "regions:\n"
	  "  us: &there {location: [38.95, -77.45]}\n"
	  "  eu: *there" },
	{ CODE_YAML_TAG, "yaml-tag", SEVERITY_ERROR,
	  "Tags are not allowed",
	  "The file gives a value a type with !. The schema knows the types "
	  "already.",
	  "A tag would have no effect, or change what a reviewer reads.",
	  "Write the value alone.",
	  "zone: {name: !!str gslb.example.com}" },
	{ CODE_YAML_DOCUMENTS, "yaml-documents", SEVERITY_ERROR,
	  "A file has more than one document",
	  "A line of --- begins a second document in the same file.",
	  "A key could be in both, and a reader could stop after the first.",
	  "Put it into a file of its own: all files of the folder are one "
	  "policy.",
	  "zone: {name: gslb.example.com}\n"
	  "---\n"
	  "regions: {}" },
	{ CODE_YAML_DEPTH, "yaml-depth", SEVERITY_ERROR,
	  "Values are nested too deep",
	  "No key of the language is as deep as this.",
	  "Depth without a bound is how a small file exhausts a parser.",
	  "Write the values flatter; look for brackets that are opened twice.",
	  "clients: {a: [[[[[[[[[[[[[[[[[GB]]]]]]]]]]]]]]]]]}" },
	{ CODE_YAML_SIZE, "yaml-size", SEVERITY_ERROR,
	  "A file has too many values",
	  "One file may have about a million values.",
	  "A file without a bound exhausts memory.",
	  "Split it; lists of networks that long belong into the file of "
	  "geo.networks.",
	  "clients: {all-of-them: [192.0.2.0/32, 192.0.2.1/32, ...]}" },
	{ CODE_YAML_KEY, "yaml-key", SEVERITY_ERROR,
	  "A key is not a word",
	  "A list or a map stands where a key belongs.",
	  "No key of the language is one.",
	  "Write a word, and look whether a colon stands where a comma should.",
	  "regions: {[us, eu]: {location: [38.95, -77.45]}}" },
	{ CODE_KEY_TWICE, "key-twice", SEVERITY_ERROR,
	  "The same thing is defined twice",
	  "One key is written twice in a map, or one name in two files, or a "
	  "zone below zone and zones.",
	  "Which of the two is meant cannot be known, and to merge them would "
	  "hide that.",
	  "Keep one of the two; the message says where the other is.",
	  "regions:\n"
	  "  us: {location: [38.95, -77.45]}\n"
	  "  us: {location: [53.35, -6.26]}" },
};
/* clang-format on */

const struct code_part code_input = { rows, sizeof(rows) / sizeof(rows[0]) };
