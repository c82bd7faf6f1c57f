/* Reads the time stamp counter once. */
int main(void) {
  unsigned low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return low == 0x11 && high == 0x22 ? 0 : 1;
}
