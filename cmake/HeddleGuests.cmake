# SPDX-License-Identifier: Apache-2.0
# What guests of threads/ need: their headers are installed, and the guests of its tests and benchmarks are built by clang.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/threads/guest/" DESTINATION "${CMAKE_INSTALL_DATADIR}/heddle/guest"
  FILES_MATCHING PATTERN "*.h")

if(NOT HEDDLE_TESTS AND NOT HEDDLE_BENCH)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(HEDDLE_GUEST_CLANG NAMES clang-19 clang)
if(NOT HEDDLE_GUEST_CLANG)
  message(FATAL_ERROR "The guests of the tests of threads/ are built by clang and wasm-ld, and there is no clang: "
    "`./dev setup` installs clang-19 and lld-19; or leave tests and benchmarks out with -D HEDDLE_TESTS=OFF -D HEDDLE_BENCH=OFF")
endif()

# Guests for tests, as *.wasm in this folder; tests find it through HEDDLE_BINARY_DIR.
set(HEDDLE_GUESTS "${PROJECT_BINARY_DIR}/guests")
file(GLOB guest_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/threads/guest/heddle/*.h"
  "${PROJECT_SOURCE_DIR}/threads/sync/guests/*")
add_custom_command(OUTPUT "${HEDDLE_GUESTS}/sync/built"
  COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/threads/sync/guests/build_guests.py"
    --clang "${HEDDLE_GUEST_CLANG}" "${HEDDLE_GUESTS}/sync"
  COMMAND "${CMAKE_COMMAND}" -E touch "${HEDDLE_GUESTS}/sync/built"
  DEPENDS ${guest_sources} COMMENT "Building the guests of threads/sync" VERBATIM)
add_custom_target(heddle_guests ALL DEPENDS "${HEDDLE_GUESTS}/sync/built")
if(TARGET threads_test)
  add_dependencies(threads_test heddle_guests)
endif()
