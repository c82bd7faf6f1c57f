/**
 * Makes a directory like the copy that came back from the containers, touching only what differs: a file
 * that the program left alone keeps its inode and times.
 */
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';

/** `sent`: paths, relative to the directory, that the containers got; only these may have been removed there. */
export function syncBack(from: string, to: string, sent: ReadonlySet<string>): void {
  syncDirectory(from, to, '', sent);
}

/** Every path below a directory, relative to it. */
export function pathsBelow(directory: string): Set<string> {
  return new Set(readdirSync(directory, { recursive: true, encoding: 'utf8' }));
}

function syncDirectory(from: string, to: string, at: string, sent: ReadonlySet<string>): void {
  const there = new Set(readdirSync(join(from, at)));
  for (const name of readdirSync(join(to, at))) {
    const path = join(at, name);
    if (!there.has(name) && sent.has(path)) rmSync(join(to, path), { recursive: true });
  }
  for (const name of there) syncEntry(from, to, join(at, name), sent);
}

function syncEntry(from: string, to: string, path: string, sent: ReadonlySet<string>): void {
  const [source, target] = [join(from, path), join(to, path)];
  const is = lstatSync(source);
  const was = lstatSync(target, { throwIfNoEntry: false });
  if (is.isDirectory()) {
    if (was !== undefined && !was.isDirectory()) rmSync(target);
    if (was?.isDirectory() !== true) mkdirSync(target);
    syncDirectory(from, to, path, sent);
    setMode(target, is, was?.isDirectory() === true ? was : undefined);
    return;
  }
  if (was !== undefined && isSame(source, is, target, was)) {
    if (is.isFile()) setMode(target, is, was);
    return;
  }
  if (was?.isDirectory() === true) rmSync(target, { recursive: true });
  // Beside and renamed, so that nobody sees half a file.
  const beside = `${target}.tmr-${process.pid}`;
  if (is.isSymbolicLink()) symlinkSync(readlinkSync(source), beside);
  else copyFileSync(source, beside);
  if (is.isFile()) chmodSync(beside, is.mode & 0o7777);
  renameSync(beside, target);
}

function isSame(source: string, is: Stats, target: string, was: Stats): boolean {
  if (is.isSymbolicLink()) {
    return was.isSymbolicLink() && readlinkSync(source) === readlinkSync(target);
  }
  if (!was.isFile() || is.size !== was.size) return false;
  return readFileSync(source).equals(readFileSync(target));
}

function setMode(target: string, is: Stats, was: Stats | undefined): void {
  if ((is.mode & 0o7777) !== ((was?.mode ?? 0) & 0o7777)) chmodSync(target, is.mode & 0o7777);
}
