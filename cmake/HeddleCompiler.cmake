# SPDX-License-Identifier: Apache-2.0
# Compiler and linker settings shared by all of the project's own code.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
if(BUILD_SHARED_LIBS)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
# Line tables in a release cost nothing at run time and make a profile or a crash readable.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
if(HEDDLE_SANITIZE)
  # Unoptimized, the sanitizers' checks make the suites four times slower and find no more.
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()

find_program(HEDDLE_CCACHE ccache)
if(HEDDLE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${HEDDLE_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${HEDDLE_CCACHE}")
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  string(REGEX MATCH "^[0-9]+" heddle_clang_major "${CMAKE_CXX_COMPILER_VERSION}")
  find_program(HEDDLE_LLD NAMES ld.lld-${heddle_clang_major})
  if(HEDDLE_LLD)
    add_link_options("--ld-path=${HEDDLE_LLD}")
  endif()
endif()

if(HEDDLE_SANITIZE)
  add_compile_options("-fsanitize=${HEDDLE_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${HEDDLE_SANITIZE}")
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND HEDDLE_SANITIZE MATCHES "undefined")
    # The library has no run-time type information; programs that do would look for it in the library's objects.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(HEDDLE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "HEDDLE_FUZZ needs clang, because libFuzzer is part of it: use `cmake --preset fuzz`")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Where the headers of users stand: each folder of the list has heddle/*.h below it, and all are installed together.
set(HEDDLE_PUBLIC_HEADERS "${PROJECT_SOURCE_DIR}/engine/include")
if(NOT HEDDLE_ONLY_ENGINE)
  foreach(folder IN ITEMS jit wasi threads)
    if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/include")
      list(APPEND HEDDLE_PUBLIC_HEADERS "${PROJECT_SOURCE_DIR}/${folder}/include")
    endif()
  endforeach()
endif()

# heddle_own_code(target): the settings for code of this project, as opposed to what it links.
function(heddle_own_code target)
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<BUILD_INTERFACE:${HEDDLE_PUBLIC_HEADERS}>")
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -fno-rtti)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE -Wthread-safety)
  endif()
endfunction()
