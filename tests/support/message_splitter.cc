#include "tests/support/message_splitter.h"

namespace tandem::test {
namespace {

constexpr size_t kLength = 4;
constexpr uint32_t kSslRequest = 80877103;
constexpr uint32_t kGssEncRequest = 80877104;

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < kLength; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool Take(std::string& buffer, size_t size, Piece& piece) {
  if (buffer.size() < size) return false;
  piece.bytes = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

// A length that does not count itself, and so many bytes.
bool Sized(std::string& buffer, Piece& piece) {
  return buffer.size() >= kLength && Take(buffer, kLength + BigEndian(buffer), piece);
}

}  // namespace

bool MessageSplitter::Framed(std::string& buffer, Piece& piece) const {
  if (buffer.size() < 1 + kLength) return false;
  piece.type = buffer[0];
  piece.counted = true;
  return Take(buffer, 1 + BigEndian(absl::string_view(buffer).substr(1)), piece);
}

bool MessageSplitter::FromClient(std::string& buffer, Piece& piece) {
  if (buffer.empty()) return false;
  if (framing_ == Framing::kBytes) return Take(buffer, buffer.size(), piece);
  if (framing_ == Framing::kKafka) return Sized(buffer, piece);
  if (started_) return Framed(buffer, piece);
  if (buffer.size() < 2 * kLength) return false;
  piece.type = 0;
  piece.counted = false;
  const uint32_t code = BigEndian(absl::string_view(buffer).substr(kLength));
  if (!Take(buffer, BigEndian(buffer), piece)) return false;
  if (code == kSslRequest || code == kGssEncRequest) {
    ++encryption_asked_;
  } else {
    started_ = true;
  }
  return true;
}

bool MessageSplitter::FromServer(std::string& buffer, Piece& piece) {
  if (buffer.empty()) return false;
  if (framing_ == Framing::kBytes) return Take(buffer, buffer.size(), piece);
  if (framing_ == Framing::kKafka) return Sized(buffer, piece);
  if (encryption_asked_ == 0) return Framed(buffer, piece);
  --encryption_asked_;
  piece.type = 0;
  piece.counted = false;
  return Take(buffer, 1, piece);
}

}  // namespace tandem::test
