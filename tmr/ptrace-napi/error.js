/** What every function of this package throws. */
export class PtraceError extends Error {
  constructor(message, code, errno = 0, syscall = '') {
    super(message);
    this.name = 'PtraceError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}
