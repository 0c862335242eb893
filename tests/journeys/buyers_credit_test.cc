// Crowds at the edge of a credit limit, at two replicas of billing on one PostgreSQL: what is
// promised never passes the limit, at any reading, and may meet it; what makes room serves who
// waits, oldest first, whether it is a payment, a credit note, a closed commitment or a raised
// limit; no amending, closing and opening again gets past it.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/uuid.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tests/journeys/buyers.h"

namespace tandem::test {
namespace {

namespace bill = billing::v1;

constexpr int kSeeds = 10;
constexpr char kPart[] = "billing";
constexpr char kCurrency[] = "EUR";
constexpr int32_t kDay = 20'000;

int64_t Euros(const google::type::Money& money) {
  const auto micros = MicrosFromProto(money, kCurrency, "");
  EXPECT_TRUE(micros.ok() && *micros % kMicrosPerUnit == 0) << money.ShortDebugString();
  return micros.ok() ? *micros / kMicrosPerUnit : -1;
}

void SetEuros(int64_t euros, google::type::Money* money) {
  SetMoney(euros * kMicrosPerUnit, kCurrency, money);
}

// One moment of the database: everything that may never be seen of an account's credit, while no
// fact goes against it.
std::string WhatIsWrong(const std::string& account) {
  return absl::StrCat(
      "WITH e AS (SELECT e.*, a.credit_policy_limit_micros AS limit_micros FROM account_exposures "
      "e JOIN debtor_accounts a ON a.id = e.account_id WHERE e.account_id = '",
      account,
      "'), c AS (SELECT *, CASE WHEN state = 1 THEN greatest(0, committed_micros - "
      "invoiced_micros) ELSE 0 END AS held FROM credit_commitments WHERE account_id = '",
      account,
      "') SELECT string_agg(what, '; ') FROM ("
      "SELECT 'over the limit by ' || exposure_micros - limit_micros AS what FROM e WHERE "
      "exposure_micros > limit_micros OR highest_exposure_micros > limit_micros"
      " UNION ALL SELECT 'committed is not the sum' FROM e WHERE committed_micros <> (SELECT "
      "coalesce(sum(held), 0) FROM c)"
      " UNION ALL SELECT 'receivable is not the sum' FROM e WHERE receivable_micros <> (SELECT "
      "coalesce(sum(open_amount_micros), 0) FROM invoices i WHERE i.account_id = e.account_id)"
      " UNION ALL SELECT 'unapplied is not the sum' FROM e WHERE unapplied_micros <> (SELECT "
      "coalesce(sum(unapplied_micros), 0) FROM payments p WHERE p.account_id = e.account_id AND "
      "p.state = 1) + (SELECT coalesce(sum(unapplied_micros), 0) FROM credit_notes n WHERE "
      "n.account_id = e.account_id)"
      " UNION ALL SELECT 'waiting is not the count' FROM e WHERE waiting <> (SELECT count(*) FROM "
      "c WHERE waiting_present = 1)"
      " UNION ALL SELECT 'waits though there is room: ' || order_id FROM c, e WHERE "
      "waiting_present = 1 AND exposure_micros - held + greatest(0, waiting_asked_micros - "
      "invoiced_micros) <= limit_micros) wrong");
}

struct CreditOrder {
  std::string id = NewId("ord_");
  int64_t amount = 0;
  bill::CreditCommitment now;  // as it was read last

  bool waits() const { return now.has_waiting(); }
  bool holds() const {
    return now.state() == bill::CREDIT_COMMITMENT_STATE_OPEN && Euros(now.committed()) > 0;
  }
};

class BuyersOnCredit : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { replicas_ = new Replicas({kPart}); }
  static void TearDownTestSuite() {
    EXPECT_EQ(replicas_->Deadlocks(kPart), 0) << "replicas wait for each other in a circle";
    delete replicas_;
  }

  struct Account {
    std::string id, customer_id;
    int64_t limit = 0;
  };

  Account Open(Client& client, int64_t limit) {
    bill::CreateCustomerRequest customer;
    customer.set_request_id(UuidV4());
    customer.set_customer_id(NewId("cus_"));
    customer.mutable_customer()->set_kind(bill::CUSTOMER_KIND_ORGANISATION);
    customer.mutable_customer()->set_display_name("A crowd");
    customer.mutable_customer()->set_status(bill::CUSTOMER_STATUS_PROSPECT);
    client.Call<bill::Customer>(customer);
    bill::OpenAccountRequest request;
    request.set_request_id(UuidV4());
    request.set_customer_id(customer.customer_id());
    request.set_currency(kCurrency);
    request.mutable_credit_policy()->set_kind(bill::CREDIT_POLICY_KIND_LIMITED);
    SetEuros(limit, request.mutable_credit_policy()->mutable_limit());
    return {client.Call<bill::DebtorAccount>(request).id(), customer.customer_id(), limit};
  }

  // Some name the account, some only who pays; some ask twice, and hear the same.
  bill::ReserveCreditResponse Reserve(Client& client, const Account& account,
                                      const std::string& order, int64_t revision, int64_t amount) {
    bill::ReserveCreditRequest request;
    request.set_request_id(UuidV4());
    request.set_order_id(order);
    request.set_revision(revision);
    client.OneIn(2) ? request.set_account_id(account.id)
                    : request.set_payer_customer_id(account.customer_id);
    SetEuros(amount, request.mutable_amount());
    const int first = client.AnyReplica();
    auto answer = client.Call<bill::ReserveCreditResponse>(request, first);
    if (client.OneIn(8)) {
      const auto again = client.Call<bill::ReserveCreditResponse>(request, 1 - first);
      EXPECT_EQ(again.SerializeAsString(), answer.SerializeAsString());
    }
    return answer;
  }

  void Release(Client& client, const std::string& order) {
    bill::ReleaseCreditRequest request;
    request.set_request_id(UuidV4());
    request.set_order_id(order);
    EXPECT_EQ(client.Call<bill::CreditCommitment>(request).state(),
              bill::CREDIT_COMMITMENT_STATE_CLOSED);
  }

  void SetLimit(Client& client, Account& account, int64_t limit) {
    bill::SetCreditRequest request;
    request.set_request_id(UuidV4());
    request.set_account_id(account.id);
    request.mutable_credit_policy()->set_kind(bill::CREDIT_POLICY_KIND_LIMITED);
    SetEuros(limit, request.mutable_credit_policy()->mutable_limit());
    client.Call<bill::DebtorAccount>(request);
    account.limit = limit;
  }

  void Pay(Client& client, const Account& account, int64_t amount,
           const std::string& invoice = "") {
    bill::RecordPaymentRequest request;
    request.set_request_id(UuidV4());
    request.set_payment_id(NewId("pay_"));
    request.set_account_id(account.id);
    SetEuros(amount, request.mutable_amount());
    *request.mutable_payment_date() = DateToProto(kDay);
    if (!invoice.empty()) request.add_invoice_ids(invoice);
    client.Call<bill::Payment>(request);
  }

  // Bills all of an order that is promised; the exposure stays what it is.
  std::string Invoice(Client& client, const Account& account, const CreditOrder& order) {
    bill::PostInvoiceRequest request;
    request.set_request_id(UuidV4());
    request.set_order_id(order.id);
    request.set_shipment_id(NewId("shp_"));
    request.set_account_id(account.id);
    *request.mutable_invoice_date() = DateToProto(kDay);
    request.set_last(true);
    bill::InvoiceLineInput* line = request.add_lines();
    line->set_line_number(1);
    *line->mutable_net() = order.now.committed();
    line->set_tax_code("NONE");
    return client.Call<bill::Invoice>(request).id();
  }

  void Credit(Client& client, const std::string& invoice, int64_t amount) {
    bill::PostCreditNoteRequest request;
    request.set_request_id(UuidV4());
    request.set_invoice_id(invoice);
    *request.mutable_credit_date() = DateToProto(kDay);
    request.add_lines()->set_line_number(1);
    SetEuros(amount, request.mutable_lines(0)->mutable_net());
    client.Call<bill::CreditNote>(request);
  }

  bill::AccountExposure ExposureOf(Client& client, const Account& account) {
    bill::GetAccountExposureRequest request;
    request.set_id(account.id);
    return client.Call<bill::AccountExposure>(request);
  }

  void Read(Client& client, std::vector<CreditOrder>& orders) {
    bill::BatchGetCreditCommitmentsRequest request;
    for (const CreditOrder& order : orders) request.add_ids(order.id);
    auto answer = client.Call<bill::BatchGetCreditCommitmentsResponse>(request);
    ASSERT_EQ(answer.credit_commitments_size(), static_cast<int>(orders.size()));
    for (int i = 0; i < answer.credit_commitments_size(); ++i) {
      orders[static_cast<size_t>(i)].now = std::move(*answer.mutable_credit_commitments(i));
    }
  }

  // Who waits, oldest first.
  static std::vector<CreditOrder*> Waiting(std::vector<CreditOrder>& orders) {
    std::vector<CreditOrder*> line;
    for (CreditOrder& order : orders) {
      if (order.waits()) line.push_back(&order);
    }
    std::sort(line.begin(), line.end(), [](const CreditOrder* a, const CreditOrder* b) {
      return a->now.waiting().place() < b->now.waiting().place();
    });
    return line;
  }

  // Does what makes `room`, and sees who is served by it: the oldest, and whoever behind it fits.
  void ExpectServedBy(Client& client, const Account& account, std::vector<CreditOrder>& orders,
                      absl::string_view what, const std::function<int64_t()>& make_room) {
    SCOPED_TRACE(what);
    Read(client, orders);
    const std::vector<CreditOrder*> line = Waiting(orders);
    int64_t room = account.limit - Euros(ExposureOf(client, account).exposure());
    room += make_room();
    Read(client, orders);
    for (size_t place = 0; place < line.size(); ++place) {
      const CreditOrder& order = *line[place];
      if (order.now.state() != bill::CREDIT_COMMITMENT_STATE_OPEN) continue;  // closed just now
      const bool fits = order.amount <= room;
      if (fits) room -= order.amount;
      EXPECT_EQ(order.waits(), !fits) << "place " << place << ", asked " << order.amount;
      EXPECT_EQ(Euros(order.now.committed()), fits ? order.amount : 0) << "place " << place;
    }
    EXPECT_EQ(account.limit - Euros(ExposureOf(client, account).exposure()), room);
  }

  // Readers of both replicas and of the database itself. Limits only rise: one that is read after
  // an exposure is no lower than the one it was under.
  class Readers {
   public:
    Readers(const Account& account, uint64_t seed) {
      for (int which = 0; which < kReplicas; ++which) {
        auto client = std::make_shared<Client>(*replicas_, kPart, seed);
        const std::string id = account.id;
        watches_.push_back(std::make_unique<Watch>([client, id, which]() -> std::string {
          bill::GetAccountExposureRequest exposure_request;
          exposure_request.set_id(id);
          bill::AccountExposure exposure;
          bill::GetDebtorAccountRequest account_request;
          account_request.set_id(id);
          bill::DebtorAccount now;
          absl::Status status = client->AskOnce(exposure_request, &exposure, which);
          if (status.ok()) status = client->AskOnce(account_request, &now, which);
          if (absl::IsUnavailable(status)) return "";  // killed
          if (!status.ok()) return status.ToString();
          const int64_t sum = Euros(exposure.receivable()) - Euros(exposure.unapplied()) +
                              Euros(exposure.committed());
          if (Euros(exposure.exposure()) > Euros(now.credit_policy().limit()) ||
              Euros(exposure.exposure()) != sum) {
            return absl::StrCat(exposure.ShortDebugString(), " limit ",
                                Euros(now.credit_policy().limit()));
          }
          return "";
        }));
      }
      watches_.push_back(
          std::make_unique<Watch>(SqlLook(replicas_->Dsn(kPart), WhatIsWrong(account.id))));
    }
    ~Readers() {
      for (auto& watch : watches_) {
        EXPECT_EQ(watch->Stop(), "");
        EXPECT_GT(watch->readings(), 0);
      }
    }

   private:
    std::vector<std::unique_ptr<Watch>> watches_;
  };

  void AtTheLimit(uint64_t seed);
  void Tricks(uint64_t seed);

  static inline Replicas* replicas_ = nullptr;
};

// Even seeds: all ask for the same, and the limit is a multiple of it. Odd ones: any amounts.
void BuyersOnCredit::AtTheLimit(uint64_t seed) {
  constexpr int64_t kLimit = 1000, kServed = 10;
  const bool exact = seed % 2 == 0;
  Client desk(*replicas_, kPart, seed);
  Account account = Open(desk, kLimit);
  std::vector<CreditOrder> orders(kBuyers);
  for (CreditOrder& order : orders) {
    order.amount = exact ? kLimit / kServed : desk.Number(1, 120);
  }
  Readers readers(account, seed);
  Crowd(*replicas_, kPart, seed, /*kill=*/seed % 10 == 4 || seed % 10 == 7, kBuyers,
        [&](Client& client, int i) {
          const CreditOrder& order = orders[static_cast<size_t>(i)];
          const auto answer = Reserve(client, account, order.id, 1, order.amount);
          const bool reserved = answer.outcome() == bill::CREDIT_OUTCOME_RESERVED;
          EXPECT_TRUE(reserved || answer.outcome() == bill::CREDIT_OUTCOME_WAITING);
        });
  Read(desk, orders);
  int64_t accepted = 0;
  for (const CreditOrder& order : orders) {
    EXPECT_NE(order.waits(), order.holds());
    if (order.waits()) {
      EXPECT_EQ(order.now.waiting().reason(), bill::CREDIT_REFUSAL_REASON_OVER_LIMIT);
      EXPECT_EQ(Euros(order.now.committed()), 0);
    } else {
      EXPECT_EQ(Euros(order.now.committed()), order.amount);
      accepted += order.amount;
    }
  }
  const auto exposure = ExposureOf(desk, account);
  EXPECT_EQ(Euros(exposure.exposure()), accepted);
  EXPECT_EQ(Euros(exposure.highest_exposure()), accepted);
  EXPECT_TRUE(exact ? accepted == kLimit : accepted <= kLimit) << accepted;
  for (const CreditOrder& order : orders) {
    EXPECT_TRUE(!order.waits() || accepted + order.amount > kLimit) << "waits though there is room";
  }

  ASSERT_FALSE(HasFailure());

  // Any that holds credit, and the first of those that wait: some of each are left at every step.
  const auto holder = [&]() -> CreditOrder& {
    std::vector<CreditOrder*> holders;
    for (CreditOrder& order : orders) {
      if (order.holds()) holders.push_back(&order);
    }
    return *holders.at(static_cast<size_t>(desk.Number(0, std::ssize(holders) - 1)));
  };
  ExpectServedBy(desk, account, orders, "money on account", [&] {
    Pay(desk, account, 150);
    return 150;
  });
  ExpectServedBy(desk, account, orders, "a paid invoice", [&] {
    CreditOrder& order = holder();
    Pay(desk, account, order.amount, Invoice(desk, account, order));
    return order.amount;
  });
  ExpectServedBy(desk, account, orders, "a credit note", [&] {
    CreditOrder& order = holder();
    Credit(desk, Invoice(desk, account, order), order.amount);
    return order.amount;
  });
  ExpectServedBy(desk, account, orders, "an invoice alone", [&] {
    Invoice(desk, account, holder());
    return 0;
  });
  ExpectServedBy(desk, account, orders, "a closed commitment", [&] {
    CreditOrder& order = holder();
    Release(desk, order.id);
    return order.amount;
  });
  ExpectServedBy(desk, account, orders, "the end of one that waits", [&] {
    Release(desk, Waiting(orders).at(0)->id);
    return 0;
  });
  ExpectServedBy(desk, account, orders, "a raised limit", [&] {
    SetLimit(desk, account, account.limit + 250);
    return 250;
  });
}

// Everybody amends, closes and asks again at once, while payments, invoices and raised limits make
// room.
void BuyersOnCredit::Tricks(uint64_t seed) {
  Client desk(*replicas_, kPart, seed);
  Account account = Open(desk, 500);
  std::vector<CreditOrder> orders(kBuyers);
  Readers readers(account, seed);
  Crowd(*replicas_, kPart, seed, /*kill=*/seed % 10 == 5, kBuyers + 2, [&](Client& client, int i) {
    if (i == kBuyers) {
      for (int n = 0; n < 10; ++n) Pay(client, account, client.Number(1, 30));
      return;
    }
    if (i == kBuyers + 1) {
      for (int n = 0; n < 5; ++n) SetLimit(client, account, account.limit + client.Number(1, 60));
      return;
    }
    CreditOrder& order = orders[static_cast<size_t>(i)];
    order.amount = client.Number(1, 60);
    int64_t revision = 1;
    Reserve(client, account, order.id, revision, order.amount);
    for (int n = 0; n < 3; ++n) {
      const int64_t other = client.Number(1, 90);
      switch (client.Number(1, 6)) {
        case 1: {  // closed stays closed
          Release(client, order.id);
          const auto answer = Reserve(client, account, order.id, ++revision, other);
          EXPECT_EQ(answer.outcome(), bill::CREDIT_OUTCOME_SUPERSEDED);
          return;
        }
        case 2: {  // an older wish is nobody's
          const auto before = Reserve(client, account, order.id, ++revision, order.amount);
          const auto answer = Reserve(client, account, order.id, revision - 1, other);
          EXPECT_EQ(answer.outcome(), bill::CREDIT_OUTCOME_SUPERSEDED);
          EXPECT_EQ(answer.credit_commitment().revision(), revision);
          break;
        }
        default:
          order.amount = other;
          Reserve(client, account, order.id, ++revision, other);
      }
    }
  });
  Read(desk, orders);
  int64_t committed = 0, waiting = 0, missing = 0;
  for (const CreditOrder& order : orders) {
    if (order.now.state() != bill::CREDIT_COMMITMENT_STATE_OPEN) continue;
    committed += Euros(order.now.committed());
    waiting += order.waits();
    if (!order.waits()) {
      EXPECT_EQ(Euros(order.now.committed()), order.amount);
    } else {
      EXPECT_EQ(Euros(order.now.waiting().asked()), order.amount);
      missing += order.amount - Euros(order.now.committed());
    }
  }
  const auto exposure = ExposureOf(desk, account);
  EXPECT_EQ(Euros(exposure.committed()), committed);
  EXPECT_EQ(exposure.waiting(), waiting);
  EXPECT_GT(waiting, 0) << "nobody waited: the seed tests nothing";
  // Exactly as much more as they ask for serves them all, and is used up.
  SetLimit(desk, account, Euros(exposure.exposure()) + missing);
  Read(desk, orders);
  for (const CreditOrder& order : orders) EXPECT_FALSE(order.waits()) << order.id;
  EXPECT_EQ(Euros(ExposureOf(desk, account).exposure()), account.limit);
}

TEST_F(BuyersOnCredit, AtTheLimitWhatMakesRoomServesWhoWaits) {
  for (const uint64_t seed : Seeds(kSeeds)) {
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", seed));
    AtTheLimit(seed);
    if (HasFailure()) break;
  }
}

TEST_F(BuyersOnCredit, NoAmendingClosingAndAskingAgainGetsPastTheLimit) {
  for (const uint64_t seed : Seeds(kSeeds)) {
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", seed));
    Tricks(seed);
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace tandem::test
