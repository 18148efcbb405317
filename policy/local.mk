noinst_LIBRARIES += %D%/libpolicy.a
policy_libpolicy_a_SOURCES =

include policy/base/local.mk
include policy/language/local.mk
include policy/keys/local.mk
include policy/decide/local.mk
include policy/bus/local.mk
include policy/review/local.mk
dist_man_MANS += contrib/man/windrose-bus.7
