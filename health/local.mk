noinst_LIBRARIES += %D%/libhealth.a
health_libhealth_a_SOURCES =
