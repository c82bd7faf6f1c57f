/* Does what programs do with files, also wrongly, and prints each result: native and traced must be equal. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

static void show(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
}
#define DO(call) show(#call, (errno = 0, (long)(call)))

static char buffer[8192];

static void reading_and_writing(void) {
  int fd, other;
  DO(fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0666));
  DO(write(fd, "hello world\n", 12));
  DO(lseek(fd, 0, SEEK_CUR));
  DO(pwrite(fd, "HE", 2, 0));
  DO(pwrite(fd, "end", 3, 100));
  DO(lseek(fd, 0, SEEK_END));
  DO(lseek(fd, -3, SEEK_CUR));
  DO(lseek(fd, -300, SEEK_CUR));
  DO(lseek(fd, 0, 77));
  DO(read(fd, buffer, 10));
  DO(pread(fd, buffer, 20, 0));
  printf("%.12s\n", buffer);
  DO(pread(fd, buffer, 20, -1));
  DO(read(fd, (void *)8, 10));
  DO(pread(fd, (void *)8, 10, 0));
  DO(write(fd, (void *)8, 10));
  DO(read(fd, buffer, 0));
  DO(write(fd, buffer, 0));
  struct iovec in[3] = {{buffer, 5}, {buffer + 100, 0}, {buffer + 200, 50}};
  DO(lseek(fd, 0, SEEK_SET));
  DO(readv(fd, in, 3));
  printf("%.5s %.6s\n", buffer, buffer + 200);
  DO(readv(fd, in, -1));
  DO(readv(fd, in, 2000));
  DO(preadv(fd, in, 3, 2));
  DO(preadv2(fd, in, 3, -1, 0));
  DO(writev(fd, in, 3));
  DO(pwritev(fd, in, 1, 500));
  DO(other = open("data", O_WRONLY | O_APPEND));
  DO(write(other, "appended", 8));
  DO(pwrite(other, "x", 1, 0));
  DO(lseek(other, 0, SEEK_CUR));
  DO(read(other, buffer, 1));
  DO(ftruncate(other, 50));
  DO(lseek(fd, 0, SEEK_END));
  DO(ftruncate(fd, -1));
  DO(truncate("data", 60));
  DO(truncate("missing", 60));
  DO(posix_fallocate(fd, 0, 70));
  DO(lseek(fd, 0, SEEK_END));
  DO(fsync(fd));
  DO(fdatasync(fd));
  DO(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  DO(close(other));
  DO(close(other));
  DO(write(other, "x", 1));
  DO(other = open("data", O_RDONLY));
  DO(write(other, "x", 1));
  DO(ftruncate(other, 1));
  DO(fcntl(other, F_GETFL));
  DO(fcntl(fd, F_GETFL));
  DO(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
  DO(fcntl(fd, F_GETFL));
  DO(fcntl(fd, F_GETFD));
  DO(fcntl(fd, F_SETFD, FD_CLOEXEC));
  DO(fcntl(fd, F_GETFD));
  DO(fcntl(fd, 9999));
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  DO(fcntl(fd, F_SETLK, &lock));
  DO(fcntl(other, F_SETLK, &lock));
  DO(fcntl(fd, F_GETLK, &lock));
  DO(lock.l_type);
  DO(flock(fd, LOCK_EX));
  DO(flock(99, LOCK_EX));
  DO(close(fd));
  DO(close(other));
}

static void descriptors(void) {
  int fd, ends[2], again;
  DO(fd = open("data", O_RDONLY | O_CLOEXEC));
  DO(again = dup(fd));
  DO(read(fd, buffer, 4));
  DO(lseek(again, 0, SEEK_CUR));
  DO(fcntl(again, F_GETFD));
  DO(dup2(fd, 20));
  DO(dup2(fd, fd));
  DO(dup2(99, 5));
  DO(dup3(fd, 21, O_CLOEXEC));
  DO(dup3(fd, fd, 0));
  DO(fcntl(fd, F_DUPFD, 30));
  DO(fcntl(fd, F_DUPFD_CLOEXEC, 30));
  DO(fcntl(31, F_GETFD));
  DO(dup2(fd, -1));
  DO(dup2(fd, 1 << 20));
  DO(close(20) | close(21) | close(30) | close(31) | close(again) | close(fd));
  DO(pipe(ends));
  printf("%d %d\n", ends[0], ends[1]);
  DO(write(ends[1], "through the pipe", 16));
  DO(ioctl(ends[0], FIONREAD, &again));
  DO(again);
  DO(read(ends[0], buffer, 7));
  DO(lseek(ends[0], 0, SEEK_SET));
  DO(pread(ends[0], buffer, 1, 0));
  DO(fcntl(ends[0], F_GETPIPE_SZ));
  struct stat st;
  DO(fstat(ends[0], &st));
  DO(S_ISFIFO(st.st_mode));
  struct pollfd polled[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {77, POLLIN, 0}};
  DO(poll(polled, 3, 1000));
  printf("%d %d %d\n", polled[0].revents, polled[1].revents, polled[2].revents);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  struct timeval patience = {5, 0};
  DO(select(ends[0] + 1, &set, 0, 0, &patience));
  DO(FD_ISSET(ends[0], &set));
  DO(close(ends[1]));
  DO(read(ends[0], buffer, 100));
  DO(read(ends[0], buffer, 100));
  DO(write(ends[0], buffer, 1));
  DO(close(ends[0]));
  int epoll;
  struct epoll_event event = {EPOLLIN, {.u64 = 7}};
  DO(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
  DO(read(ends[0], buffer, 1));
  DO(epoll = epoll_create1(0));
  DO(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
  DO(write(ends[1], "x", 1));
  DO(epoll_wait(epoll, &event, 1, 1000));
  DO(event.data.u64);
  DO(fd = open("data", O_RDONLY));
  DO(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
  struct pollfd file = {fd, POLLIN | POLLOUT, 0};
  DO(poll(&file, 1, 0));
  DO(file.revents);
  DO(ioctl(fd, FIONREAD, &again));
  DO(again);
  DO(ioctl(fd, TCGETS, buffer));
  DO(isatty(fd));
  DO(close(fd));
  DO(fd = eventfd(3, 0));
  DO(read(fd, buffer, 8));
  DO(*(long *)buffer);
  DO(close(fd) | close(epoll) | close(ends[0]) | close(ends[1]));
}

static void print_stat(const char *what, const struct stat *st) {
  printf("%s: %o %ld %ld %d %d %ld %ld %ld.%09ld\n", what, st->st_mode, (long)st->st_nlink,
         S_ISDIR(st->st_mode) ? 0 : (long)st->st_size, st->st_uid, st->st_gid,
         (long)st->st_blksize, (long)st->st_rdev, (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static void names(void) {
  struct stat st, other;
  int dir, fd;
  char link[100];
  DO(mkdir("d", 0777));
  DO(mkdir("d", 0777));
  DO(mkdir("d/", 0777));
  DO(mkdir("missing/d", 0777));
  DO(mkdir("data/d", 0777));
  DO(dir = open("d", O_RDONLY | O_DIRECTORY));
  DO(open("data", O_RDONLY | O_DIRECTORY));
  DO(open("d", O_WRONLY));
  DO(read(dir, buffer, 10));
  DO(write(dir, buffer, 10));
  DO(fd = openat(dir, "f", O_CREAT | O_EXCL | O_WRONLY, 0640));
  DO(openat(dir, "f", O_CREAT | O_EXCL | O_WRONLY, 0640));
  DO(openat(fd, "f", O_RDONLY));
  DO(openat(99, "f", O_RDONLY));
  DO(openat(99, "/dev/null", O_RDONLY) > 0);
  DO(open("", O_RDONLY));
  DO(open((char *)8, O_RDONLY));
  DO(write(fd, "content", 7));
  DO(close(fd));
  DO(symlinkat("f", dir, "s"));
  DO(symlink("nowhere", "d/dangling"));
  DO(symlink("loop", "d/loop"));
  DO(open("d/loop", O_RDONLY));
  DO(open("d/dangling", O_RDONLY));
  DO(open("d/s", O_RDONLY | O_NOFOLLOW));
  DO(open("d/dangling", O_CREAT | O_EXCL | O_WRONLY, 0600));
  DO(readlinkat(dir, "s", link, 100));
  DO(readlink("d/f", link, 100));
  DO(readlink("d/s", link, 0));
  DO(linkat(dir, "f", dir, "hard", 0));
  DO(linkat(dir, "f", dir, "hard", 0));
  DO(rename("d/hard", "d/moved"));
  DO(rename("d/none", "d/moved"));
  DO(rename("d", "d/sub"));
  DO(renameat2(dir, "moved", dir, "f", RENAME_NOREPLACE));
  DO(chmod("d/f", 0604));
  DO(fchmodat(dir, "s", 0642, 0));
  DO(fchmodat(dir, "s", 0642, AT_SYMLINK_NOFOLLOW));
  struct timespec times[2] = {{1000000000, 1}, {1100000000, 123456789}};
  DO(utimensat(dir, "f", times, 0));
  struct timespec now[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
  DO(utimensat(dir, "f", now, 0));
  DO(utimensat(dir, "none", times, 0));
  DO(utimensat(dir, "s", times, AT_SYMLINK_NOFOLLOW));
  DO(stat("d/f", &st));
  print_stat("d/f", &st);
  DO(fstatat(dir, "s", &st, AT_SYMLINK_NOFOLLOW));
  print_stat("d/s", &st);
  DO(stat("d/moved", &st) | stat("d/f", &other));
  DO(st.st_ino == other.st_ino && st.st_dev == other.st_dev);
  DO(fstatat(dir, "", &st, AT_EMPTY_PATH));
  DO(S_ISDIR(st.st_mode));
  DO(fstatat(dir, "", &st, 0));
  struct statx sx;
  DO(statx(dir, "f", 0, STATX_BASIC_STATS, &sx));
  printf("statx %o %u %llu %lld.%u\n", sx.stx_mode, sx.stx_nlink, sx.stx_size,
         (long long)sx.stx_mtime.tv_sec, sx.stx_mtime.tv_nsec);
  DO(access("d/f", R_OK | W_OK));
  DO(access("d/none", F_OK));
  DO(access("d/f", 99));
  DO(faccessat(dir, "s", R_OK, 0));
  DO(access("/usr/bin/env", X_OK));
  DO(stat("/usr/bin/env", &st));
  DO(S_ISREG(st.st_mode));
  DO(stat("/usr/bin/none-such", &st));
  DO(lstat("d/s/", &st));
  DO(unlink("d"));
  DO(rmdir("d"));
  DO(rmdir("d/f"));
  DO(unlinkat(dir, "none", 0));
  DIR *listing = fdopendir(dup(dir));
  char found[20][64];
  int count = 0;
  for (struct dirent *entry; (entry = readdir(listing)) != 0 && count < 20;) {
    sprintf(found[count++], "%s:%d", entry->d_name, entry->d_type);
  }
  qsort(found, count, 64, (int (*)(const void *, const void *))strcmp);
  for (int i = 0; i < count; i++) puts(found[i]);
  rewinddir(listing);
  DO(readdir(listing) != 0);
  closedir(listing);
  DO(syscall(SYS_getdents64, dir, buffer, 4));
  DO(chdir("d"));
  DO(strlen(getcwd(buffer, sizeof buffer)) > 0);
  printf("%s\n", strrchr(buffer, '/'));
  DO(getcwd(buffer, 2) != 0);
  DO(open("f", O_RDONLY) >= 0);
  DO(chdir("f"));
  DO(chdir("none"));
  DO(chdir(".."));
  DO(fchdir(dir));
  DO(chdir("../d/.."));
  umask(077);
  DO(fd = open("masked", O_CREAT | O_WRONLY, 0777));
  DO(fstat(fd, &st));
  DO(st.st_mode);
  DO(umask(022));
  DO(unlink("masked"));
  DO(write(fd, "after unlink", 12));
  DO(fstat(fd, &st));
  DO(st.st_nlink);
  DO(lseek(fd, 0, SEEK_END));
  struct statfs fs;
  DO(statfs("d", &fs));
  DO(fs.f_namelen);
  DO(fstatfs(99, &fs));
  DO(syscall(SYS_getxattr, "d/none", "user.x", buffer, 10));
  DO(mkfifo("fifo", 0600));
  DO(stat("fifo", &st));
  DO(S_ISFIFO(st.st_mode));
  DO(open("fifo", O_WRONLY | O_NONBLOCK));
  memset(buffer, 'a', 300);
  buffer[300] = 0;
  DO(open(buffer, O_CREAT | O_WRONLY, 0600));
  memset(buffer, 'b', 5000);
  DO(open(buffer, O_RDONLY));
  DO(open("/proc/self/status", O_RDONLY) > 0);
  DO(open("/proc/none", O_RDONLY));
  DO(open("/dev/none", O_RDONLY));
  DO(open("/dev/null", O_RDWR) > 0);
  DO(chown("d/f", -1, -1));
}

static void mappings(void) {
  int fd, again;
  DO(fd = open("map", O_RDWR | O_CREAT | O_TRUNC, 0600));
  char text[16] = {0};
  DO(ftruncate(fd, 10000));
  char *shared = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  DO(shared != MAP_FAILED);
  memcpy(shared + 5000, "stored", 6);
  DO(pread(fd, text, 6, 5000));
  puts(text);
  DO(pwrite(fd, "written", 7, 6000));
  printf("%.7s\n", shared + 6000);
  DO(again = open("map", O_RDWR));
  DO(pread(again, text, 6, 5000));
  puts(text);
  char *second = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 4096);
  DO(second != MAP_FAILED);
  printf("%.6s\n", second + 904);
  memcpy(second + 904, "SECOND", 6);
  printf("%.6s\n", shared + 5000);
  DO(close(again));
  char *private = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  memcpy(private, "private", 7);
  printf("%.6s [%c]\n", private + 5000, shared[0] == 0 ? '0' : shared[0]);
  DO(msync(shared, 10000, MS_SYNC));
  DO(close(fd));
  memcpy(shared + 100, "after close", 11);
  DO(munmap(shared, 10000));
  DO(munmap(second, 4096));
  DO(fd = open("map", O_RDONLY));
  DO(pread(fd, text, 11, 100));
  puts(text);
  DO(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  DO(mmap(0, 0, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
  DO(mmap(0, 4096, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED);
  DO(mremap(private, 10000, 20000, MREMAP_MAYMOVE) != MAP_FAILED);
  DO(close(fd));
}

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  reading_and_writing();
  descriptors();
  names();
  mappings();
  return 42;
}
