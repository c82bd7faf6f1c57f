/** What Node has no call for; the command line takes it from the addon where that is there. */
export interface NativeDescriptors {
  /** lseek(2): the new offset, or -errno. */
  lseek?(fd: number, offset: number, whence: number): number;
  /** TCGETS: the kernel's struct termios. */
  termios?(fd: number): Buffer;
  /** TIOCGWINSZ: struct winsize. */
  winsize?(fd: number): Buffer;
  /** _exit(2): Node's own exit waits for a read that blocks in its thread pool. */
  exitNow?(status: number): never;
  /** clock_gettime(2), ns. */
  clockNs?(id: number): bigint;
}
