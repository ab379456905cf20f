# SPDX-License-Identifier: Apache-2.0
#
# ZKL_CHECK_ZOOKEEPER
# -------------------
# The multi-threaded C client of ZooKeeper, which comes without a .pc file. Sets ZOOKEEPER_CFLAGS and
# ZOOKEEPER_LIBS; both may be given. Stops with the reason when the client is absent or too old:
# multi is of 3.4.0, containers and zoo_acreate2 of 3.5.3, zookeeper_init2 of 3.5.3 and
# zoo_set_servers_resolution_delay of 3.7.0.
m4_define([ZKL_ZOOKEEPER_OLDEST], [3.7.0])

AC_DEFUN([ZKL_CHECK_ZOOKEEPER], [
AC_ARG_VAR([ZOOKEEPER_CFLAGS], [C compiler flags for the ZooKeeper client, overriding the search])
AC_ARG_VAR([ZOOKEEPER_LIBS], [linker flags for the ZooKeeper client, overriding the search])
AS_VAR_IF([ZOOKEEPER_LIBS], [], [ZOOKEEPER_LIBS=-lzookeeper_mt])

zkl_save_CPPFLAGS=$CPPFLAGS
zkl_save_LIBS=$LIBS
CPPFLAGS="$CPPFLAGS $ZOOKEEPER_CFLAGS"
LIBS="$ZOOKEEPER_LIBS $LIBS"

AC_CHECK_HEADER([zookeeper/zookeeper.h], [],
  [_ZKL_ZOOKEEPER_FAILURE([the header zookeeper/zookeeper.h is missing])])
m4_foreach_w([zkl_function],
  [zookeeper_init2 zoo_amulti zoo_acreate2 zoo_set_servers_resolution_delay],
  [AC_MSG_CHECKING([for zkl_function in $ZOOKEEPER_LIBS])
   AC_LINK_IFELSE([AC_LANG_CALL([], zkl_function)], [AC_MSG_RESULT([yes])], [
     AC_MSG_RESULT([no])
     _ZKL_ZOOKEEPER_FAILURE([zkl_function cannot be linked with $ZOOKEEPER_LIBS])])
])
AC_MSG_CHECKING([for container nodes])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <zookeeper/zookeeper.h>]],
    [[return ZOO_CONTAINER == 0;]])],
  [AC_MSG_RESULT([yes])], [
   AC_MSG_RESULT([no])
   _ZKL_ZOOKEEPER_FAILURE([the header knows no container nodes])])

# The header declares TLS and SASL also where the library was built without them. Debian's was.
AC_CHECK_FUNCS([zookeeper_init_ssl zookeeper_init_sasl])

CPPFLAGS=$zkl_save_CPPFLAGS
LIBS=$zkl_save_LIBS
])

# _ZKL_ZOOKEEPER_FAILURE(CAUSE)
AC_DEFUN([_ZKL_ZOOKEEPER_FAILURE], [AC_MSG_ERROR([no usable ZooKeeper C client: $1.
  libzklock needs libzookeeper_mt ZKL_ZOOKEEPER_OLDEST or later (multi, containers, resolution delay).
  Debian and Ubuntu: apt-get install libzookeeper-mt-dev (or scripts/deps demo)
  elsewhere: build zookeeper-client/zookeeper-client-c of an Apache ZooKeeper release, then
  ./configure ZOOKEEPER_CFLAGS=-I/PREFIX/include ZOOKEEPER_LIBS='-L/PREFIX/lib -lzookeeper_mt'])])
