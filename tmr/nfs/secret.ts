/** Reads the secret that all hosts of a session share; never from argv, where ps(1) shows it. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

export class SecretError extends Error {
  readonly code = 'SECRET';
}

/** From a file of mode 0600 that this user (or root) owns. Throws SecretError. */
export function readSecretFile(path: string): Buffer {
  const fd = open(path);
  try {
    const stat = fstatSync(fd);
    const self = process.geteuid?.() ?? 0;
    if (!stat.isFile()) throw new SecretError(`expected a regular file as secret file ${path}`);
    if (stat.uid !== self && stat.uid !== 0) {
      throw new SecretError(
        `expected secret file ${path} to be owned by user ${self} or root, got owner ${stat.uid}: chown it`,
      );
    }
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw new SecretError(
        `expected secret file ${path} with mode 0600, got ${mode}: run chmod 600 ${path}`,
      );
    }
    return parse(readFileSync(fd), `secret file ${path}`);
  } finally {
    closeSync(fd);
  }
}

/** From an inherited descriptor, read to its end and closed. Throws SecretError. */
export function readSecretFd(fd: number): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(fd);
    closeSync(fd);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SecretError(`expected an open descriptor ${fd} for --secret-fd, got ${code}`);
  }
  return parse(bytes, `secret from descriptor ${fd}`);
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SecretError(
      `cannot read secret file ${path} (${code}): create it with: (umask 077; head -c 32 /dev/urandom | base64 > ${path})`,
    );
  }
}

/** A newline that an editor or echo left at the end is no part of the secret. */
function parse(bytes: Buffer, what: string): Buffer {
  const secret = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  if (secret.length === 0) throw new SecretError(`expected a secret, but ${what} is empty`);
  return secret;
}
