#include "tests/support/kafka_broker.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafkacpp.h>

#include "absl/strings/str_cat.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/free_port.h"

namespace tandem::test {
namespace {

template <typename Client>
std::unique_ptr<Client> Connect(const std::string& bootstrap) {
  const std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  std::string error;
  conf->set("bootstrap.servers", bootstrap, error);
  conf->set("group.id", "test", error);
  conf->set("log_level", "0", error);
  std::unique_ptr<Client> client(Client::create(conf.get(), error));
  EXPECT_NE(client, nullptr) << error;
  return client;
}

bool Produce(const std::string& bootstrap, const std::string& topic, std::string value) {
  const auto producer = Connect<RdKafka::Producer>(bootstrap);
  return producer->produce(topic, 0, RdKafka::Producer::RK_MSG_COPY, value.data(), value.size(),
                           nullptr, 0, 0, nullptr) == RdKafka::ERR_NO_ERROR &&
         producer->flush(static_cast<int>(absl::ToInt64Milliseconds(kPatience))) ==
             RdKafka::ERR_NO_ERROR;
}

std::string First(const std::string& bootstrap, const std::string& topic) {
  const auto consumer = Connect<RdKafka::KafkaConsumer>(bootstrap);
  const std::unique_ptr<RdKafka::TopicPartition> start(
      RdKafka::TopicPartition::create(topic, 0, RdKafka::Topic::OFFSET_BEGINNING));
  EXPECT_EQ(consumer->assign({start.get()}), RdKafka::ERR_NO_ERROR);
  std::string value;
  EXPECT_TRUE(WaitFor([&] {
    const std::unique_ptr<RdKafka::Message> message(consumer->consume(100));
    if (message->err() != RdKafka::ERR_NO_ERROR) return false;
    value.assign(static_cast<const char*>(message->payload()), message->len());
    return true;
  }));
  consumer->close();
  return value;
}

TEST(KafkaBroker, CarriesARecord) {
  KafkaBroker& broker = KafkaBroker::Shared();
  const std::string topic = KafkaBroker::UniqueTopic("carries");
  ASSERT_TRUE(Produce(broker.bootstrap(), topic, "hello"));
  EXPECT_EQ(First(broker.bootstrap(), topic), "hello");
}

TEST(KafkaBroker, GivesEveryTestTopicsOfItsOwn) {
  EXPECT_NE(KafkaBroker::UniqueTopic("t"), KafkaBroker::UniqueTopic("t"));
}

TEST(KafkaBroker, KeepsItsRecordsThroughAKill) {
  const auto broker = KafkaBroker::Start();
  ASSERT_TRUE(broker.ok()) << broker.status();
  const std::string topic = KafkaBroker::UniqueTopic("kept");
  ASSERT_TRUE(Produce((*broker)->bootstrap(), topic, "kept"));
  (*broker)->Kill();
  ASSERT_TRUE((*broker)->Restart().ok());
  EXPECT_EQ(First((*broker)->bootstrap(), topic), "kept");
}

TEST(KafkaBroker, SendsItsClientsThroughTheProxyItAdvertises) {
  const uint16_t port = FreePort();
  CutProxy proxy(port);
  const auto broker = KafkaBroker::Start(port, proxy.port());
  ASSERT_TRUE(broker.ok()) << broker.status();
  ASSERT_TRUE(Produce((*broker)->bootstrap(), KafkaBroker::UniqueTopic("proxied"), "x"));
  EXPECT_GE(proxy.accepted(), 1);
}

}  // namespace
}  // namespace tandem::test
