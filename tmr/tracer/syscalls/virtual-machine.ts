/** The one virtual machine on which all replicas seem to run: what hosts differ in by nature. */

/** uname -r; new enough for every libc, older than what we answer ENOSYS for matters to nobody. */
export const kernelRelease = '6.1.0';
export const kernelVersion = '#1 SMP';
export const machine = 'x86_64';
/** Programs size their buffers by it (sort); a virtual CPU is one. */
export const memoryBytes = 4 * 1024 ** 3;
