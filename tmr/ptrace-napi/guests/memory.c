/*
 * Shows its memory to the tracer by call 1000 (no such call: the tracer answers it):
 * a writable page followed by one without access, a read-only page, an address in the stack that
 * nothing has touched. Exits with the byte that the tracer put into that stack.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *fixed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 4096; i++) pages[i] = (char)(i % 251 + 1);
  strcpy(fixed, "read-only");
  mprotect(pages + 4096, 4096, PROT_NONE);
  mprotect(fixed, 4096, PROT_READ);
  /* Far below the stack pointer; asked for without touching it. */
  char *stack = (char *)__builtin_frame_address(0) - 512 * 1024;
  syscall(1000, pages, fixed, stack, -5L, 0x123456789abcdef0, 6);
  return *(volatile unsigned char *)stack;
}
