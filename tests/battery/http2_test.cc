// What is wrong below the messages: the connection, the frames, the headers. The server may end
// such a connection or answer an error; it goes on serving others.
#include "tests/battery/http2.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "tests/battery/calls.h"
#include "tests/battery/served.h"

namespace tandem::test {
namespace {

using absl::StatusCode;

constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kList[] = "/tandem.customer.v1.CustomerService/ListCustomers";

class Http2 : public testing::Test {
 protected:
  static void SetUpTestSuite() { served_ = new Served(ServedOptions()); }
  static void TearDownTestSuite() {
    delete served_;
    served_ = nullptr;
  }
  void TearDown() override {
    ASSERT_TRUE(served_->process().Running()) << served_->process().Output();
    Calls calls(address(), 1);
    for (const char* path : {kHealth, kList}) {
      const Answered answered = calls.Call(path, "", {.timeout = absl::Seconds(20)});
      EXPECT_TRUE(answered.status.ok()) << path << ": " << answered.status;
    }
  }
  const std::string& address() const { return served_->address(); }

  // A greeted connection, and what the server's settings say.
  static std::map<int, uint32_t> Greet(RawConnection& raw) {
    std::map<int, uint32_t> settings;
    EXPECT_TRUE(raw.Send(Greeting()));
    while (const auto frame = raw.Read()) {
      if (frame->type != FrameType::kSettings || (frame->flags & kAck) != 0) continue;
      for (size_t i = 0; i + 6 <= frame->payload.size(); i += 6) {
        const auto at = [&](size_t n) {
          return static_cast<uint32_t>(static_cast<uint8_t>(frame->payload[i + n]));
        };
        settings[static_cast<int>(at(0) << 8 | at(1))] =
            at(2) << 24 | at(3) << 16 | at(4) << 8 | at(5);
      }
      raw.Send(Bytes({FrameType::kSettings, kAck, 0, ""}));
      break;
    }
    return settings;
  }
  static std::string Open(uint32_t stream, const HeaderList& headers, uint8_t flags = 0) {
    return Bytes({FrameType::kHeaders, static_cast<uint8_t>(kEndHeaders | flags), stream,
                  HeaderBlock(headers)});
  }

  static Served* served_;
};
Served* Http2::served_ = nullptr;

TEST_F(Http2, WhatIsNoPrefaceEndsTheConnection) {
  for (const std::string& greeting :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(5'000, '\0'),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(600, 'x'),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string(64, '\xff')}) {
    RawConnection raw(address());
    raw.Send(greeting);
    EXPECT_TRUE(raw.Ends());
  }
  RawConnection half(address());  // says nothing more
  half.Send("PRI * HTT");
}

TEST_F(Http2, AConnectionHasAThousandStreamsAndNotOneMore) {
  RawConnection raw(address());
  EXPECT_EQ(Greet(raw)[3], 1000u);
  for (uint32_t n = 0; n < 1000; ++n) ASSERT_TRUE(raw.Send(Open(1 + 2 * n, CallHeaders(kHealth))));
  ASSERT_TRUE(raw.Send(Bytes({FrameType::kPing, 0, 0, "12345678"})));
  while (const auto frame = raw.Read()) {  // everything before the ping was looked at
    ASSERT_NE(frame->type, FrameType::kReset) << "stream " << frame->stream;
    ASSERT_NE(frame->type, FrameType::kGoAway);
    if (frame->type == FrameType::kPing) break;
  }
  ASSERT_TRUE(raw.Send(Open(2001, CallHeaders(kHealth))));
  bool refused = false;
  while (!refused) {  // by itself, or with the connection that does not keep to what it was told
    const auto frame = raw.Read();
    refused = frame.has_value() ? frame->type == FrameType::kGoAway ||
                                      (frame->type == FrameType::kReset && frame->stream == 2001)
                                : raw.Ends(absl::Seconds(1));
    if (!frame.has_value()) break;
  }
  EXPECT_TRUE(refused);
}

TEST_F(Http2, RapidResetsCostLittle) {
  std::vector<std::unique_ptr<RawConnection>> connections;
  for (int c = 0; c < 4; ++c) {
    auto raw = std::make_unique<RawConnection>(address());
    Greet(*raw);
    for (uint32_t n = 0; n < 1'000; ++n) {
      if (!raw->Send(absl::StrCat(Open(1 + 2 * n, CallHeaders(kList), kEndStream),
                                  Bytes({FrameType::kReset, 0, 1 + 2 * n, Number32(8)})))) {
        break;
      }
    }
    connections.push_back(std::move(raw));
  }
}

TEST_F(Http2, FloodsOfHeadersEndTheirOwnConnection) {
  {
    RawConnection raw(address());  // more than is ever taken, in frames without an end
    Greet(raw);
    HeaderList headers = CallHeaders(kList);
    for (int i = 0; i < 8; ++i)
      headers.emplace_back(absl::StrCat("x-", i), std::string(1'000, 'v'));
    raw.Send(Bytes({FrameType::kHeaders, 0, 1, HeaderBlock(headers)}));
    for (int i = 0; i < 300; ++i) {
      const HeaderList more = {{absl::StrCat("y-", i), std::string(8'000, 'v')}};
      if (!raw.Send(Bytes({FrameType::kContinuation, 0, 1, HeaderBlock(more)}))) break;
    }
  }
  {
    RawConnection raw(address());  // empty ones
    Greet(raw);
    raw.Send(Bytes({FrameType::kHeaders, 0, 1, HeaderBlock(CallHeaders(kList))}));
    for (int i = 0; i < 10'000; ++i) {
      if (!raw.Send(Bytes({FrameType::kContinuation, 0, 1, ""}))) break;
    }
  }
  {
    RawConnection raw(address());  // a block that is none
    Greet(raw);
    raw.Send(Bytes({FrameType::kHeaders, kEndHeaders, 1, std::string(200, '\xff')}));
    EXPECT_TRUE(raw.Ends());
  }
}

TEST_F(Http2, AFloodOfPingsEndsItsConnectionAndOneOfSettingsIsSurvived) {
  for (const Frame& frame :
       {Frame{FrameType::kPing, 0, 0, "12345678"}, Frame{FrameType::kSettings, 0, 0, ""}}) {
    RawConnection raw(address());
    Greet(raw);
    std::string many;
    for (int i = 0; i < 100; ++i) many += Bytes(frame);
    for (int i = 0; i < 100 && raw.Send(many); ++i) {
      while (raw.Read(absl::ZeroDuration()).has_value()) {
      }
    }
    if (frame.type == FrameType::kPing) {
      EXPECT_TRUE(raw.Ends()) << "two strikes are allowed";
    }
  }
}

TEST_F(Http2, FramesThatMakeNoSenseAreSurvived) {
  const std::vector<std::string> frames = {
      Bytes({FrameType::kData, kEndStream, 99, "data on no stream"}),
      Bytes({FrameType::kWindow, 0, 0, Number32(0)}),
      Bytes({FrameType::kWindow, 0, 0, Number32(0x7fffffff)}) +
          Bytes({FrameType::kWindow, 0, 0, Number32(0x7fffffff)}),
      Bytes({FrameType::kHeaders, kEndHeaders, 0, HeaderBlock(CallHeaders(kList))}),
      Bytes({FrameType::kHeaders, kEndHeaders, 2, HeaderBlock(CallHeaders(kList))}),
      Bytes({FrameType::kContinuation, kEndHeaders, 1, "x"}),
      Bytes({FrameType::kPing, 0, 0, "short"}),
      Bytes({FrameType::kSettings, 0, 0, "12345"}),
      Bytes({static_cast<FrameType>(200), 0xff, 7, "no such type"}),
      Bytes({FrameType::kGoAway, 0, 0, Number32(0) + Number32(0)}),
      std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9) + std::string(100'000, 'x'),
      Open(1, {{":path", kList}}, kEndStream),
      Open(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, kEndStream),
      Open(1,
           {{":method", "POST"},
            {":scheme", std::string(9'000, 's')},
            {":path", kList},
            {"te", "nonsense"}},
           kEndStream),
      Open(1, {{"\x01 bad name", "x"}}, kEndStream),
      Open(1, CallHeaders(kList)) + Bytes({FrameType::kData, kEndStream, 1, ""}),
      Open(1, CallHeaders(kList)) + Bytes({FrameType::kData, kEndStream, 1,
                                           std::string("\0\0\0\0\xff"
                                                       "abc",
                                                       8)}),
      Open(1, CallHeaders(kList)) +
          Bytes({FrameType::kData, kEndStream, 1, std::string("\x07\xff\xff\xff\xff", 5)}),
  };
  for (const std::string& bytes : frames) {
    RawConnection raw(address());
    Greet(raw);
    raw.Send(bytes);
    raw.Read(absl::Milliseconds(20));
  }
}

TEST_F(Http2, WrongHeadersOfACallAreSurvived) {
  const auto with = [](const std::string& name, const std::string& value) {
    HeaderList headers = CallHeaders(kList);
    for (auto& [known, old] : headers) {
      if (known == name) {
        old = value;
        return headers;
      }
    }
    headers.emplace_back(name, value);
    return headers;
  };
  const std::string message("\0\0\0\0\0", 5);
  for (const HeaderList& headers :
       {with("content-type", "text/plain"), with("content-type", "application/json"),
        with("grpc-timeout", "0m"), with("grpc-timeout", "xyz"), with("grpc-timeout", "-1S"),
        with("grpc-timeout", "99999999999S"), with("grpc-encoding", "nonsense"), with("te", "gzip"),
        with(":path", "nonsense"), with(":path", ""), with(":path", "/" + std::string(5'000, 'x')),
        with(":method", "PUT"), with("grpc-message-type", "\xff\xfe")}) {
    RawConnection raw(address());
    Greet(raw);
    raw.Send(Open(1, headers));
    raw.Send(Bytes({FrameType::kData, kEndStream, 1, message}));
    while (const auto frame = raw.Read(absl::Milliseconds(500))) {
      if (frame->type == FrameType::kReset || frame->type == FrameType::kGoAway) break;
      if (frame->stream == 1 && (frame->flags & kEndStream) != 0) break;
    }
  }
}

TEST_F(Http2, MethodsThatAreNotThereAreUnimplemented) {
  Calls calls(address(), 1);
  for (const char* path : {"/tandem.order.v1.OrderService/NoSuchMethod", "/no.such.Service/Get",
                           "/x", "/tandem.order.v1.OrderService/", "//"}) {
    EXPECT_EQ(calls.Call(path, "").status.code(), StatusCode::kUnimplemented) << path;
  }
}

TEST_F(Http2, CallsThatAreOverBeforeTheyBeginAreSurvived) {
  Calls calls(address(), 4, 256);
  int over = 0;
  for (int i = 0; i < 500; ++i) {
    calls.Start(kList, "", {.timeout = absl::Microseconds(i * 10)}, [&over](Answered answered) {
      over += answered.status.code() == StatusCode::kDeadlineExceeded;
      // Where so many wait that its time would be up before its turn, it is told at once.
      EXPECT_TRUE(answered.status.ok() || ReasonOf(answered.status) == "OVERLOADED" ||
                  answered.status.code() == StatusCode::kDeadlineExceeded)
          << answered.status;
    });
  }
  calls.Wait();
  EXPECT_GT(over, 0);
}

TEST_F(Http2, AMessageThatGrowsAThousandfoldIsRefused) {
  Calls calls(address(), 1);
  for (const size_t bytes : {size_t{6} << 20, size_t{64} << 20}) {
    // One field that nobody knows, all zeros.
    std::string request("\xfa\x3f", 2);
    size_t left = bytes;
    for (; left > 0x7f; left >>= 7) request.push_back(static_cast<char>(left | 0x80));
    request.push_back(static_cast<char>(left));
    request.append(bytes, '\0');
    const Answered answered = calls.Call(kList, request, {.gzip = true});
    EXPECT_TRUE(answered.status.code() == StatusCode::kOutOfRange ||
                answered.status.code() == StatusCode::kResourceExhausted)
        << answered.status;
  }
}

TEST_F(Http2, WhoDoesNotReadHarmsNobody) {
  RawConnection raw(address());
  Greet(raw);
  const std::string message("\0\0\0\0\0", 5);
  for (uint32_t n = 0; n < 900; ++n) {
    raw.Send(absl::StrCat(Open(1 + 2 * n, CallHeaders(kList)),
                          Bytes({FrameType::kData, kEndStream, 1 + 2 * n, message})));
  }
  Calls calls(address(), 1);
  EXPECT_TRUE(calls.Call(kList, "", {.timeout = absl::Seconds(20)}).status.ok());
}

TEST_F(Http2, SixHundredIdleConnectionsHarmNobody) {
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 600; ++i) {
    idle.push_back(std::make_unique<RawConnection>(address()));
    ASSERT_TRUE(idle.back()->open());
  }
  Calls calls(address(), 1);
  EXPECT_TRUE(calls.Call(kList, "", {.timeout = absl::Seconds(20)}).status.ok());
}

}  // namespace
}  // namespace tandem::test
