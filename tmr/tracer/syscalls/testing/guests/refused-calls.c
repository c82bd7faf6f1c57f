/* Asks for what tmr refuses and prints the errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void show(const char *what, long result) {
  printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "worked");
}

int main(void) {
  show("socket", socket(AF_UNIX, SOCK_STREAM, 0));
  show("clone3", syscall(SYS_clone3, 0, 0));
  show("io_uring_setup", syscall(SYS_io_uring_setup, 1, 0));
  show("mount", mount("none", "/mnt", "tmpfs", 0, 0));
  show("open", open("/usr/tmr-none", O_CREAT | O_WRONLY, 0600));
  show("mkdir", mkdir("/usr/tmr-none", 0700));
  show("unlink", unlink("/usr/bin/env"));
  return 0;
}
