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

# heddle_add_guest(folder name sources...): name.wasm of C sources in guests/folder, and BUG.wasm for each bug that
# build_guests.py plants in the guests' headers; target guests_<folder>. Tests find them through HEDDLE_BINARY_DIR.
function(heddle_add_guest folder name)
  set(script "${PROJECT_SOURCE_DIR}/threads/sync/guests/build_guests.py")
  set(output "${PROJECT_BINARY_DIR}/guests/${folder}")
  list(GET ARGN 0 source)
  get_filename_component(beside "${source}" DIRECTORY)
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/threads/guest/heddle/*.h" "${beside}/*.h")
  add_custom_command(OUTPUT "${output}/built"
    COMMAND Python3::Interpreter "${script}" --clang "${HEDDLE_GUEST_CLANG}" "${output}" ${name} ${ARGN}
    COMMAND "${CMAKE_COMMAND}" -E touch "${output}/built"
    DEPENDS ${headers} ${ARGN} "${script}" COMMENT "Building the guests in guests/${folder}" VERBATIM)
  add_custom_target(guests_${folder} ALL DEPENDS "${output}/built")
endfunction()

heddle_add_guest(sync sync_guest "${PROJECT_SOURCE_DIR}/threads/sync/guests/sync_guest.c")

# The guest of the tests of threads by name.
file(GLOB guest_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/threads/guest/heddle/*.h")
set(thread_guest "${PROJECT_BINARY_DIR}/guests/thread_guest.wasm")
add_custom_command(OUTPUT "${thread_guest}"
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/guests"
  COMMAND "${HEDDLE_GUEST_CLANG}" --target=wasm32 -std=c11 -ffreestanding -nostdlib -O2 -Wall -Wextra -Werror -matomics
    -mbulk-memory -Wl,--no-entry -Wl,--shared-memory -Wl,--import-memory -Wl,--export-memory -Wl,--max-memory=1048576
    "-I${PROJECT_SOURCE_DIR}/threads/guest" "${PROJECT_SOURCE_DIR}/threads/guests/thread_guest.c" -o "${thread_guest}"
  DEPENDS ${guest_headers} "${PROJECT_SOURCE_DIR}/threads/guests/thread_guest.c"
  COMMENT "Building the guest of threads" VERBATIM)
add_custom_target(guests_threads ALL DEPENDS "${thread_guest}")

if(TARGET threads_test)
  add_dependencies(threads_test guests_sync guests_threads)
endif()
