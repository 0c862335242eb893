// A connection that says whatever a test wants, below gRPC: frames of HTTP/2, well made or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace tandem::test {

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindow = 8,
  kContinuation = 9,
};
inline constexpr uint8_t kEndStream = 1, kEndHeaders = 4, kAck = 1;

struct Frame {
  FrameType type;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

std::string Bytes(const Frame& frame);
// What a client begins with: its preface and empty settings.
std::string Greeting();
// A header block, each entry a literal that enters no table.
using HeaderList = std::vector<std::pair<std::string, std::string>>;
std::string HeaderBlock(const HeaderList& headers);
// Those of a gRPC call.
HeaderList CallHeaders(const std::string& path);
std::string Number32(uint32_t number);

class RawConnection {
 public:
  explicit RawConnection(const std::string& address);  // "127.0.0.1:7400"
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool open() const { return fd_ >= 0; }
  // False where the other side has gone, or takes nothing for ten seconds.
  bool Send(absl::string_view bytes);
  // The next frame; nothing where the other side has gone or says nothing for so long.
  std::optional<Frame> Read(absl::Duration within = absl::Seconds(10));
  // Whether the other side ends the connection, whatever it says before.
  bool Ends(absl::Duration within = absl::Seconds(30));

 private:
  bool Fill(absl::Time until);

  int fd_ = -1;
  std::string read_;
};

}  // namespace tandem::test
