# SPDX-License-Identifier: Apache-2.0
# Finds what each part links; third_party/why.md gives the reasons and versions.

find_package(Threads REQUIRED)
find_package(xxHash REQUIRED)

add_library(heddle_dependencies INTERFACE)
target_link_libraries(heddle_dependencies INTERFACE Threads::Threads xxHash::xxHash ${CMAKE_DL_LIBS})
if(HEDDLE_MIMALLOC)
  find_package(mimalloc REQUIRED)
  target_link_libraries(heddle_dependencies INTERFACE mimalloc)
  target_compile_definitions(heddle_dependencies INTERFACE HEDDLE_MIMALLOC=1)
endif()

if(NOT HEDDLE_ONLY_ENGINE AND EXISTS "${PROJECT_SOURCE_DIR}/threads")
  set(HEDDLE_FIBERS ON)
  find_package(boost_context CONFIG REQUIRED)
  find_package(LMDB REQUIRED)
  find_package(Hiredis MODULE REQUIRED)
endif()

if(NOT HEDDLE_ONLY_ENGINE AND EXISTS "${PROJECT_SOURCE_DIR}/jit" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(HEDDLE_JIT ON)
  find_package(asmjit CONFIG REQUIRED)
  find_package(zydis CONFIG REQUIRED)
endif()

if(HEDDLE_TESTS)
  find_package(GTest REQUIRED)
endif()
if(HEDDLE_TOOLS)
  find_package(CLI11 REQUIRED)
  find_package(fmt REQUIRED)
  find_package(nlohmann_json REQUIRED)
endif()
if(HEDDLE_BENCH)
  find_package(benchmark REQUIRED)
endif()
