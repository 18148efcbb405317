policy_libpolicy_a_SOURCES +=
