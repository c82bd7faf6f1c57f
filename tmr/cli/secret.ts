/** The secret that all parts of tmr share (DESIGN.md 6): from a private file or a descriptor, never argv. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { Option } from 'commander';

export class SecretError extends Error {
  readonly code = 'SECRET';
}

export interface SecretOptions {
  secretFile?: string;
  secretFd?: number;
}

/** `--secret-file FILE` and `--secret-fd N`, for every daemon and monitor. */
export const secretOptions = (): Option[] => [
  new Option(
    '--secret-file <file>',
    'file with the secret that all parts share; mode 0600, owned by you (make one: umask 077; head -c 32 /dev/urandom | base64 > FILE)',
  ).env('TMR_SECRET_FILE'),
  new Option('--secret-fd <n>', 'descriptor to read the secret from').argParser(Number),
];

/**
 * The secret's bytes, or undefined when neither option was given.
 * @throws SecretError when the file is missing, empty, not the user's own or open to others.
 */
export function readSecret(options: SecretOptions): Buffer | undefined {
  if (options.secretFd !== undefined)
    return fromFd(options.secretFd, `descriptor ${options.secretFd}`);
  if (options.secretFile === undefined) return undefined;
  let fd: number;
  try {
    fd = openSync(options.secretFile, 'r');
  } catch (error) {
    throw new SecretError(`expected a readable secret file, got ${(error as Error).message}`);
  }
  try {
    checkPrivate(fd, options.secretFile);
    return fromFd(fd, options.secretFile);
  } finally {
    closeSync(fd);
  }
}

function checkPrivate(fd: number, file: string): void {
  const { mode, uid } = fstatSync(fd);
  if (uid !== process.getuid?.()) {
    throw new SecretError(
      `expected ${file} to be yours (uid ${process.getuid?.()}), got uid ${uid}`,
    );
  }
  if ((mode & 0o077) !== 0) {
    const got = (mode & 0o777).toString(8).padStart(4, '0');
    throw new SecretError(`expected ${file} to have mode 0600, got ${got}: chmod 600 ${file}`);
  }
}

const LINE_END = 0x0a;

function fromFd(fd: number, name: string): Buffer {
  let secret: Buffer;
  try {
    secret = readFileSync(fd);
  } catch (error) {
    throw new SecretError(`expected to read a secret from ${name}: ${(error as Error).message}`);
  }
  while (secret.at(-1) === LINE_END) secret = secret.subarray(0, -1);
  if (secret.length === 0) throw new SecretError(`expected a secret in ${name}, got nothing`);
  return secret;
}
