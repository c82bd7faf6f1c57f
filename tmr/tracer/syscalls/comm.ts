/** The 15 bytes by which /proc and PR_GET_NAME know a program: the last part of its path. */
export function commOf(executable: Buffer): Buffer {
  return Buffer.from(executable.subarray(executable.lastIndexOf(0x2f) + 1).subarray(0, 15));
}
