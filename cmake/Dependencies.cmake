# Everything Tandem links against, from Debian 12's packages; newer versions are accepted as well.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: Debian ships no config package
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JEMALLOC IMPORTED_TARGET jemalloc)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# The google/api, google/rpc and google/type protos: unpacked there by ./dev from a pinned wheel.
set(GOOGLEAPIS_DIR ${CMAKE_SOURCE_DIR}/build/third_party/googleapis)
if(NOT EXISTS ${GOOGLEAPIS_DIR}/google/type/money.proto)
  message(FATAL_ERROR "build/third_party is missing: run ./dev deps first")
endif()
