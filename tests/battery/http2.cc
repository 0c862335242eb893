#include "tests/battery/http2.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/check.h"

namespace tandem::test {
namespace {

void PutLength(size_t length, std::string* out) {  // of 7 bits, as HPACK has it
  if (length < 127) return out->push_back(static_cast<char>(length));
  out->push_back(127);
  for (length -= 127; length >= 128; length >>= 7) {
    out->push_back(static_cast<char>(length | 0x80));
  }
  out->push_back(static_cast<char>(length));
}

int MillisecondsUntil(absl::Time until) {
  return static_cast<int>(
      absl::ToInt64Milliseconds(std::max(until - absl::Now(), absl::ZeroDuration())));
}

}  // namespace

std::string Number32(uint32_t number) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
  return out;
}

std::string Bytes(const Frame& frame) {
  const std::string length = Number32(static_cast<uint32_t>(frame.payload.size())).substr(1);
  return absl::StrCat(length, std::string(1, static_cast<char>(frame.type)),
                      std::string(1, static_cast<char>(frame.flags)), Number32(frame.stream),
                      frame.payload);
}

std::string Greeting() {
  return absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Bytes({FrameType::kSettings, 0, 0, ""}));
}

std::string HeaderBlock(const HeaderList& headers) {
  std::string out;
  for (const auto& [name, value] : headers) {
    out.push_back(0);
    PutLength(name.size(), &out);
    out += name;
    PutLength(value.size(), &out);
    out += value;
  }
  return out;
}

HeaderList CallHeaders(const std::string& path) {
  return {{":method", "POST"}, {":scheme", "http"}, {":path", path},
          {":authority", "x"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
}

RawConnection::RawConnection(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  int port = 0;
  TANDEM_CHECK(absl::SimpleAtoi(address.substr(colon + 1), &port), address);
  to.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return;
  // Who listens and does not accept lets a connection hang here: it is open all the same.
  connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

RawConnection::~RawConnection() {
  if (fd_ >= 0) close(fd_);
}

bool RawConnection::Send(absl::string_view bytes) {
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    if (poll(&ready, 1, MillisecondsUntil(until)) <= 0) return false;
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawConnection::Fill(absl::Time until) {
  pollfd ready{fd_, POLLIN, 0};
  if (poll(&ready, 1, MillisecondsUntil(until)) <= 0) return false;
  char buffer[16384];
  const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
  if (got <= 0) return false;
  read_.append(buffer, static_cast<size_t>(got));
  return true;
}

std::optional<Frame> RawConnection::Read(absl::Duration within) {
  const absl::Time until = absl::Now() + within;
  const auto byte = [this](size_t i) {
    return static_cast<uint32_t>(static_cast<uint8_t>(read_[i]));
  };
  while (true) {
    if (read_.size() >= 9) {
      const size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (read_.size() >= 9 + length) {
        Frame frame{static_cast<FrameType>(byte(3)), static_cast<uint8_t>(byte(4)),
                    (byte(5) & 0x7f) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8),
                    read_.substr(9, length)};
        read_.erase(0, 9 + length);
        return frame;
      }
    }
    if (!Fill(until)) return std::nullopt;
  }
}

bool RawConnection::Ends(absl::Duration within) {
  const absl::Time until = absl::Now() + within;
  while (absl::Now() < until) {
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, MillisecondsUntil(until)) <= 0) return false;
    char buffer[16384];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
  }
  return false;
}

}  // namespace tandem::test
