// TCP sockets with deadlines: non-blocking descriptors and ppoll(2).
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "call.h"
#include "timespec.h"

namespace {

double nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return nanoseconds(now);
}

/** ppoll until `deadlineNs` on CLOCK_MONOTONIC; Infinity and beyond 30 years: no deadline. */
int pollUntil(pollfd* entries, size_t count, double deadlineNs) {
  if (deadlineNs > 1e18) return ppoll(entries, count, nullptr, nullptr);
  const timespec left = timespecOf(std::max(0.0, deadlineNs - nowNs()));
  return ppoll(entries, count, &left, nullptr);
}

/**
 * Looks and yields the processor, for at most `spinNs`: where the answer is a few microseconds away
 * a sleep and its wake-up cost more than the wait. Ends early when somebody else used the yield.
 */
int pollSpinning(pollfd* entries, size_t count, double spinNs) {
  const timespec atOnce{0, 0};
  const double startNs = nowNs();
  for (double beforeNs = startNs;;) {
    const int got = ppoll(entries, count, &atOnce, nullptr);
    if (got != 0) return got;
    sched_yield();
    const double afterNs = nowNs();
    if (afterNs - startNs > spinNs || afterNs - beforeNs > spinNs / 2) return 0;
    beforeNs = afterNs;
  }
}

/** Waits for `events`, through signals. False: the deadline came. */
bool waitFor(int fd, short events, double deadlineNs) {
  pollfd entry{fd, events, 0};
  for (;;) {
    const int count = pollUntil(&entry, 1, deadlineNs);
    if (count > 0) return true;
    if (count == 0) return false;
    if (errno != EINTR) throw systemFailure(errno, "ppoll");
  }
}

/** Closes a descriptor unless it was given away. */
class Owner {
 public:
  explicit Owner(int fd) : fd_(fd) {}
  ~Owner() {
    if (fd_ >= 0) close(fd_);
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  int fd() const { return fd_; }
  int give() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

struct Address {
  sockaddr_storage storage;
  socklen_t length;
  std::string name;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/** Address of the arguments 0 (host) and 1 (port). */
Address addressOf(const Call& call) {
  const std::string host = call.text(0, "host");
  const int64_t port = call.integer(1, "port", 0, 65535);
  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    throw argumentFailure("host must be a numeric IPv4 or IPv6 address, got \"" + host + "\"");
  }
  Address address{};
  memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = found->ai_addrlen;
  address.name = host + " port " + std::to_string(port);
  freeaddrinfo(found);
  return address;
}

int newSocket(int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemFailure(errno, "socket");
  return fd;
}

/** Seconds of silence before the kernel asks whether the other host is there at all, asks, and between them. */
constexpr int keepIdleS = 60;
constexpr int keepCount = 10;
constexpr int keepIntervalS = 1;

/** No waiting for fuller segments; and a host that vanished is noticed even while nobody pings (Ctrl-Z). */
void prepare(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &keepIdleS, sizeof keepIdleS);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &keepIntervalS, sizeof keepIntervalS);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &keepCount, sizeof keepCount);
}

/** listen(host, port, backlog) */
napi_value listen(Call& call) {
  const Address address = addressOf(call);
  const int64_t backlog = call.integer(2, "backlog", 0, INT32_MAX);
  Owner owner(newSocket(address.storage.ss_family));
  const int on = 1;
  setsockopt(owner.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(owner.fd(), address.get(), address.length) != 0) {
    throw systemFailure(errno, "bind", address.name);
  }
  if (::listen(owner.fd(), static_cast<int>(backlog)) != 0) {
    throw systemFailure(errno, "listen", address.name);
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (getsockname(owner.fd(), reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    throw systemFailure(errno, "getsockname");
  }
  const in_port_t port = bound.ss_family == AF_INET6
                             ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                             : reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
  napi_value result;
  napi_create_object(call.env, &result);
  napi_set_named_property(call.env, result, "port", call.makeNumber(ntohs(port)));
  napi_set_named_property(call.env, result, "fd", call.makeNumber(owner.give()));
  return result;
}

/** connect(host, port, deadlineNs) */
napi_value connect(Call& call) {
  const Address address = addressOf(call);
  const double deadlineNs = call.number(2, "deadlineNs");
  Owner owner(newSocket(address.storage.ss_family));
  prepare(owner.fd());
  if (::connect(owner.fd(), address.get(), address.length) != 0) {
    // EINTR: it goes on in the background, as with EINPROGRESS.
    if (errno != EINPROGRESS && errno != EINTR) {
      throw systemFailure(errno, "connect", address.name);
    }
    if (!waitFor(owner.fd(), POLLOUT, deadlineNs)) {
      throw systemFailure(ETIMEDOUT, "connect", address.name + " did not answer by the deadline");
    }
    int number = 0;
    socklen_t length = sizeof number;
    getsockopt(owner.fd(), SOL_SOCKET, SO_ERROR, &number, &length);
    if (number != 0) throw systemFailure(number, "connect", address.name);
  }
  return call.makeNumber(owner.give());
}

/** accept(fd, deadlineNs) */
napi_value accept(Call& call) {
  const int fd = static_cast<int>(call.integer(0, "fd", 0, INT32_MAX));
  const double deadlineNs = call.number(1, "deadlineNs");
  for (;;) {
    // First the wait: the listening descriptor may be a blocking one from elsewhere.
    if (!waitFor(fd, POLLIN, deadlineNs)) {
      throw systemFailure(ETIMEDOUT, "accept", "nobody connected by the deadline");
    }
    const int got = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got >= 0) {
      prepare(got);
      return call.makeNumber(got);
    }
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      throw systemFailure(errno, "accept");
    }
  }
}

/** send(fd, bytes, offset, length, deadlineNs) */
napi_value send(Call& call) {
  const int fd = static_cast<int>(call.integer(0, "fd", 0, INT32_MAX));
  const Bytes bytes = call.range(1, "bytes");
  const double deadlineNs = call.number(4, "deadlineNs");
  size_t done = 0;
  while (done < bytes.length) {
    const ssize_t count =
        ::send(fd, bytes.data + done, bytes.length - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      if (!waitFor(fd, POLLOUT, deadlineNs)) break;
    } else if (errno != EINTR) {
      throw systemFailure(errno, "send");
    }
  }
  return call.makeNumber(static_cast<double>(done));
}

/** recv(fd, into, offset, length) */
napi_value recv(Call& call) {
  const int fd = static_cast<int>(call.integer(0, "fd", 0, INT32_MAX));
  const Bytes into = call.range(1, "into");
  if (into.length == 0) {
    throw argumentFailure("recv needs room for a byte: 0 would read as the end of the stream");
  }
  for (;;) {
    const ssize_t count = ::recv(fd, into.data, into.length, MSG_DONTWAIT);
    if (count >= 0) return call.makeNumber(static_cast<double>(count));
    if (errno == EAGAIN) return call.makeNumber(-1);
    if (errno != EINTR) throw systemFailure(errno, "recv");
  }
}

/** poll(fds, count, ready, deadlineNs, spinNs?) */
napi_value poll(Call& call) {
  size_t fdCount = 0, readyCount = 0;
  const auto* fds = static_cast<int32_t*>(call.elements(0, "fds", napi_int32_array, &fdCount));
  const auto count = static_cast<size_t>(call.integer(1, "count", 0, INT32_MAX));
  auto* ready = static_cast<uint8_t*>(call.elements(2, "ready", napi_uint8_array, &readyCount));
  const double deadlineNs = call.number(3, "deadlineNs");
  if (count > fdCount || count > readyCount) {
    throw argumentFailure("count is " + std::to_string(count) + ", but fds has " +
                          std::to_string(fdCount) + " entries and ready " +
                          std::to_string(readyCount));
  }
  static thread_local std::vector<pollfd> entries;
  entries.resize(count);
  for (size_t i = 0; i < count; i++) entries[i] = {fds[i], POLLIN, 0};
  const double spinNs = call.count() > 4 ? call.number(4, "spinNs") : 0;
  int got = spinNs > 0 ? pollSpinning(entries.data(), count, spinNs) : 0;
  if (got == 0) got = pollUntil(entries.data(), count, deadlineNs);
  if (got < 0 && errno != EINTR) throw systemFailure(errno, "ppoll");
  for (size_t i = 0; i < count; i++) ready[i] = got > 0 && entries[i].revents != 0;
  return call.makeNumber(got);
}

/** close(fd) */
napi_value closeDescriptor(Call& call) {
  if (close(static_cast<int>(call.integer(0, "fd", 0, INT32_MAX))) != 0 && errno != EINTR) {
    throw systemFailure(errno, "close");
  }
  return nullptr;
}

}  // namespace

void exportSockets(Exports& list) {
  list.push_back({"listen", entry<listen>});
  list.push_back({"connect", entry<connect>});
  list.push_back({"accept", entry<accept>});
  list.push_back({"send", entry<send>});
  list.push_back({"recv", entry<recv>});
  list.push_back({"poll", entry<poll>});
  list.push_back({"close", entry<closeDescriptor>});
}
