/** A directory and its parents, or a UsageError that names what is in the way. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../command/usage-error.ts';

/**
 * Unlike mkdir with `recursive`, which never returns below some virtual file systems (/proc), this
 * makes one directory at a time and stops at the first that cannot be made.
 */
export function makeDirectory(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) {
      throw new UsageError(`expected a directory, got the file ${path}; choose another --out`);
    }
    return;
  }
  const parent = dirname(path);
  makeDirectory(parent);
  try {
    accessSync(parent, constants.W_OK);
    mkdirSync(path);
  } catch (error) {
    throw new UsageError(`cannot make ${path}: ${(error as Error).message}; choose another --out`);
  }
}
