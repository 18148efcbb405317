/* SPDX-License-Identifier: Apache-2.0 */
/* plan_text -- parts of plans in JSON, as tests of codecs write them. */
#ifndef TESTS_UNIT_PLAN_TEXT_H
#define TESTS_UNIT_PLAN_TEXT_H

#define SPILL(home)                           \
	"{\"service\":\"w\",\"home\":\"" home \
	"\",\"parts\":[{\"endpoint\":\"b\",\"share\":0.25},{\"endpoint\":\"a\",\"share\":0}]}"
#define DIGEST \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define COMMAND(id)                                                \
	"{\"id\":\"" id "\",\"kind\":\"drain\",\"target\":\"eu\"," \
	"\"author\":\"ann\",\"reason\":\"r\",\"wall_made_ms\":1,"  \
	"\"wall_expires_ms\":2}"

#endif
