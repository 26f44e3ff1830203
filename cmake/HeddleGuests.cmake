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
add_custom_command(OUTPUT "${HEDDLE_GUESTS}/thread_guest.wasm"
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${HEDDLE_GUESTS}"
  COMMAND "${HEDDLE_GUEST_CLANG}" --target=wasm32 -std=c11 -ffreestanding -nostdlib -O2 -Wall -Wextra -Werror -matomics
    -mbulk-memory -Wl,--no-entry -Wl,--shared-memory -Wl,--import-memory -Wl,--export-memory -Wl,--max-memory=1048576
    "-I${PROJECT_SOURCE_DIR}/threads/guest" "${PROJECT_SOURCE_DIR}/threads/guests/thread_guest.c"
    -o "${HEDDLE_GUESTS}/thread_guest.wasm"
  DEPENDS ${guest_sources} "${PROJECT_SOURCE_DIR}/threads/guests/thread_guest.c"
  COMMENT "Building the guest of threads" VERBATIM)
add_custom_target(heddle_guests ALL DEPENDS "${HEDDLE_GUESTS}/sync/built" "${HEDDLE_GUESTS}/thread_guest.wasm")
if(TARGET threads_test)
  add_dependencies(threads_test heddle_guests)
endif()
