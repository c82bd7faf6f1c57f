/**
 * The secret that all parts of a system share (DESIGN.md 6). It is the file's content without
 * one newline at its end; from a file of the user's own, or a descriptor, never from argv.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ConfigurationError, messageOf } from './errors.ts';

const SECRET_BYTES_MIN = 16;
const NEWLINE = 0x0a;

export interface SecretOptions {
  secretFile?: string;
  secretFd?: string;
}

/** Undefined when neither option is given. Throws ConfigurationError for an unsafe file. */
export function readSecret(options: SecretOptions): Buffer | undefined {
  const { secretFile, secretFd } = options;
  if (secretFile !== undefined && secretFd !== undefined) {
    throw new ConfigurationError('expected one of --secret-file and --secret-fd, got both');
  }
  if (secretFile !== undefined) return readSecretFile(secretFile);
  if (secretFd !== undefined) return readSecretDescriptor(secretFd);
  return undefined;
}

/** Checks owner and mode on the open file, so that it cannot be exchanged in between. */
function readSecretFile(path: string): Buffer {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new ConfigurationError(`--secret-file: ${messageOf(error)}`);
  }
  try {
    const stat = fstatSync(fd);
    if ((stat.uid !== process.getuid?.() && stat.uid !== 0) || (stat.mode & 0o077) !== 0) {
      throw new ConfigurationError(
        `--secret-file: expected ${path} to be yours and readable by you alone (chmod 600), ` +
          `got owner ${stat.uid} mode ${(stat.mode & 0o777).toString(8)}`,
      );
    }
    return checked(readFileSync(fd), `--secret-file ${path}`);
  } finally {
    closeSync(fd);
  }
}

function readSecretDescriptor(text: string): Buffer {
  if (!/^\d+$/.test(text)) {
    throw new ConfigurationError(`--secret-fd: expected a descriptor number, got '${text}'`);
  }
  try {
    return checked(readFileSync(Number(text)), `--secret-fd ${text}`);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`--secret-fd ${text}: ${messageOf(error)}`);
  }
}

function checked(content: Buffer, source: string): Buffer {
  const secret = content.at(-1) === NEWLINE ? content.subarray(0, -1) : content;
  if (secret.length >= SECRET_BYTES_MIN) return secret;
  throw new ConfigurationError(
    `${source}: expected a secret of at least ${SECRET_BYTES_MIN} bytes, got ${secret.length}: ` +
      `make one with "head -c 32 /dev/urandom | base64"`,
  );
}
