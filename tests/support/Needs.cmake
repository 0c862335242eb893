# tandem_test_needs(test postgres|kafka ...): ctest starts these servers, one of each for the whole
# run, before the test, and stops them at the end, also when tests failed. The test finds them
# through TANDEM_TEST_SERVERS (tests/support/shared_server.h), and gets their names as labels.
function(tandem_test_needs test)
  set_property(TEST ${test} APPEND PROPERTY FIXTURES_REQUIRED ${ARGN})
  set_property(TEST ${test} APPEND PROPERTY LABELS ${ARGN})
  set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT TANDEM_TEST_SERVERS=${CMAKE_BINARY_DIR}/servers)
endfunction()

# tandem_test_server(name script): the fixture. Its server ends with ctest at the latest.
function(tandem_test_server name script)
  add_test(NAME ${name}_start
    COMMAND bash -c "TANDEM_TEST_OWNER=$PPID exec ${script} start ${CMAKE_BINARY_DIR}/servers/${name}")
  add_test(NAME ${name}_stop COMMAND ${script} stop ${CMAKE_BINARY_DIR}/servers/${name})
  set_tests_properties(${name}_start PROPERTIES FIXTURES_SETUP ${name} TIMEOUT 120)
  set_tests_properties(${name}_stop PROPERTIES FIXTURES_CLEANUP ${name} TIMEOUT 60)
endfunction()
