/** A call that ends with an errno, as the program shall see it. Thrown by file and call handlers. */
export class SyscallError extends Error {
  /** Positive errno number (asm-generic/errno.h). */
  readonly errno: number;

  constructor(errno: number, message = `errno ${errno}`) {
    super(message);
    this.errno = errno;
  }
}
