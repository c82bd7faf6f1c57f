import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lseek, poll } from 'ptrace-napi';
import type { StandardStream } from '../wire/session-plan.ts';
import { samplePlan } from '../wire/sample-plan.ts';
import { StreamService } from './stream-io.ts';

let directory: string;
const open: number[] = [];
beforeEach(() => {
  directory = mkdtempSync('/tmp/tmr-test-streams-');
});
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(directory, { recursive: true, force: true });
});

/** A service whose descriptor `fd` is of this kind; the others are closed. */
function service(fd: number, kind: StandardStream['kind']): StreamService {
  const [template] = samplePlan().streams;
  const stat = { ...template.stat, mode: fstatSync(fd).mode };
  const streams: StandardStream[] = [];
  for (let i = 0; i <= fd; i++) {
    streams.push({ ...template, stat, kind: i === fd ? kind : 'closed' });
  }
  return new StreamService(streams, { lseek, poll });
}

function file(content: string, flags = 'r+'): number {
  const path = join(directory, 'file');
  writeFileSync(path, content);
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
}

/** Both ends of a fifo, in one process. */
function fifo(): { read: number; write: number } {
  const path = join(directory, 'fifo');
  spawnSync('mkfifo', [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  open.push(write);
  return { read, write };
}

describe('slots on a regular file', () => {
  it('read from where the descriptor stands and leave it where the program left it', async () => {
    const fd = file('one two three');
    const streams = service(fd, 'file');
    const first = await streams.perform({ type: 'input', fd, count: 4, offset: -1 });
    expect(first.bytes.toString()).toBe('one ');
    expect(lseek(fd, 0, 1)).toBe(4);
  });

  it('read at an offset without moving it, and seek', async () => {
    const fd = file('one two three');
    const streams = service(fd, 'file');
    const there = await streams.perform({ type: 'input', fd, count: 3, offset: 8 });
    expect(there.bytes.toString()).toBe('thr');
    expect(lseek(fd, 0, 1)).toBe(0);
    const sought = await streams.perform({ type: 'seek', fd, offset: -5, whence: 2 });
    expect(sought.result).toBe(8);
    const refused = await streams.perform({ type: 'seek', fd, offset: -1, whence: 0 });
    expect(refused.result).toBe(-os.errno.EINVAL);
  });

  it('truncate, sync and write', async () => {
    const fd = file('one two three');
    const streams = service(fd, 'file');
    expect((await streams.perform({ type: 'truncate', fd, length: 3 })).result).toBe(0);
    expect((await streams.perform({ type: 'sync', fd })).result).toBe(0);
    const bytes = Buffer.from('ONE');
    expect((await streams.perform({ type: 'output', fd, bytes })).result).toBe(3);
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('ONE');
  });

  it('give the errno of a full device and of a descriptor that cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    open.push(full);
    const bytes = Buffer.from('x');
    const result = await service(full, 'file').perform({ type: 'output', fd: full, bytes });
    expect(result.result).toBe(-os.errno.ENOSPC);
    const fd = file('x', 'r');
    const denied = await service(fd, 'file').perform({ type: 'output', fd, bytes });
    expect(denied.result).toBe(-os.errno.EBADF);
  });
});

describe('slots on a pipe', () => {
  it('give EPIPE when the reader is gone', async () => {
    const { read, write } = fifo();
    closeSync(read);
    const bytes = Buffer.from('x');
    const result = await service(write, 'pipe').perform({ type: 'output', fd: write, bytes });
    expect(result.result).toBe(-os.errno.EPIPE);
  });

  it('write everything to a slow non-blocking reader', async () => {
    const path = join(directory, 'fifo');
    spawnSync('mkfifo', [path]);
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    open.push(read, write);
    const bytes = Buffer.alloc(300_000, 'y');
    const pending = service(write, 'pipe').perform({ type: 'output', fd: write, bytes });
    const reader = service(read, 'pipe');
    let got = 0;
    while (got < bytes.length) {
      got += (await reader.perform({ type: 'input', fd: read, count: 50_000, offset: -1 })).result;
    }
    expect((await pending).result).toBe(bytes.length);
    expect(got).toBe(bytes.length);
  });

  it('take at most what was asked for, wait for what is not there, and see the end', async () => {
    const { read, write } = fifo();
    const reader = service(read, 'pipe');
    const first = reader.perform({ type: 'input', fd: read, count: 2, offset: -1 });
    writeFileSync(write, 'abc');
    expect((await first).bytes.toString()).toBe('ab');
    expect((await reader.perform({ type: 'input', fd: read, count: 9, offset: -1 })).result).toBe(
      1,
    );
    closeSync(open.pop() as number);
    expect((await reader.perform({ type: 'input', fd: read, count: 9, offset: -1 })).result).toBe(
      0,
    );
    const sought = await reader.perform({ type: 'seek', fd: read, offset: 0, whence: 1 });
    expect(sought.result).toBe(-os.errno.ESPIPE);
    closeSync(read);
  });
});

describe('output to a pipe whose reader goes away', () => {
  it('is told by as much as got out; the error comes with the next write', async () => {
    const { read, write } = fifo();
    const streams = service(write, 'pipe');
    const bytes = Buffer.alloc(200_000, 'x');
    const told = streams.perform({ type: 'output', fd: write, bytes });
    // The pipe is full: something got out, and the writer waits for room.
    await vi.waitUntil(() => poll(Int32Array.of(read), 1, new Uint8Array(1), 0) > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    closeSync(read);
    const { result } = await told;
    expect(result).toBeGreaterThan(0);
    expect(result).toBeLessThan(bytes.length);
    const next = await streams.perform({ type: 'output', fd: write, bytes });
    expect(next.result).toBe(-os.errno.EPIPE);
  });
});
