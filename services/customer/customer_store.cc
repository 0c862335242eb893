#include "services/customer/customer_store.h"

#include <cstdint>
#include <map>
#include <variant>

#include "customer_migrations.h"
#include "platform/base/date.h"
#include "platform/base/money.h"
#include "platform/base/status_macros.h"
#include "services/customer/customer_decide.h"
#include "tandem/customer/v1/contact.pb.h"
#include "tandem/customer/v1/customer.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::customer {
namespace {

constexpr char kChildrenSql[] = "SELECT id FROM customers WHERE parent_customer_id = $1";
constexpr char kContactsSql[] = "SELECT id FROM contacts WHERE customer_id = $1";
constexpr absl::string_view kOverdueSql =
    "SELECT account_id, CAST(SUM(open_amount_micros) AS BIGINT) FROM dealings_documents "
    "WHERE customer_id = $1 AND kind = $2 AND open_amount_micros > 0 AND due_date_days < $3 "
    "GROUP BY account_id";

}  // namespace

std::vector<store::TableSpec> CustomerTables() {
  return {
      {operations::v1::Counter::descriptor(), "counters", {}, 10},
      {v1::CustomerNumber::descriptor(), "customer_numbers", {}, 20},
      {v1::Customer::descriptor(),
       "customers",
       {{kChildrenOfCustomer, kChildrenSql}},
       30,
       store::Remembered::kByAll},
      {v1::Contact::descriptor(), "contacts", {{kContactsOfCustomer, kContactsSql}}, 40},
      {v1::DeletedRecord::descriptor(), "deleted_records", {}, 50},
      {v1::CreditStanding::descriptor(), "credit_standings", {}, 60, store::Remembered::kByAll},
      {v1::DealingsHistory::descriptor(), "dealings_histories", {}, 70, store::Remembered::kByAll},
      {v1::DealingsDocument::descriptor(), "dealings_documents", {}, 80, store::Remembered::kByAll},
  };
}

absl::Status AddOverdue(store::Reader& reader, const google::type::Date& as_of,
                        v1::CreditStanding* standing) {
  TANDEM_ASSIGN_OR_RETURN(const int32_t day, DateFromProto(as_of, "as_of"));
  TANDEM_ASSIGN_OR_RETURN(
      const store::Result found,
      reader.Select({kOverdueSql,
                     {standing->id(), static_cast<int64_t>(v1::DEALINGS_KIND_INVOICE),
                      static_cast<int64_t>(day)}}));
  std::map<std::string, int64_t> overdue;
  for (const store::Row& row : found.rows) {
    overdue[std::get<std::string>(row[0])] = std::get<int64_t>(row[1]);
  }
  for (v1::AccountStanding& account : *standing->mutable_accounts()) {
    auto of_account = overdue.find(account.account_id());
    if (of_account == overdue.end()) continue;
    SetMoney(of_account->second, account.currency(), account.mutable_overdue());
  }
  *standing->mutable_as_of() = as_of;
  return absl::OkStatus();
}

const std::vector<store::Migration>& Migrations() { return CustomerMigrations(); }

}  // namespace tandem::customer
