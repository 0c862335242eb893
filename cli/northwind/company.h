// The Northwind trading company as its files have it (examples/northwind), parsed and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tandem/type/v1/address.pb.h"

namespace tandem::northwind {

struct Customer {
  std::string key, name, contact, phone;
  type::v1::Address address;
};

struct Product {
  std::string key, name, category, package;
  int64_t price_micros = 0;
  int64_t in_stock = 0;  // pieces, after everything was shipped that was ordered
  int64_t ordered = 0;   // pieces, by all orders
  bool discontinued = false;
};

struct Line {
  std::string product;
  int64_t price_micros = 0;
  int64_t pieces = 0;
  int64_t discount_micros = 0;  // fraction
};

struct Order {
  std::string key, customer, carrier, ship_name;
  int32_t order_day = 0, required_day = 0;  // days since 1970
  std::optional<int32_t> ship_day;
  int64_t freight_micros = 0;
  type::v1::Address ship_to;
  std::vector<Line> lines;
};

struct Company {
  std::vector<Customer> customers;
  std::vector<Product> products;
  std::vector<Order> orders;  // by key, which is by order date
};

// INVALID_ARGUMENT NORTHWIND_FILE_INVALID naming the file and line; NOT_FOUND for a missing file.
absl::StatusOr<Company> ReadCompany(const std::string& dir);

// Net of a line in cents' micros, rounded as DOMAIN 6.2 has it.
absl::StatusOr<int64_t> NetMicros(const Line& line);

}  // namespace tandem::northwind
