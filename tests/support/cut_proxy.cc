#include "tests/support/cut_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "tests/support/message_splitter.h"

namespace tandem::test {
namespace {

constexpr size_t kReadMax = 64 << 10;
constexpr size_t kQueuedMax = 4 << 20;  // beyond it a sender is not read: its own buffers fill

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void Reset(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  ::close(fd);
}

void SendAtOnce(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// One direction of one connection.
struct Stream {
  struct Chunk {
    absl::Time due;
    std::string bytes;
  };
  int from = -1;
  int to = -1;
  std::string unsplit;      // read, not yet a whole message
  std::deque<Chunk> queue;  // split, judged, waiting to be written
  size_t queued = 0;
  size_t written_of_front = 0;
  bool ended = false;  // the sender sent its end
  bool end_passed = false;
  absl::Time may_write_at = absl::InfinitePast();
};

struct Connection {
  explicit Connection(Framing framing) : splitter(framing) {}
  MessageSplitter splitter;
  int client = -1;
  int server = -1;
  Stream to_server;
  Stream to_client;
  bool stalled = false;  // by a rule
  bool lost = false;     // to be reset, both ways
  // After kCutAfter: the receiver still gets what is queued, then its end; what it answers is
  // thrown away. The other side is reset at once.
  Stream* last_words = nullptr;
};

}  // namespace

class CutProxy::Loop {
 public:
  Loop(uint16_t server_port, Framing framing);
  ~Loop();

  void Change(const std::function<void()>& change) {
    absl::MutexLock lock(&mutex_);
    change();
    Wake();
  }
  void CutAll() {
    for (Connection& connection : connections_) connection.lost = true;
    Sweep();
  }

  absl::Mutex mutex_;
  uint16_t port_ = 0;
  Rule rule_;
  bool triggered_ = false;
  int64_t to_server_ = 0;
  int64_t to_client_ = 0;
  bool refuse_ = false;
  bool stall_ = false;
  bool black_hole_ = false;
  absl::Duration delay_;
  int64_t limit_ = 0;
  int accepted_ = 0;
  std::list<Connection> connections_;

 private:
  void Wake() { ::eventfd_write(wake_, 1); }
  void RunUntilStopped();
  int Poll(std::vector<pollfd>& fds);
  void Accept();
  void Read(Connection& connection, Stream& stream);
  void Judge(Connection& connection, Stream& stream);
  void Enqueue(Stream& stream, std::string bytes);
  void Write(Connection& connection, Stream& stream);
  void CutAfter(Connection& connection, Stream& stream);
  void Sweep();
  bool Writable(const Connection& connection, const Stream& stream, absl::Time now) const;

  const uint16_t server_port_;
  const Framing framing_;
  int listener_ = -1;
  int wake_ = -1;
  bool stop_ = false;
  std::thread thread_;
};

CutProxy::Loop::Loop(uint16_t server_port, Framing framing)
    : server_port_(server_port), framing_(framing) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("CutProxy");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { RunUntilStopped(); });
}

CutProxy::Loop::~Loop() {
  Change([this] { stop_ = true; });
  thread_.join();
  CutAll();
  ::close(listener_);
  ::close(wake_);
}

void CutProxy::Loop::RunUntilStopped() {
  std::vector<pollfd> fds;
  for (;;) {
    int timeout_ms;
    {
      absl::MutexLock lock(&mutex_);
      if (stop_) return;
      timeout_ms = Poll(fds);
    }
    ::poll(fds.data(), fds.size(), timeout_ms);
    absl::MutexLock lock(&mutex_);
    eventfd_t woken;
    ::eventfd_read(wake_, &woken);
    Accept();
    for (Connection& connection : connections_) {
      for (Stream* stream : {&connection.to_server, &connection.to_client}) {
        if (connection.lost) break;
        Read(connection, *stream);
        if (!connection.lost) Judge(connection, *stream);
        if (!connection.lost) Write(connection, *stream);
      }
    }
    Sweep();
  }
}

bool CutProxy::Loop::Writable(const Connection& connection, const Stream& stream,
                              absl::Time now) const {
  return !stall_ && !connection.stalled && !stream.queue.empty() &&
         stream.queue.front().due <= now && stream.may_write_at <= now;
}

// Fills in what to wait for; answers how long at most.
int CutProxy::Loop::Poll(std::vector<pollfd>& fds) {
  const absl::Time now = absl::Now();
  absl::Time next = absl::InfiniteFuture();
  fds = {{.fd = wake_, .events = POLLIN, .revents = 0},
         // Nobody answers a new caller over a dead cable either.
         {.fd = stall_ || black_hole_ ? -1 : listener_, .events = POLLIN, .revents = 0}};
  for (Connection& connection : connections_) {
    for (const Stream* stream : {&connection.to_server, &connection.to_client}) {
      if (stream->from >= 0 && !stream->ended && stream->queued < kQueuedMax && !stall_ &&
          !connection.stalled) {
        fds.push_back({.fd = stream->from, .events = POLLIN, .revents = 0});
      }
      if (stream->queue.empty() || stall_ || connection.stalled) continue;
      const absl::Time due = std::max(stream->queue.front().due, stream->may_write_at);
      if (due <= now) {
        fds.push_back({.fd = stream->to, .events = POLLOUT, .revents = 0});
      } else {
        next = std::min(next, due);
      }
    }
  }
  if (next == absl::InfiniteFuture()) return -1;
  return static_cast<int>(absl::ToInt64Milliseconds(next - now)) + 1;
}

void CutProxy::Loop::Accept() {
  while (!stall_ && !black_hole_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    ++accepted_;
    const int server = refuse_ ? -1 : ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(server_port_);
    // On loopback this blocks for no longer than the kernel takes to answer.
    if (server < 0 ||
        ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      if (server >= 0) ::close(server);
      Reset(client);
      continue;
    }
    ::fcntl(server, F_SETFL, O_NONBLOCK);
    SendAtOnce(client);
    SendAtOnce(server);
    Connection& connection = connections_.emplace_back(framing_);
    connection.client = connection.to_server.from = connection.to_client.to = client;
    connection.server = connection.to_server.to = connection.to_client.from = server;
  }
}

void CutProxy::Loop::Read(Connection& connection, Stream& stream) {
  if (stall_ || connection.stalled || stream.ended || stream.from < 0) return;
  static thread_local std::array<char, kReadMax> buffer;
  if (stream.queued >= kQueuedMax) return;
  const ssize_t size = ::recv(stream.from, buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    stream.ended = true;
    // A reset is passed on as one, except to somebody who is being told his last words.
    connection.lost = size < 0 && !black_hole_ && connection.last_words == nullptr;
    return;
  }
  // Swallowed, or the answer to somebody who is gone.
  if (black_hole_ || connection.last_words != nullptr) return;
  stream.unsplit.append(buffer.data(), static_cast<size_t>(size));
}

void CutProxy::Loop::Judge(Connection& connection, Stream& stream) {
  const bool to_server = &stream == &connection.to_server;
  Piece piece;
  while (!connection.stalled &&
         (to_server ? connection.splitter.FromClient(stream.unsplit, piece)
                    : connection.splitter.FromServer(stream.unsplit, piece))) {
    int64_t& count = to_server ? to_server_ : to_client_;
    if (piece.counted) ++count;
    Verdict verdict = Verdict::kPass;
    if (rule_ && piece.counted) {
      verdict = rule_({.direction = to_server ? Direction::kToServer : Direction::kToClient,
                       .type = piece.type,
                       .number = count,
                       .bytes = piece.bytes});
    }
    if (verdict != Verdict::kPass) {
      rule_ = nullptr;
      triggered_ = true;
    }
    if (verdict != Verdict::kCutBefore) Enqueue(stream, std::move(piece.bytes));
    if (verdict == Verdict::kStall) connection.stalled = true;
    if (verdict == Verdict::kCutBefore || verdict == Verdict::kCutAfter) {
      CutAfter(connection, stream);
      return;
    }
  }
}

void CutProxy::Loop::Enqueue(Stream& stream, std::string bytes) {
  stream.queued += bytes.size();
  stream.queue.push_back({.due = absl::Now() + delay_, .bytes = std::move(bytes)});
}

void CutProxy::Loop::CutAfter(Connection& connection, Stream& stream) {
  Stream& other = &stream == &connection.to_server ? connection.to_client : connection.to_server;
  // A reset would take back what the receiver has not read yet; it gets an orderly end instead.
  Reset(stream.from);
  (&stream == &connection.to_server ? connection.client : connection.server) = -1;
  stream.from = -1;
  stream.ended = true;
  stream.unsplit.clear();
  other.to = -1;
  other.queue.clear();
  other.queued = 0;
  other.unsplit.clear();
  connection.last_words = &stream;
}

void CutProxy::Loop::Write(Connection& connection, Stream& stream) {
  if (stream.to < 0) return;
  while (Writable(connection, stream, absl::Now())) {
    Stream::Chunk& front = stream.queue.front();
    size_t size = front.bytes.size() - stream.written_of_front;
    if (limit_ > 0) size = std::min(size, static_cast<size_t>(std::max<int64_t>(limit_ / 100, 1)));
    const ssize_t sent =
        ::send(stream.to, front.bytes.data() + stream.written_of_front, size, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) connection.lost = true;
      return;
    }
    if (limit_ > 0) {
      stream.may_write_at =
          absl::Now() + absl::Seconds(static_cast<double>(sent) / static_cast<double>(limit_));
    }
    stream.queued -= static_cast<size_t>(sent);
    stream.written_of_front += static_cast<size_t>(sent);
    if (stream.written_of_front == front.bytes.size()) {
      stream.queue.pop_front();
      stream.written_of_front = 0;
    }
  }
  if (stream.ended && !stream.end_passed && stream.queue.empty() && !stall_ &&
      !connection.stalled && !black_hole_) {
    ::shutdown(stream.to, SHUT_WR);
    stream.end_passed = true;
  }
}

void CutProxy::Loop::Sweep() {
  connections_.remove_if([](Connection& connection) {
    const bool said_all = connection.last_words != nullptr && connection.last_words->end_passed;
    const Stream& answers = connection.last_words == &connection.to_server ? connection.to_client
                                                                           : connection.to_server;
    const bool over = (said_all && answers.ended) ||
                      (connection.to_server.end_passed && connection.to_client.end_passed);
    if (!connection.lost && !over) return false;
    for (const int fd : {connection.client, connection.server}) {
      if (fd < 0) continue;
      if (connection.lost) {
        Reset(fd);
      } else {
        ::close(fd);
      }
    }
    return true;
  });
}

CutProxy::CutProxy(uint16_t server_port, Framing framing)
    : loop_(std::make_unique<Loop>(server_port, framing)) {}

CutProxy::~CutProxy() = default;

uint16_t CutProxy::port() const { return loop_->port_; }

void CutProxy::OnMessage(Rule rule) {
  loop_->Change([&] {
    loop_->rule_ = std::move(rule);
    loop_->triggered_ = false;
    loop_->to_server_ = loop_->to_client_ = 0;
  });
}

CutProxy::Rule CutProxy::BeforeClientMessage(int64_t number) {
  return [number](const Message& message) {
    return message.direction == Direction::kToServer && message.number == number
               ? Verdict::kCutBefore
               : Verdict::kPass;
  };
}

CutProxy::Rule CutProxy::AfterClientMessage(int64_t number) {
  return [number](const Message& message) {
    return message.direction == Direction::kToServer && message.number == number
               ? Verdict::kCutAfter
               : Verdict::kPass;
  };
}

CutProxy::Rule CutProxy::BeforeServerMessage(int64_t number) {
  return [number](const Message& message) {
    return message.direction == Direction::kToClient && message.number == number
               ? Verdict::kCutBefore
               : Verdict::kPass;
  };
}

bool CutProxy::Triggered() const {
  absl::MutexLock lock(&loop_->mutex_);
  return loop_->triggered_;
}

int64_t CutProxy::client_messages() const {
  absl::MutexLock lock(&loop_->mutex_);
  return loop_->to_server_;
}

void CutProxy::Cut() {
  loop_->Change([this] { loop_->CutAll(); });
}

void CutProxy::Refuse(bool refuse) {
  loop_->Change([&] { loop_->refuse_ = refuse; });
}

void CutProxy::Stall() {
  loop_->Change([this] { loop_->stall_ = true; });
}

void CutProxy::BlackHole() {
  loop_->Change([this] { loop_->black_hole_ = true; });
}

void CutProxy::Resume() {
  loop_->Change([this] {
    if (loop_->black_hole_) loop_->CutAll();
    loop_->stall_ = loop_->black_hole_ = false;
    for (Connection& connection : loop_->connections_) connection.stalled = false;
  });
}

void CutProxy::Delay(absl::Duration each_way) {
  loop_->Change([&] { loop_->delay_ = each_way; });
}

void CutProxy::Limit(int64_t bytes_per_second) {
  loop_->Change([&] { loop_->limit_ = bytes_per_second; });
}

int CutProxy::connections() const {
  absl::MutexLock lock(&loop_->mutex_);
  return static_cast<int>(loop_->connections_.size());
}

int CutProxy::accepted() const {
  absl::MutexLock lock(&loop_->mutex_);
  return loop_->accepted_;
}

}  // namespace tandem::test
