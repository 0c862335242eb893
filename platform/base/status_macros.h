// The two macros that pass an absl::Status up. They evaluate their expression once.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <utility>

// TANDEM_RETURN_IF_ERROR(DoThing()): returns the status from the calling function unless it is OK.
#define TANDEM_RETURN_IF_ERROR(expr)                                                       \
  do {                                                                                     \
    if (absl::Status tandem_status_ = (expr); !tandem_status_.ok()) return tandem_status_; \
  } while (false)

// TANDEM_ASSIGN_OR_RETURN(auto x, MakeX()): assigns the value, or returns the status. It is more
// than one statement: brace it under an `if`. A type with a comma needs a name of its own first.
#define TANDEM_ASSIGN_OR_RETURN(lhs, expr) \
  TANDEM_ASSIGN_OR_RETURN_(TANDEM_CONCAT_(tandem_or_, __LINE__), lhs, expr)

#define TANDEM_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = *std::move(tmp)
#define TANDEM_CONCAT_(a, b) TANDEM_CONCAT_INNER_(a, b)
#define TANDEM_CONCAT_INNER_(a, b) a##b
