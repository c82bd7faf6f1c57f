// Small calls on descriptors that Node does not offer.
#include <asm/termbits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "call.h"

namespace {

int descriptor(const Call& call) {
  return static_cast<int>(call.integer(0, "fd", 0, INT32_MAX));
}

/** memfdCreate(name) */
napi_value memfdCreate(Call& call) {
  const int fd = memfd_create(call.text(0, "name").c_str(), MFD_CLOEXEC);
  if (fd < 0) throw systemFailure(errno, "memfd_create");
  return call.makeNumber(fd);
}

/** lseek(fd, offset, whence) */
napi_value seek(Call& call) {
  const auto offset = static_cast<off_t>(call.word(1, "offset"));
  const off_t at = lseek(descriptor(call), offset, call.int32(2, "whence"));
  if (at < 0) throw systemFailure(errno, "lseek");
  return call.makeNumber(static_cast<double>(at));
}

/** An ioctl that fills `data`; undefined where the descriptor has no such thing. */
napi_value query(Call& call, unsigned long request, void* data, size_t length) {
  if (ioctl(descriptor(call), request, data) == 0) return call.makeBuffer(data, length);
  if (errno == EBADF) throw systemFailure(errno, "ioctl");
  return call.undefined();
}

/** termios(fd): the kernel's struct (36 bytes), not glibc's. */
napi_value terminal(Call& call) {
  struct termios data {};
  static_assert(sizeof data == 36, "kernel struct termios");
  return query(call, TCGETS, &data, sizeof data);
}

/** winsize(fd) */
napi_value windowSize(Call& call) {
  struct winsize data {};
  static_assert(sizeof data == 8, "struct winsize");
  return query(call, TIOCGWINSZ, &data, sizeof data);
}

}  // namespace

void exportDescriptors(Exports& list) {
  list.push_back({"memfdCreate", entry<memfdCreate>});
  list.push_back({"lseek", entry<seek>});
  list.push_back({"termios", entry<terminal>});
  list.push_back({"winsize", entry<windowSize>});
}
