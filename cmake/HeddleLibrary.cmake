# SPDX-License-Identifier: Apache-2.0
# The one installable library `heddle`: the objects of every folder, with a CMake package and a pkg-config file.

get_property(parts GLOBAL PROPERTY HEDDLE_COMPILED_PARTS)
if(NOT parts)
  return()
endif()
set(objects "")
foreach(part IN LISTS parts)
  list(APPEND objects "$<TARGET_OBJECTS:${part}>")
endforeach()

add_library(heddle ${objects})
add_library(heddle::heddle ALIAS heddle)
set_target_properties(heddle PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(heddle INTERFACE
  "$<BUILD_INTERFACE:${HEDDLE_PUBLIC_HEADERS}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(heddle INTERFACE cxx_std_20)
target_link_libraries(heddle PRIVATE Threads::Threads xxHash::xxHash ${CMAKE_DL_LIBS})
set(HEDDLE_PC_REQUIRES "libxxhash")
set(HEDDLE_PC_LIBS "-lpthread -lstdc++")
if(HEDDLE_MIMALLOC)
  target_link_libraries(heddle PRIVATE mimalloc)
  string(APPEND HEDDLE_PC_LIBS " -lmimalloc")
endif()
if(HEDDLE_FIBERS)
  target_link_libraries(heddle PRIVATE Boost::context LMDB::LMDB Hiredis::Hiredis)
  string(APPEND HEDDLE_PC_LIBS " -lboost_context -llmdb -lhiredis")
endif()

if(HEDDLE_JIT)
  target_link_libraries(heddle PRIVATE asmjit::asmjit Zydis::Zydis)
  string(APPEND HEDDLE_PC_LIBS " -lasmjit -lrt -lZydis")
endif()

include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/heddle")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/heddleConfig.cmake.in" "${PROJECT_BINARY_DIR}/heddleConfig.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/heddleConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
configure_file("${PROJECT_SOURCE_DIR}/cmake/heddle.pc.in" "${PROJECT_BINARY_DIR}/heddle.pc" @ONLY)

install(TARGETS heddle EXPORT heddleTargets)
install(EXPORT heddleTargets NAMESPACE heddle:: DESTINATION "${package_dir}")
install(FILES "${PROJECT_BINARY_DIR}/heddleConfig.cmake" "${PROJECT_BINARY_DIR}/heddleConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/third_party/FindxxHash.cmake" "${PROJECT_SOURCE_DIR}/third_party/FindLMDB.cmake"
  "${PROJECT_SOURCE_DIR}/third_party/FindHiredis.cmake" DESTINATION "${package_dir}")
install(FILES "${PROJECT_BINARY_DIR}/heddle.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
foreach(folder IN LISTS HEDDLE_PUBLIC_HEADERS)
  install(DIRECTORY "${folder}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
endforeach()

# The proof that the installed files are enough: an example is built against nothing else.
set(consumer "${PROJECT_SOURCE_DIR}/examples/embed.cpp")
if(PROJECT_IS_TOP_LEVEL AND EXISTS "${consumer}")
  add_test(NAME install-and-consume COMMAND "${CMAKE_COMMAND}"
    -D "BUILD_DIR=${PROJECT_BINARY_DIR}" -D "SOURCE_DIR=${PROJECT_SOURCE_DIR}" -D "SOURCE=${consumer}"
    -D "CXX=${CMAKE_CXX_COMPILER}" -D "SHARED=${BUILD_SHARED_LIBS}" -D "SANITIZE=${HEDDLE_SANITIZE}"
    -P "${PROJECT_SOURCE_DIR}/cmake/install_and_consume.cmake")
  set_tests_properties(install-and-consume PROPERTIES LABELS install TIMEOUT 300)
endif()
