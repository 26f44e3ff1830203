# SPDX-License-Identifier: Apache-2.0
# How a folder of sources becomes a library and a test program, so that authors never edit a CMake file.

# Folders with something to run on several threads; their tests also run under ThreadSanitizer.
set(HEDDLE_THREADED_FOLDERS support validation runtime interpreter api jit wasi threads schedules spec_tests)

# heddle_add_folder(name path [RECURSE]): library heddle_<name> of path/*.cpp, linking every library added before it, and
# program <name>_test of path/*_test.cpp. A folder that is absent or empty is skipped.
function(heddle_add_folder name path)
  cmake_parse_arguments(PARSE_ARGV 2 arg "RECURSE" "" "")
  heddle_glob(sources tests headers "${path}" ${arg_RECURSE})
  get_property(parts GLOBAL PROPERTY HEDDLE_PARTS)
  set(library heddle_${name})
  if(sources)
    add_library(${library} STATIC ${sources})
    heddle_own_code(${library})
    target_link_libraries(${library} PUBLIC ${parts} heddle_dependencies)
    set_property(GLOBAL APPEND PROPERTY HEDDLE_COMPILED_PARTS ${library})
  elseif(headers)
    add_library(${library} INTERFACE)
    target_link_libraries(${library} INTERFACE ${parts} heddle_dependencies)
  endif()
  if(TARGET ${library})
    set_property(GLOBAL APPEND PROPERTY HEDDLE_PARTS ${library})
  endif()
  get_property(parts GLOBAL PROPERTY HEDDLE_PARTS)
  heddle_add_tests(${name} "${tests}" ${parts})
endfunction()

# heddle_glob(sources tests headers path [RECURSE]): sorts a folder's files into three lists.
function(heddle_glob sources_out tests_out headers_out path)
  set(mode GLOB)
  if("RECURSE" IN_LIST ARGN OR "TRUE" IN_LIST ARGN)
    set(mode GLOB_RECURSE)
  endif()
  file(${mode} sources CONFIGURE_DEPENDS "${path}/*.cpp")
  file(${mode} headers CONFIGURE_DEPENDS "${path}/*.h")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  set(${sources_out} ${sources} PARENT_SCOPE)
  set(${tests_out} ${tests} PARENT_SCOPE)
  set(${headers_out} ${headers} PARENT_SCOPE)
endfunction()

# heddle_add_tests(name sources libraries...): one GoogleTest program <name>_test and one ctest entry for it.
function(heddle_add_tests name sources)
  if(NOT HEDDLE_TESTS OR NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  heddle_own_code(${name}_test)
  target_link_libraries(${name}_test PRIVATE ${ARGN} GTest::gtest GTest::gtest_main)
  # Tests read their data files by a path below the project's root.
  target_compile_definitions(${name}_test PRIVATE HEDDLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    HEDDLE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set(labels unit)
  if(name IN_LIST HEDDLE_THREADED_FOLDERS)
    list(APPEND labels threads)
  endif()
  add_test(NAME unit.${name} COMMAND ${name}_test --gtest_brief=1 WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(unit.${name} PROPERTIES LABELS "${labels}" TIMEOUT 600)
endfunction()

# heddle_add_subdirectory(folder): add_subdirectory for a folder that may have been deleted.
macro(heddle_add_subdirectory folder)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory(${folder})
  endif()
endmacro()
