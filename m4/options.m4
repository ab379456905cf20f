# SPDX-License-Identifier: Apache-2.0

# ZKL_OPTIONAL_MODULE(VARIABLE, MODULES, WHAT-IT-IS-FOR)
# ------------------------------------------------------
# A pkg-config module that something beside the library can use: sets VARIABLE_CFLAGS, VARIABLE_LIBS,
# the automake conditional HAVE_VARIABLE, and a line for the summary. --without-MODULE leaves it out.
AC_DEFUN([ZKL_OPTIONAL_MODULE], [
AC_ARG_WITH(m4_tolower($1), [AS_HELP_STRING([--without-]m4_tolower($1), [do without $3])], [],
  [AS_VAR_SET([with_]m4_tolower($1), [check])])
zkl_with=$with_[]m4_tolower($1)
AS_CASE([$zkl_with],
  [no], [have_$1=no],
  [yes], [PKG_CHECK_MODULES([$1], [$2], [have_$1=yes])],
  [PKG_CHECK_MODULES([$1], [$2], [have_$1=yes], [have_$1=no])])
AM_CONDITIONAL([HAVE_$1], [test "$have_$1" = yes])
AS_VAR_IF([have_$1], [yes], [AC_DEFINE([HAVE_$1], [1], [$2: $3])])
])

# ZKL_SANITIZER
# -------------
# --enable-sanitizer=LIST, such as address,undefined or thread: instruments everything that is built.
AC_DEFUN([ZKL_SANITIZER], [
AC_ARG_ENABLE([sanitizer],
  [AS_HELP_STRING([--enable-sanitizer=LIST], [build with -fsanitize=LIST: address,undefined or thread])],
  [], [enable_sanitizer=no])
AS_CASE([$enable_sanitizer],
  [no], [],
  [yes], [AC_MSG_ERROR([--enable-sanitizer needs a list, such as --enable-sanitizer=address,undefined])], [
  zkl_save_CFLAGS=$CFLAGS
  SANITIZER_CFLAGS="-fsanitize=$enable_sanitizer -fno-omit-frame-pointer -fno-sanitize-recover=all"
  CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
  AC_MSG_CHECKING([whether $CC links with $SANITIZER_CFLAGS])
  AC_LINK_IFELSE([AC_LANG_PROGRAM], [AC_MSG_RESULT([yes])], [
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([$CC cannot build with -fsanitize=$enable_sanitizer: see config.log])])
  CFLAGS=$zkl_save_CFLAGS])
AC_SUBST([SANITIZER_CFLAGS])
AM_CONDITIONAL([SANITIZER], [test "$enable_sanitizer" != no])
])

# ZKL_FUZZ
# --------
# --enable-fuzz: fuzz/ is built for libFuzzer, which only clang has.
AC_DEFUN([ZKL_FUZZ], [
AC_ARG_ENABLE([fuzz], [AS_HELP_STRING([--enable-fuzz], [build the fuzz targets (CC=clang)])],
  [], [enable_fuzz=no])
AS_VAR_IF([enable_fuzz], [yes], [
  zkl_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -fsanitize=fuzzer"
  AC_MSG_CHECKING([whether $CC has libFuzzer])
  AC_LINK_IFELSE([AC_LANG_SOURCE([[
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return data && size ? 0 : 0; }]])],
    [AC_MSG_RESULT([yes])], [
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([--enable-fuzz needs clang with its run-time library: configure with CC=clang])])
  CFLAGS=$zkl_save_CFLAGS
  FUZZ_CFLAGS=-fsanitize=fuzzer-no-link
  FUZZ_LDFLAGS=-fsanitize=fuzzer])
AC_SUBST([FUZZ_CFLAGS])
AC_SUBST([FUZZ_LDFLAGS])
AM_CONDITIONAL([FUZZ], [test "$enable_fuzz" = yes])
])
