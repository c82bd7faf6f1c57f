/** What Node has no call for; the command line takes it from the addon where that is there. */
export interface NativeDescriptors {
  /** lseek(2): the new offset, or -errno. */
  lseek?(fd: number, offset: number, whence: number): number;
  /** TCGETS: the kernel's struct termios; undefined for what is no terminal. */
  termios?(fd: number): Buffer | undefined;
  /** TIOCGWINSZ: struct winsize. */
  winsize?(fd: number): Buffer | undefined;
  /** ppoll(2): how many of `count` descriptors can be read or are at their end. */
  poll?(fds: Int32Array, count: number, ready: Uint8Array, deadlineNs: number): number;
  /** clock_gettime(2), ns. */
  clockNs?(id: number): bigint;
}
