#include "platform/bus/relay_journal.h"

#include <gtest/gtest.h>

#include "platform/base/check.h"
#include "platform/bus/bus_fixture.h"
#include "platform/bus/envelope.h"

namespace tandem::bus {
namespace {

class RelayJournalTest : public testing::TestWithParam<Engine> {
 protected:
  RelayJournalTest() : source_(GetParam()) {
    source_.Spread(100);
    source_.Things("t", 7);
    auto own = store::JournalReader::Open(source_.database(), "/tandem/test");
    auto relays = OpenRelayJournal(source_.database(), "/tandem/test");
    TANDEM_CHECK(own.ok() && relays.ok(), "the journal");
    own_ = *std::move(own);
    relays_ = *std::move(relays);
  }

  // Both readers' pages behind `after`, as envelopes: all that a relay knows.
  void ExpectSamePage(int64_t after, int limit) {
    store::JournalQuery query;
    query.after_position = after;
    query.limit = limit;
    const auto one = own_->Read(query);
    const auto other = relays_->Read(query);
    ASSERT_TRUE(one.ok() && other.ok());
    ASSERT_EQ(one->size(), other->size()) << after;
    for (size_t i = 0; i < one->size(); ++i) {
      EXPECT_EQ(EnvelopeOf((*one)[i], "s", "i").SerializeAsString(),
                EnvelopeOf((*other)[i], "s", "i").SerializeAsString());
    }
  }

  Source source_;
  std::unique_ptr<store::JournalReader> own_, relays_;
};

TEST_P(RelayJournalTest, GivesWhatTheJournalsOwnReaderDoes) {
  for (int64_t after = 0; after < 107; after += 10) ExpectSamePage(after, 10);
  ExpectSamePage(107, 10);
  source_.Boxes("late", 3);
  ExpectSamePage(107, 10);  // a short page was nobody's last
  ExpectSamePage(110, 10);
}

TEST_P(RelayJournalTest, GoesBackAndAheadAsAsked) {
  ExpectSamePage(0, 10);   // the next is being read
  ExpectSamePage(50, 10);  // but another one is asked for
  ExpectSamePage(20, 5);
  ExpectSamePage(25, 5);
  ExpectSamePage(25, 5);
  relays_ = nullptr;  // while it reads ahead
}

INSTANTIATE_TEST_SUITE_P(Engines, RelayJournalTest,
                         testing::Values(Engine::kSqlite, Engine::kPostgres));

}  // namespace
}  // namespace tandem::bus
