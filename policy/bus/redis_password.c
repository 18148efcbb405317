/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_password.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/redis_url.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4096 };

static bool take(struct redis_login *login, const char *text, struct error *err)
{
	size_t len = strcspn(text, "\r\n");

	if (len == 0 || len >= sizeof(login->password)) {
		error_set(err,
			  "%s: its first line is no password of 1 to %zu "
			  "octets",
			  login->file, sizeof(login->password) - 1);
		return false;
	}
	memcpy(login->password, text, len);
	login->password[len] = '\0';
	login->has_password = true;
	return true;
}

static bool read_one(struct redis_login *login, struct error *err)
{
	size_t len;
	char *text;
	bool ok;

	if (login->file[0] == '\0')
		return true;
	text = file_read(login->file, FILE_MAX, &len, err);
	if (text == NULL)
		return false;
	ok = take(login, text, err);
	explicit_bzero(text, len);
	free(text);
	return ok;
}

bool redis_password_read(struct redis_url *url, struct error *err)
{
	return read_one(&url->login, err) && read_one(&url->sentinel, err);
}
