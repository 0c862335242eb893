#include "cli/northwind/company.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/base/country.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::northwind {
namespace {

using Fields = std::map<std::string, std::string>;

absl::Status Invalid(const std::string& file, size_t line, absl::string_view what) {
  return Refuse(absl::StatusCode::kInvalidArgument, "NORTHWIND_FILE_INVALID",
                absl::StrCat(file, ":", line, ": ", what));
}

// One line of CSV: commas, fields in double quotes where they hold commas, quotes doubled.
std::vector<std::string> SplitCsv(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

absl::StatusOr<std::vector<Fields>> ReadTable(const std::string& dir, const std::string& name) {
  const std::string path = absl::StrCat(dir, "/", name);
  std::ifstream file(path);
  if (!file) {
    return Refuse(absl::StatusCode::kNotFound, "NORTHWIND_FILE_MISSING",
                  absl::StrCat(path, " is missing"));
  }
  std::vector<std::string> header;
  std::vector<Fields> rows;
  std::string line;
  for (size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    std::vector<std::string> fields = SplitCsv(line);
    if (header.empty()) {
      header = std::move(fields);
      continue;
    }
    if (fields.size() != header.size())
      return Invalid(path, number, "has another number of fields");
    Fields row;
    for (size_t i = 0; i < header.size(); ++i) row[header[i]] = std::move(fields[i]);
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<int64_t> Pieces(const std::string& text) {
  int64_t pieces = 0;
  if (!absl::SimpleAtoi(text, &pieces)) {
    return Refuse(absl::StatusCode::kInvalidArgument, "NORTHWIND_FILE_INVALID", text);
  }
  return pieces;
}

type::v1::Address AddressOf(const Fields& row, const char* prefix) {
  const auto field = [&](const char* name) {
    auto it = row.find(absl::StrCat(prefix, name));
    return it == row.end() ? std::string() : it->second;
  };
  type::v1::Address address;
  address.add_lines(field("Address"));
  address.set_city(field("City"));
  address.set_region(field("Region"));
  address.set_postal_code(field("PostalCode"));
  const std::string country = field("Country");
  if (auto code = CountryByName(country)) address.set_country_code(std::string(*code));
  return address;
}

}  // namespace

absl::StatusOr<Company> ReadCompany(const std::string& dir) {
  Company company;
  TANDEM_ASSIGN_OR_RETURN(std::vector<Fields> categories, ReadTable(dir, "categories.csv"));
  TANDEM_ASSIGN_OR_RETURN(std::vector<Fields> shippers, ReadTable(dir, "shippers.csv"));
  TANDEM_ASSIGN_OR_RETURN(std::vector<Fields> customers, ReadTable(dir, "customers.csv"));
  TANDEM_ASSIGN_OR_RETURN(std::vector<Fields> products, ReadTable(dir, "products.csv"));
  TANDEM_ASSIGN_OR_RETURN(std::vector<Fields> orders, ReadTable(dir, "orders.csv"));
  TANDEM_ASSIGN_OR_RETURN(std::vector<Fields> details, ReadTable(dir, "order_details.csv"));
  std::map<std::string, std::string> category_names, shipper_names;
  for (Fields& row : categories) category_names[row["Id"]] = row["CategoryName"];
  for (Fields& row : shippers) shipper_names[row["Id"]] = row["CompanyName"];
  for (Fields& row : customers) {
    company.customers.push_back(
        {row["Id"], row["CompanyName"], row["ContactName"], row["Phone"], AddressOf(row, "")});
  }
  std::map<std::string, size_t> product_at;
  for (Fields& row : products) {
    Product product;
    product.key = row["Id"];
    product.name = row["ProductName"];
    product.category = category_names[row["CategoryId"]];
    product.package = row["QuantityPerUnit"];
    TANDEM_ASSIGN_OR_RETURN(product.price_micros, ParseMicros(row["UnitPrice"], "UnitPrice"));
    TANDEM_ASSIGN_OR_RETURN(product.in_stock, Pieces(row["UnitsInStock"]));
    product.discontinued = row["Discontinued"] == "1";
    product_at[product.key] = company.products.size();
    company.products.push_back(std::move(product));
  }
  std::map<std::string, size_t> order_at;
  for (Fields& row : orders) {
    Order order;
    order.key = row["Id"];
    order.customer = row["CustomerId"];
    order.carrier = shipper_names[row["ShipVia"]];
    order.ship_name = row["ShipName"];
    TANDEM_ASSIGN_OR_RETURN(order.order_day, ParseDate(row["OrderDate"], "OrderDate"));
    TANDEM_ASSIGN_OR_RETURN(order.required_day, ParseDate(row["RequiredDate"], "RequiredDate"));
    if (!row["ShippedDate"].empty()) {
      TANDEM_ASSIGN_OR_RETURN(order.ship_day, ParseDate(row["ShippedDate"], "ShippedDate"));
    }
    TANDEM_ASSIGN_OR_RETURN(order.freight_micros, ParseMicros(row["Freight"], "Freight"));
    order.ship_to = AddressOf(row, "Ship");
    order_at[order.key] = company.orders.size();
    company.orders.push_back(std::move(order));
  }
  for (Fields& row : details) {
    auto order = order_at.find(row["OrderId"]);
    auto product = product_at.find(row["ProductId"]);
    if (order == order_at.end() || product == product_at.end()) {
      return Invalid("order_details.csv", 0, absl::StrCat(row["Id"], " is of no order or product"));
    }
    Line line;
    line.product = row["ProductId"];
    TANDEM_ASSIGN_OR_RETURN(line.price_micros, ParseMicros(row["UnitPrice"], "UnitPrice"));
    TANDEM_ASSIGN_OR_RETURN(line.pieces, Pieces(row["Quantity"]));
    TANDEM_ASSIGN_OR_RETURN(line.discount_micros, ParseMicros(row["Discount"], "Discount"));
    company.products[product->second].ordered += line.pieces;
    company.orders[order->second].lines.push_back(std::move(line));
  }
  std::sort(company.orders.begin(), company.orders.end(),
            [](const Order& a, const Order& b) { return a.key < b.key; });
  return company;
}

absl::StatusOr<int64_t> NetMicros(const Line& line) {
  return LineNet(line.pieces * kMicrosPerUnit, line.price_micros, kMicrosPerUnit,
                 line.discount_micros, "USD");
}

}  // namespace tandem::northwind
