# SPDX-License-Identifier: Apache-2.0
# The test that installs the library into an empty prefix and builds and runs a stranger's program against it, twice:
# once through find_package(heddle) and once through pkg-config.
# Needs -D BUILD_DIR, SOURCE_DIR, SOURCE (the program), CXX, SHARED and SANITIZE.
set(work "${BUILD_DIR}/install-and-consume")
file(REMOVE_RECURSE "${work}")

# run(what command...): stops with `what` and everything the command said when it fails.
function(run what)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${SOURCE_DIR}/examples"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${output}")
  endif()
  message(STATUS "${what}: fine")
endfunction()

run("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${work}/prefix" --component Unspecified)
set(flags "")
if(SANITIZE)
  set(flags "-fsanitize=${SANITIZE}")
endif()
run("configure with find_package" "${CMAKE_COMMAND}" -S "${SOURCE_DIR}/cmake/consumer" -B "${work}/build" -G Ninja
  "-DCMAKE_PREFIX_PATH=${work}/prefix" "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_CXX_FLAGS=${flags}"
  "-DCONSUMER_SOURCE=${SOURCE}")
run("build with find_package" "${CMAKE_COMMAND}" --build "${work}/build")
run("run after find_package" "${work}/build/consumer")

file(GLOB_RECURSE pkgconfig_files "${work}/prefix/*/heddle.pc")
get_filename_component(pkgconfig_dir "${pkgconfig_files}" DIRECTORY)
set(static "--static")
if(SHARED)
  set(static "")
endif()
set(ENV{PKG_CONFIG_PATH} "${pkgconfig_dir}")
execute_process(COMMAND pkg-config --cflags --libs ${static} --define-variable=prefix=${work}/prefix heddle
  OUTPUT_VARIABLE pkgconfig_flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(pkgconfig_flags)
get_filename_component(library_dir "${pkgconfig_dir}" DIRECTORY)
separate_arguments(flags)
run("build with pkg-config" "${CXX}" -std=c++20 ${flags} "${SOURCE}" -o "${work}/by-pkg-config" ${pkgconfig_flags}
  "-Wl,-rpath,${library_dir}")
run("run after pkg-config" "${work}/by-pkg-config")
