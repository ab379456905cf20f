/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - what programs hand in is checked before it counts. */
#include "api/options.h"

#include "base/log.h"
#include "lib/check_main.h"

static unsigned explained;

static void hear(int level, const char *text, void *user)
{
	explained += level == ZKLOCK_LOG_ERROR;
}

static int take(const zklock_session_options_t *options)
{
	struct zkl_session_config *config = NULL;
	int error;

	explained = 0;
	zkl_log_set(hear, ZKLOCK_LOG_WARNING, NULL);
	error = zkl_options_session("localhost", options, &config);
	zkl_log_set(NULL, ZKLOCK_LOG_WARNING, NULL);
	if (config)
		zkl_session_config_free(config);
	return error;
}

/* Times so long that their sum is a negative number once more than 63 bits would be needed. */
START_TEST(times_beyond_all_measure_leave_nothing)
{
	zklock_session_options_t o = ZKLOCK_SESSION_OPTIONS_INIT;

	ck_assert_int_eq(take(&o), ZKLOCK_OK);
	o.margin_ms = INT64_MAX;
	ck_assert_int_eq(take(&o), ZKLOCK_ERR_SETTINGS);
	ck_assert_uint_eq(explained, 1);
	o.proof_interval_ms = INT64_MAX / 2 + 1;
	ck_assert_int_eq(take(&o), ZKLOCK_ERR_SETTINGS);
	o.margin_ms = 0;
	ck_assert_int_eq(take(&o), ZKLOCK_ERR_SETTINGS);
	o.proof_interval_ms = ZKLOCK_NO_PROOF;
	o.margin_ms = INT64_MAX;
	ck_assert_int_eq(take(&o), ZKLOCK_OK); /* nothing is proven, so nothing must be left */
	o.session_timeout_ms = INT64_MAX;
	ck_assert_int_eq(take(&o), ZKLOCK_ERR_INVALID);
}
END_TEST

/* Programs that were built with another version: shorter, or longer and not used. */
START_TEST(structs_of_other_versions_are_taken)
{
	struct {
		zklock_session_options_t known;
		int64_t later;
	} o = {.known = {.size = sizeof(o)}};

	ck_assert_int_eq(take(&o.known), ZKLOCK_OK);
	o.later = 1;
	ck_assert_int_eq(take(&o.known), ZKLOCK_ERR_INVALID);
	o.known.size = offsetof(zklock_session_options_t, label);
	o.known.root = "/x/";
	ck_assert_int_eq(take(&o.known), ZKLOCK_ERR_NAME);
	o.known.root = NULL;
	o.known.session_timeout_ms = -1; /* behind its end */
	ck_assert_int_eq(take(&o.known), ZKLOCK_OK);
	o.known.size = 1;
	ck_assert_int_eq(take(&o.known), ZKLOCK_ERR_INVALID);
	ck_assert_int_eq(take(NULL), ZKLOCK_OK);
}
END_TEST

static void reads_as(const char *acl, const char *expected)
{
	zklock_session_options_t o = ZKLOCK_SESSION_OPTIONS_INIT;
	struct zkl_session_config *config = NULL;

	o.acl_mode = ZKLOCK_ACL_GIVEN;
	o.acl = acl;
	ck_assert_int_eq(zkl_options_session("localhost", &o, &config), ZKLOCK_OK);
	ck_assert_str_eq(config->acl, acl);
	ck_assert_str_eq(config->read_acl, expected);
	zkl_session_config_free(config);
}

/* A name of x509 has commas, and what follows one may look like the next entry. */
START_TEST(an_id_with_commas_stays_whole)
{
	reads_as("x509:CN=ann,O=acme:cdrwa", "x509:CN=ann,O=acme:r");
	reads_as("x509:CN=ann,O=acme:rw,world:anyone:w", "x509:CN=ann,O=acme:r,world:anyone:r");
	reads_as("digest:ann:hash=:cdrwa,auth::r", "digest:ann:hash=:r,auth::r");
}
END_TEST

START_TEST(what_is_no_acl_is_told_at_once)
{
	static const char *const bad[] = {NULL, "", "nonsense", "nonsense:here",
		"world:anyone:", "world:anyone:x", "world:anyone:r,", ",world:anyone:r",
		"a,world:anyone:r", ":anyone:r", "world:anyone:r,nonsense"};
	zklock_session_options_t o = ZKLOCK_SESSION_OPTIONS_INIT;

	o.acl_mode = ZKLOCK_ACL_GIVEN;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		o.acl = bad[i];
		ck_assert_msg(take(&o) == ZKLOCK_ERR_INVALID, "\"%s\"", bad[i]);
		ck_assert_uint_eq(explained, 1);
	}
}
END_TEST

START_TEST(a_creator_is_named_as_the_servers_name_him)
{
	zklock_session_options_t o = ZKLOCK_SESSION_OPTIONS_INIT;
	struct zkl_session_config *config = NULL;

	o.acl_mode = ZKLOCK_ACL_CREATOR;
	o.auth_scheme = "digest";
	o.auth_secret = "super:test";
	ck_assert_int_eq(zkl_options_session("localhost", &o, &config), ZKLOCK_OK);
	ck_assert_str_eq(config->acl, "digest:super:D/InIHSb7yEEbrWz8b9l71RjZJU=:cdrwa");
	ck_assert_str_eq(config->read_acl, "digest:super:D/InIHSb7yEEbrWz8b9l71RjZJU=:r");
	zkl_session_config_free(config);
}
END_TEST

CHECK_MAIN("options", times_beyond_all_measure_leave_nothing, structs_of_other_versions_are_taken,
	an_id_with_commas_stays_whole, what_is_no_acl_is_told_at_once,
	a_creator_is_named_as_the_servers_name_him)
