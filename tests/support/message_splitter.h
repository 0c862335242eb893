// Splits one direction of a connection into messages as they arrive.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tandem::test {

// What a message is on a connection.
enum class Framing {
  kBytes,     // whatever arrived together
  kPostgres,  // one of PostgreSQL's protocol 3.0
  kKafka,     // one of Kafka's: a length, and behind it a request or an answer
};

struct Piece {
  char type = 0;        // PostgreSQL's, 0 where the message has none
  bool counted = true;  // false for start-up packets and the answers to them without a frame
  std::string bytes;
};

// Takes whole messages off the front of `buffer`. PostgreSQL's frames are a type byte and a length
// that counts itself; before the session a client sends packets without a type, and the answer to a
// request for encryption is one byte (protocol 3.0, "Message Flow" and "Message Formats").
class MessageSplitter {
 public:
  explicit MessageSplitter(Framing framing) : framing_(framing) {}

  bool FromClient(std::string& buffer, Piece& piece);
  bool FromServer(std::string& buffer, Piece& piece);

 private:
  bool Framed(std::string& buffer, Piece& piece) const;

  const Framing framing_;
  bool started_ = false;      // the client has sent its StartupMessage
  int encryption_asked_ = 0;  // one-byte answers still to come
};

}  // namespace tandem::test
