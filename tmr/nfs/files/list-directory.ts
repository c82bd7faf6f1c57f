/** Names in a directory, as bytes, in the file system's own order. */
import { opendirSync, type OpenDirOptions } from 'node:fs';

/** The typings know no Buffer names for opendir; Node has them. */
const options = { encoding: 'buffer', bufferSize: 1024 } as unknown as OpenDirOptions;

/**
 * `readdirSync` sorts by name; what a program sees natively is the order of getdents(2), and output
 * that depends on it shall be the same under tmr.
 */
export function listDirectory(path: Buffer): Buffer[] {
  const directory = opendirSync(path, options);
  try {
    const names: Buffer[] = [];
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      names.push(entry.name as unknown as Buffer);
    }
    return names;
  } finally {
    directory.closeSync();
  }
}
