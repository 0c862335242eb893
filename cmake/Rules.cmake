# The build's few rules: flags, one precompiled header, and a function per kind of target.

set(TANDEM_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(TANDEM_FUZZ "Build the fuzz targets for libFuzzer, with clang" OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# maybe-uninitialized: this compiler sees ghosts in moved std::variants.
add_compile_options(-Wall -Wextra -Wno-maybe-uninitialized -fno-omit-frame-pointer -pthread)
if(TANDEM_FUZZ)
  add_compile_options(-w)  # warnings are the other compiler's
endif()
if(TANDEM_SANITIZE)
  # vptr asks a pipe whether an address is one: in a process without descriptors all are wrong.
  add_compile_options(-fsanitize=${TANDEM_SANITIZE} -fno-sanitize=vptr -O1 -g1)
  add_link_options(-fsanitize=${TANDEM_SANITIZE})
endif()
if(TANDEM_SANITIZE STREQUAL thread)
  # What tests/sanitizers/thread_libraries builds, in place of Debian's, for them and what they need.
  add_link_options(-Wl,--disable-new-dtags -Wl,-rpath,${CMAKE_SOURCE_DIR}/build/third_party/thread/lib)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-fpch-preprocess)
  else()
    add_compile_options(-Xclang -fno-pch-timestamp)
  endif()
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(TANDEM_GEN ${CMAKE_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${TANDEM_GEN})

# One precompiled header for the whole tree, the generated code included.
add_library(tandem_pch STATIC ${CMAKE_SOURCE_DIR}/platform/pch/pch.cc)
target_precompile_headers(tandem_pch PRIVATE ${CMAKE_SOURCE_DIR}/platform/pch/pch.h)
target_link_libraries(tandem_pch PUBLIC protobuf::libprotobuf absl::status absl::strings)

function(tandem_precompiled target)
  target_precompile_headers(${target} REUSE_FROM tandem_pch)
endfunction()

# tandem_library(name SOURCES a.cc ... DEPS lib ...): our own code, warnings are errors.
function(tandem_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf absl::status absl::statusor
                                       absl::strings ${ARG_DEPS})
  target_compile_options(${name} PRIVATE -Werror)
  tandem_precompiled(${name})
endfunction()

# tandem_binary(name SOURCES ... DEPS ...): lands in build/<preset>/bin.
function(tandem_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  if(JEMALLOC_FOUND AND NOT TANDEM_SANITIZE)
    target_link_libraries(${name} PRIVATE -Wl,--no-as-needed PkgConfig::JEMALLOC -Wl,--as-needed)
  endif()
  target_compile_options(${name} PRIVATE -Werror)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  tandem_precompiled(${name})
endfunction()

# tandem_test(name SOURCES ... DEPS ... [TIMEOUT s] [COST n]): one gtest binary, one ctest entry.
function(tandem_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;COST" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE -Werror)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  tandem_precompiled(${name})
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(TANDEM_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 10")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if(ARG_COST)
    set_tests_properties(${name} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()

# tandem_proto(name ROOT dir FILES a.proto ... [GRPC b.proto ...] DEPS lib ...)
# One library per proto package. Files under GRPC define services and get stubs too; their stubs
# stand in a library of their own, <name>_grpc, since .grpc.pb.h costs six times as much to compile.
function(tandem_proto name)
  cmake_parse_arguments(ARG "" "ROOT" "FILES;GRPC;DEPS" ${ARGN})
  set(sources)
  set(stub_sources)
  foreach(file ${ARG_FILES} ${ARG_GRPC})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(out ${TANDEM_GEN}/${stem}.pb.cc ${TANDEM_GEN}/${stem}.pb.h)
    add_custom_command(
      OUTPUT ${out}
      COMMAND ${PROTOC} --cpp_out=${TANDEM_GEN} -I${CMAKE_SOURCE_DIR}/proto -I${GOOGLEAPIS_DIR}
              -I${CMAKE_SOURCE_DIR}/build/third_party/grpc ${ARG_ROOT}/${file}
      DEPENDS ${ARG_ROOT}/${file} VERBATIM)
    list(APPEND sources ${TANDEM_GEN}/${stem}.pb.cc)
    set_property(GLOBAL APPEND PROPERTY TANDEM_GENERATED_HEADERS ${TANDEM_GEN}/${stem}.pb.h)
  endforeach()
  foreach(file ${ARG_GRPC})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(out ${TANDEM_GEN}/${stem}.grpc.pb.cc ${TANDEM_GEN}/${stem}.grpc.pb.h)
    add_custom_command(
      OUTPUT ${out}
      COMMAND ${PROTOC} --grpc_out=${TANDEM_GEN} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN}
              -I${CMAKE_SOURCE_DIR}/proto -I${GOOGLEAPIS_DIR}
              -I${CMAKE_SOURCE_DIR}/build/third_party/grpc ${ARG_ROOT}/${file}
      DEPENDS ${ARG_ROOT}/${file} VERBATIM)
    list(APPEND stub_sources ${TANDEM_GEN}/${stem}.grpc.pb.cc)
    set_property(GLOBAL APPEND PROPERTY TANDEM_GENERATED_HEADERS ${TANDEM_GEN}/${stem}.grpc.pb.h)
  endforeach()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} SYSTEM PUBLIC ${TANDEM_GEN})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  tandem_precompiled(${name})
  # A file whose messages nobody names still brings its descriptors: what is found by name at run
  # time (services, events) would else be left out of the link.
  foreach(file ${ARG_FILES} ${ARG_GRPC})
    string(REPLACE "_" "_5f" symbol ${file})
    string(REPLACE "/" "_2f" symbol ${symbol})
    string(REPLACE "." "_2e" symbol ${symbol})
    target_link_options(${name} INTERFACE -Wl,--undefined=descriptor_table_${symbol})
  endforeach()
  if(ARG_GRPC)
    add_library(${name}_grpc STATIC ${stub_sources})
    target_link_libraries(${name}_grpc PUBLIC ${name} gRPC::grpc++)
    tandem_precompiled(${name}_grpc)
  endif()
endfunction()

# tandem_test_needs(test postgres kafka): the run's one PostgreSQL and Kafka are up while it runs.
include(${CMAKE_SOURCE_DIR}/tests/support/Needs.cmake)
