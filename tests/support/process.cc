#include "tests/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <future>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"

extern char** environ;

namespace tandem::test {
namespace {

// The kernel sends PR_SET_PDEATHSIG when the *thread* that forked ends. So one thread, which lives
// as long as the test, forks everything.
class Forker {
 public:
  static Forker& Get() {
    static Forker* const forker = new Forker;  // Never destroyed: children outlive statics.
    return *forker;
  }

  template <typename Fork>
  pid_t Do(Fork fork) {
    std::packaged_task<pid_t()> task(fork);
    std::future<pid_t> pid = task.get_future();
    {
      absl::MutexLock lock(&mutex_);
      tasks_.push_back(std::move(task));
    }
    return pid.get();
  }

 private:
  Forker() {
    std::thread([this] {
      for (;;) {
        std::packaged_task<pid_t()> task;
        {
          absl::MutexLock lock(&mutex_);
          mutex_.Await(absl::Condition(
              +[](std::vector<std::packaged_task<pid_t()>>* tasks) { return !tasks->empty(); },
              &tasks_));
          task = std::move(tasks_.front());
          tasks_.erase(tasks_.begin());
        }
        task();
      }
    }).detach();
  }

  absl::Mutex mutex_;
  std::vector<std::packaged_task<pid_t()>> tasks_;
};

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    if (!added.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(absl::StrCat(name, "=", value));
  return result;
}

// Between fork and exec only what is safe in a child of a process with threads.
[[noreturn]] void Become(char** args, char** env, const char* dir, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  if (*dir == '\0' || ::chdir(dir) == 0) ::execvpe(args[0], args, env);
  const char* why = ::strerror(errno);
  (void)!::write(STDERR_FILENO, why, ::strlen(why));
  ::_exit(127);
}

Exit FromStatus(int status) {
  if (WIFSIGNALED(status)) return {.code = -1, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(Command command) {
  const int log =
      command.log.empty()
          ? ::open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600)  // has no name to leave
          : ::open(command.log.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return absl::ErrnoToStatus(errno, absl::StrCat("log ", command.log));

  std::vector<std::string> environment = Environment(command.env);
  const off_t log_start = ::lseek(log, 0, SEEK_END);
  const std::vector<char*> args = Pointers(command.args);
  const std::vector<char*> env = Pointers(environment);
  const pid_t parent = ::getpid();
  const pid_t pid = Forker::Get().Do([&] {
    const pid_t child = ::fork();
    if (child == 0) {
      Become(const_cast<char**>(args.data()), const_cast<char**>(env.data()),
             command.working_dir.c_str(), log, parent);
    }
    return child;
  });
  if (pid < 0) {
    ::close(log);
    return absl::InternalError(absl::StrCat("cannot fork for ", command.args[0]));
  }
  return std::unique_ptr<Process>(new Process(pid, log, log_start));
}

Process::Process(pid_t pid, int log, off_t log_start)
    : pid_(pid), log_(log), log_start_(log_start) {}

Process::~Process() {
  Kill();
  ::close(log_);
}

bool Process::Running() { return !Wait(absl::ZeroDuration()).has_value(); }

std::string Process::Output() const {
  std::string text;
  char part[4096];
  off_t at = log_start_;
  for (ssize_t size; (size = ::pread(log_, part, sizeof(part), at)) > 0; at += size) {
    text.append(part, static_cast<size_t>(size));
  }
  return text;
}

absl::StatusOr<std::string> Process::WaitForLine(absl::string_view part, absl::Duration within) {
  std::string found;
  const auto seen = [&] {
    const std::string output = Output();
    const std::vector<absl::string_view> lines = absl::StrSplit(output, '\n');
    for (size_t i = 0; i + 1 < lines.size(); ++i) {  // The last has no end yet.
      if (lines[i].find(part) == absl::string_view::npos) continue;
      found = std::string(lines[i]);
      return true;
    }
    return false;
  };
  bool ended = false;
  (void)WaitFor(
      [&] {
        ended = !Running();  // Asked first: what it printed before it ended still counts.
        return seen() || ended;
      },
      within);
  if (!found.empty()) return found;
  return absl::DeadlineExceededError(absl::StrCat(ended ? "it ended" : "the time is up",
                                                  " without a line with \"", part,
                                                  "\". It printed:\n", Output()));
}

absl::StatusOr<std::string> Process::WaitUntilReady(absl::string_view name, absl::Duration within) {
  const std::string start = absl::StrCat("ready ", name, " ");
  absl::StatusOr<std::string> line = WaitForLine(start, within);
  if (!line.ok()) return line;
  const std::string rest = line->substr(line->find(start) + start.size());
  return rest.substr(0, rest.find_first_of(" \r"));
}

void Process::Signal(int signal) {
  if (Running()) ::kill(pid_, signal);
}

std::optional<Exit> Process::Wait(absl::Duration within) {
  (void)WaitFor(
      [&] {
        if (exit_) return true;
        int status = 0;
        const pid_t pid = ::waitpid(pid_, &status, WNOHANG);
        if (pid == pid_) exit_ = FromStatus(status);
        return exit_.has_value();
      },
      within);
  return exit_;
}

Exit Process::Stop(absl::Duration within) {
  Signal(SIGTERM);
  if (!Wait(within)) Kill();
  return *exit_;
}

void Process::Kill() {
  if (!Running()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_ = FromStatus(status);
}

absl::StatusOr<Finished> RunToEnd(Command command, absl::Duration within) {
  const std::string shown = absl::StrJoin(command.args, " ");
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(command));
  if (!process.ok()) return process.status();
  const std::optional<Exit> exit = (*process)->Wait(within);
  if (!exit) {
    return absl::DeadlineExceededError(
        absl::StrCat(shown, " did not end. It printed:\n", (*process)->Output()));
  }
  return Finished{.exit = *exit, .output = (*process)->Output()};
}

}  // namespace tandem::test
