/** The file service over the real server's procedures, one behaviour a test. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RpcCaller } from '../../nfs/client/nfs-client.ts';
import type { Procedure } from '../../nfs/protocol/codec.ts';
import { nfsProcedure, nfsStatus } from '../../nfs/protocol/constants.ts';
import { write } from '../../nfs/protocol/file-procedures.ts';
import { fsstat } from '../../nfs/protocol/filesystem-procedures.ts';
import type { Volume } from '../../wire/session-plan.ts';
import { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { SyscallError } from '../syscall-error.ts';
import { errno } from './errno.ts';
import { NfsFileService } from './nfs-file-service.ts';
import { DirectServer } from './testing/direct-server.ts';
import type { OpenVolumeFile, Place } from './types.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } =
  fs.constants;
const O_PATH = 0o10000000;
const O_TMPFILE = 0o20200000;
const MIB = 1024 * 1024;

let scratch: string;
let oldUmask: number;

beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'tmr-files-'));
  for (const each of ['work', 'tmp', 'system']) fs.mkdirSync(join(scratch, each));
  oldUmask = process.umask(0o022);
});
afterEach(() => {
  process.umask(oldUmask);
  fs.rmSync(scratch, { recursive: true });
});

interface Session {
  files: NfsFileService;
  server: DirectServer;
  at: (path: string, options?: { nofollow?: boolean; mayBeMissing?: boolean }) => Place;
  open: (path: string, flags: number, mode?: number) => OpenVolumeFile;
  /** Numbers of the procedures called since the last look. */
  procedures: () => number[];
}

/** Volumes /work (session), /tmp (close-to-open) and / (read-only). */
function start(
  options: {
    caches?: boolean;
    uid?: number | undefined;
    wrap?: (server: DirectServer) => RpcCaller;
  } = {},
): Session {
  const uid = options.uid ?? process.getuid?.() ?? 0;
  const real = (name: string): string => join(scratch, name);
  const server = new DirectServer(
    [
      { path: '/work', real: real('work') },
      { path: '/tmp', real: real('tmp') },
      { path: '/', real: real('system'), readOnly: true },
    ],
    { uid, gid: uid, checks: process.getuid?.() === 0 ? 'root' : 'self' },
  );
  const volumes: Volume[] = [
    { subtree: '/w', path: '/work', access: 'rw', consistency: 'session' },
    { subtree: '/t', path: '/tmp', access: 'rw', consistency: 'close-to-open' },
    { subtree: '/', path: '/', access: 'ro', consistency: 'close-to-open' },
  ];
  const files = new NfsFileService({
    port: options.wrap?.(server) ?? server,
    volumes,
    caches: options.caches ?? true,
    credentials: { uid, gid: uid, groups: [] },
  });
  const at: Session['at'] = (path, how = {}) =>
    files.resolve(Buffer.from('/work'), Buffer.from(path), how);
  return {
    files,
    server,
    at,
    open: (path, flags, mode = 0o644) =>
      files.open(at(path, { mayBeMissing: (flags & O_CREAT) !== 0 }), flags, mode),
    procedures: () => server.calls.splice(0).map((call) => call.procedure),
  };
}

/** Says in FSSTAT that little room is left, and has none for the bytes beyond. */
class NearlyFull implements RpcCaller {
  readonly #server: RpcCaller;
  #left: number;

  constructor(server: RpcCaller, left: number) {
    this.#server = server;
    this.#left = left;
  }

  call(program: number, version: number, procedure: number, args: Uint8Array): Buffer {
    if (procedure === write.number) {
      this.#left -= write.args.read(new XdrReader(Buffer.from(args))).count;
      const wcc = { before: undefined, after: undefined };
      if (this.#left < 0) return encode(write, { status: nfsStatus.NOSPC, wcc });
    }
    const reply = this.#server.call(program, version, procedure, args);
    if (procedure !== fsstat.number) return reply;
    const told = fsstat.result.read(new XdrReader(reply));
    return encode(fsstat, { ...told, availableBytes: this.#left } as typeof told);
  }
}

function encode<Args, Result>(procedure: Procedure<Args, Result>, result: Result): Buffer {
  const writer = new XdrWriter();
  procedure.result.write(writer, result);
  return writer.bytes();
}

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return Object.entries(errno).find(([, value]) => value === error.errno)?.[0] ?? String(error);
  }
  return 'no error';
}

function names(session: Session, path: string): string[] {
  const directory = session.open(path, O_DIRECTORY);
  const found: string[] = [];
  session.files.readDirectory(directory, ({ name }) => found.push(name.toString()) > 0);
  session.files.close(directory);
  return found.toSorted();
}

const made = { nofollow: true, mayBeMissing: true };

describe.each([{ caches: false }, { caches: true }])('volumes, caches $caches', ({ caches }) => {
  it('meet at their paths, and nothing goes from one to the other', () => {
    const session = start({ caches });
    fs.writeFileSync(join(scratch, 'work', 'f'), 'data');
    fs.mkdirSync(join(scratch, 'system', 'work'));
    fs.mkdirSync(join(scratch, 'system', 'work', 'hidden'));
    const { files, at } = session;
    expect(errnoOf(() => at('/work/hidden'))).toBe('ENOENT');
    expect(errnoOf(() => files.rename(at('f'), at('/tmp/f', made), 0))).toBe('EXDEV');
    expect(errnoOf(() => files.link(at('f'), at('/tmp/f', made)))).toBe('EXDEV');
    expect(errnoOf(() => files.rmdir(at('/tmp', made)))).toBe('EBUSY');
    expect(errnoOf(() => files.rename(at('/tmp', made), at('/t', made), 0))).toBe('EBUSY');
    expect(names(session, '/')).toEqual(['.', '..', 'tmp', 'work']);
    const up = at('/work/..');
    expect(up.kind === 'volume' && up.node.path.toString()).toBe('/');
  });

  it('that are read-only refuse every change with EROFS and can be read', () => {
    fs.mkdirSync(join(scratch, 'system', 'etc'));
    fs.writeFileSync(join(scratch, 'system', 'etc', 'passwd'), 'root:x:0');
    const session = start({ caches });
    const { files, at } = session;
    const file = session.open('/etc/passwd', O_RDONLY);
    expect(files.read(file, 100).toString()).toBe('root:x:0');
    for (const change of [
      () => session.open('/etc/passwd', O_WRONLY),
      () => session.open('/etc/passwd', O_RDONLY | O_TRUNC),
      () => session.open('/etc/new', O_WRONLY | O_CREAT),
      () => files.mkdir(at('/etc/new', made), 0o755),
      () => files.symlink(at('/etc/new', made), Buffer.from('x')),
      () => files.unlink(at('/etc/passwd', made)),
      () => files.rmdir(at('/etc', made)),
      () => files.rename(at('/etc/passwd', made), at('/etc/b', made), 0),
      () => files.link(at('/etc/passwd'), at('/etc/b', made)),
      () => files.setAttributes(at('/etc/passwd'), { mode: 0o777 }),
      () => files.setAttributes(file, { mtime: 'now' }),
      () => files.access(at('/etc/passwd'), 2),
    ]) {
      expect(errnoOf(change)).toBe('EROFS');
    }
    expect(errnoOf(() => files.mkdir(at('/etc', made), 0o755))).toBe('EEXIST');
    expect(errnoOf(() => files.access(at('/etc/passwd'), 4))).toBe('no error');
  });
});

describe.each([{ caches: false }, { caches: true }])('open files, caches $caches', ({ caches }) => {
  it('keep what was written when one of two names of the file goes meanwhile', () => {
    const { files, at, open } = start({ caches });
    const file = open('f', O_CREAT | O_RDWR);
    files.link(at('f'), at('g', made));
    files.unlink(at('g', made));
    files.write(file, Buffer.from('kept'));
    files.close(file);
    expect(fs.readFileSync(join(scratch, 'work', 'f'), 'utf8')).toBe('kept');
    expect(fs.readdirSync(join(scratch, 'work'))).toEqual(['f']);
  });

  it('keep what was written when one of two names of the file is replaced meanwhile', () => {
    const { files, at, open } = start({ caches });
    files.close(open('other', O_CREAT | O_RDWR));
    const file = open('f', O_CREAT | O_RDWR);
    files.link(at('f'), at('g', made));
    files.write(file, Buffer.from('kept'));
    files.rename(at('other', made), at('g', made), 0);
    files.close(file);
    expect(fs.readFileSync(join(scratch, 'work', 'f'), 'utf8')).toBe('kept');
    expect(fs.readdirSync(join(scratch, 'work')).toSorted()).toEqual(['f', 'g']);
  });

  it('stay readable and writable after their name is gone', () => {
    const session = start({ caches });
    const { files, at } = session;
    files.mkdir(at('d', made), 0o755);
    const file = session.open('d/f', O_RDWR | O_CREAT | O_EXCL);
    files.write(file, Buffer.from('before'));
    files.unlink(at('d/f', made));
    expect(errnoOf(() => at('d/f'))).toBe('ENOENT');
    files.write(file, Buffer.from(' after'));
    expect(files.read(file, 100, 0).toString()).toBe('before after');
    expect(files.fileAttributes(file)).toMatchObject({ nlink: 0, size: 12 });
    expect(names(session, '/work')).toEqual(['.', '..', 'd']);
    files.rmdir(at('d', made));
    files.close(file);
    expect(fs.readdirSync(join(scratch, 'work'))).toEqual([]);
  });

  it('stay readable after another file was renamed over them', () => {
    const session = start({ caches });
    const { files, at } = session;
    for (const name of ['old', 'new']) fs.writeFileSync(join(scratch, 'work', name), name);
    const file = session.open('old', O_RDONLY);
    files.rename(at('new', made), at('old', made), 0);
    expect(files.read(file, 10).toString()).toBe('old');
    expect(files.fileAttributes(file).nlink).toBe(0);
    expect(fs.readFileSync(join(scratch, 'work', 'old'), 'utf8')).toBe('new');
    files.close(file);
    expect(fs.readdirSync(join(scratch, 'work'))).toEqual(['old']);
  });

  it('keep one hidden name for many descriptions and names, until the last is closed', () => {
    const session = start({ caches });
    const { files, at } = session;
    const first = session.open('f', O_RDWR | O_CREAT);
    files.link(at('f'), at('g', made));
    const second = session.open('g', O_RDONLY);
    files.unlink(at('f', made));
    expect(files.attributes(at('g')).nlink).toBe(1);
    files.unlink(at('g', made));
    expect(files.fileAttributes(second).nlink).toBe(0);
    files.close(first);
    expect(fs.readdirSync(join(scratch, 'work'))).toHaveLength(1);
    files.close(second);
    expect(fs.readdirSync(join(scratch, 'work'))).toEqual([]);
  });

  it('and their other names show how many links are left', () => {
    const session = start({ caches });
    const { files, at } = session;
    files.close(session.open('a', O_RDWR | O_CREAT));
    files.close(session.open('other', O_RDWR | O_CREAT));
    const links = (): number => files.attributes(at('c')).nlink;
    files.link(at('a'), at('b', made));
    files.link(at('a'), at('c', made));
    expect(links()).toBe(3);
    files.unlink(at('a', made));
    expect(links()).toBe(2);
    files.rename(at('other', made), at('b', made), 0);
    expect(links()).toBe(1);
  });

  it('made with mode 0444 are written through the descriptor that made them', () => {
    const session = start({ caches, uid: process.getuid?.() === 0 ? 1234 : undefined });
    fs.chmodSync(join(scratch, 'work'), 0o777);
    const { files } = session;
    const file = session.open('f', O_WRONLY | O_CREAT, 0o444);
    expect(files.write(file, Buffer.from('text'))).toBe(4);
    files.truncate(file, 2);
    files.close(file);
    expect(fs.readFileSync(join(scratch, 'work', 'f'), 'utf8')).toBe('te');
    expect(errnoOf(() => session.open('f', O_WRONLY))).toBe('EACCES');
    expect(errnoOf(() => files.setAttributes(session.at('f'), { size: 0 }))).toBe('EACCES');
  });

  it('follow a rename of their directory', () => {
    const session = start({ caches });
    const { files, at } = session;
    files.mkdir(at('a', made), 0o755);
    const file = session.open('a/f', O_RDWR | O_CREAT);
    files.rename(at('a', made), at('b', made), 0);
    expect(file.node.path.toString()).toBe('/work/b/f');
    files.write(file, Buffer.from('x'));
    files.close(file);
    expect(fs.readFileSync(join(scratch, 'work', 'b', 'f'), 'utf8')).toBe('x');
  });

  it('append at the end, wherever the offset is', () => {
    const session = start({ caches });
    fs.writeFileSync(join(scratch, 'work', 'log'), 'one ');
    const { files } = session;
    const file = session.open('log', O_RDWR | O_APPEND);
    files.write(file, Buffer.from('two '));
    expect(file.offset).toBe(8);
    files.seek(file, 0, 0);
    files.write(file, Buffer.from('three'), 1);
    expect(files.read(file, 100, 0).toString()).toBe('one two three');
  });

  it('know which calls a description allows', () => {
    const session = start({ caches });
    const { files, at } = session;
    files.mkdir(at('d', made), 0o755);
    files.mknod(at('fifo', made), 0o010644, 0);
    const reader = session.open('f', O_RDONLY | O_CREAT);
    const writer = session.open('f', O_WRONLY);
    const path = session.open('f', O_PATH);
    const directory = session.open('d', O_RDONLY);
    expect([
      errnoOf(() => files.write(reader, Buffer.from('x'))),
      errnoOf(() => files.read(writer, 1)),
      errnoOf(() => files.read(path, 1)),
      errnoOf(() => files.read(directory, 1)),
      errnoOf(() => files.truncate(reader, 1)),
      errnoOf(() => files.readDirectory(reader, () => true)),
      errnoOf(() => files.seek(path, 0, 0)),
      errnoOf(() => files.seek(reader, -1, 0)),
      errnoOf(() => session.open('d', O_WRONLY)),
      errnoOf(() => session.open('f', O_DIRECTORY)),
      errnoOf(() => session.open('fifo', O_RDONLY)),
      errnoOf(() => session.open('.', O_RDWR | O_TMPFILE)),
      errnoOf(() => files.mknod(at('dev', made), 0o020644, 0)),
    ]).toEqual([
      'EBADF',
      'EBADF',
      'EBADF',
      'EISDIR',
      'EINVAL',
      'ENOTDIR',
      'EBADF',
      'EINVAL',
      'EISDIR',
      'ENOTDIR',
      'ENXIO',
      'EOPNOTSUPP',
      'EPERM',
    ]);
    expect(files.fileAttributes(path).type).toBe('file');
  });

  it('seek to the end, and see a file as all data with a hole behind it', () => {
    const session = start({ caches });
    const file = session.open('f', O_RDWR | O_CREAT);
    session.files.write(file, Buffer.alloc(100), 50);
    expect(session.files.seek(file, -10, 2)).toBe(140);
    expect(session.files.seek(file, 20, 3)).toBe(20);
    expect(session.files.seek(file, 20, 4)).toBe(150);
    expect(errnoOf(() => session.files.seek(file, 150, 3))).toBe('ENXIO');
  });

  it('read zeros where a file was cut and grown again', () => {
    const session = start({ caches });
    const { files, at } = session;
    const file = session.open('f', O_RDWR | O_CREAT);
    files.write(file, Buffer.alloc(10, 97));
    expect(files.read(file, 10, 0).toString()).toBe('aaaaaaaaaa');
    files.truncate(file, 2);
    files.truncate(file, 6);
    expect(files.read(file, 10, 0).toString()).toBe('aa\0\0\0\0');
    files.setAttributes(at('f'), { size: 1 });
    files.write(file, Buffer.from('b'), 3);
    expect(files.read(file, 10, 0).toString()).toBe('a\0\0b');
    files.close(session.open('f', O_WRONLY | O_TRUNC));
    files.write(file, Buffer.from('c'), 2);
    expect(files.read(file, 10, 0).toString()).toBe('\0\0c');
  });

  it('read back what was written in any order, and the server has it after the close', () => {
    const session = start({ caches });
    const { files } = session;
    const file = session.open('f', O_RDWR | O_CREAT);
    const put = (text: string, at: number): number => files.write(file, Buffer.from(text), at);
    put('aaaa', 0);
    put('bbbb', 8);
    put('cccc', 16);
    put('dddddd', 3);
    put('EEEEEEEEEE', 7);
    put('ff', 15);
    expect(files.read(file, 100, 0).toString()).toBe('aaaddddEEEEEEEEffccc');
    put('gg', 2);
    files.close(file);
    const content = fs.readFileSync(join(scratch, 'work', 'f'), 'utf8');
    expect(content).toBe('aaggdddEEEEEEEEffccc');
  });

  it('list a directory in steady positions while names go', () => {
    const session = start({ caches });
    const { files, at } = session;
    const all = Array.from({ length: 100 }, (_, i) => `name-${i}`);
    for (const name of all) fs.writeFileSync(join(scratch, 'work', name), '');
    const directory = session.open('.', O_DIRECTORY);
    const seen: string[] = [];
    for (let more = true; more;) {
      const batch: string[] = [];
      files.readDirectory(
        directory,
        ({ name }) => batch.length < 40 && batch.push(name.toString()) > 0,
      );
      for (const name of batch.filter((each) => !each.startsWith('.'))) {
        files.unlink(at(name, made));
        seen.push(name);
      }
      more = batch.length > 0;
    }
    expect(seen.toSorted()).toEqual(all.toSorted());
    files.seek(directory, 0, 0);
    const left: string[] = [];
    files.readDirectory(directory, ({ name }) => left.push(name.toString()) > 0);
    expect(left.toSorted()).toEqual(['.', '..']);
  });
});

describe('permissions of a program that is not root', () => {
  const root = process.getuid?.() === 0;
  const uid = root ? 1234 : (process.getuid?.() ?? 0);

  it('are those of modes, owners and directories', () => {
    fs.chmodSync(join(scratch, 'work'), 0o777);
    fs.mkdirSync(join(scratch, 'work', 'closed'), { mode: 0o000 });
    fs.writeFileSync(join(scratch, 'work', 'closed-file'), '', { mode: 0o000 });
    const session = start({ uid });
    const { files, at } = session;
    const own = session.open('own', O_RDWR | O_CREAT, 0o600);
    expect(files.fileAttributes(own)).toMatchObject({ uid, mode: 0o600 });
    expect(errnoOf(() => at('closed/x'))).toBe('EACCES');
    expect(errnoOf(() => at('closed/..'))).toBe('EACCES');
    expect(errnoOf(() => session.open('closed', O_DIRECTORY))).toBe('EACCES');
    expect(errnoOf(() => session.open('closed-file', O_RDONLY))).toBe('EACCES');
    expect(errnoOf(() => files.access(at('closed-file'), 4))).toBe('EACCES');
    expect(errnoOf(() => files.access(at('own'), 6))).toBe('no error');
    expect(errnoOf(() => files.access(at('own'), 1))).toBe('EACCES');
    files.mkdir(at('later', made), 0o700);
    files.close(session.open('later/f', O_RDWR | O_CREAT));
    files.setAttributes(at('later'), { mode: 0o000 });
    expect(errnoOf(() => at('later/f'))).toBe('EACCES');
    fs.chmodSync(join(scratch, 'work', 'closed'), 0o700);
    fs.chmodSync(join(scratch, 'work', 'later'), 0o700);
  });
});

describe('caches', () => {
  it('read a big file ahead: a few calls of up to 1 MiB instead of one for each 4 KiB', () => {
    fs.writeFileSync(join(scratch, 'work', 'big'), Buffer.alloc(8 * MIB, 7));
    const session = start();
    const file = session.open('big', O_RDONLY);
    session.procedures();
    let total = 0;
    for (let bytes = session.files.read(file, 4096); bytes.length > 0;) {
      total += bytes.length;
      bytes = session.files.read(file, 4096);
    }
    expect(total).toBe(8 * MIB);
    const calls = session.procedures();
    expect(calls.filter((each) => each === nfsProcedure.READ)).toHaveLength(9);
    expect(calls).toHaveLength(9 + 1);
  });

  it('answer stat and open of known names in a session volume without asking', () => {
    fs.mkdirSync(join(scratch, 'work', 'd'));
    fs.writeFileSync(join(scratch, 'work', 'd', 'f'), 'text');
    const session = start();
    const { files, at } = session;
    const look = (): void => {
      files.attributes(at('d/f'));
      errnoOf(() => at('d/nothing'));
      const file = session.open('d/f', O_RDONLY);
      files.read(file, 10);
      files.fileAttributes(file);
      files.close(file);
    };
    look();
    session.procedures();
    look();
    expect(session.procedures()).toEqual([]);
  });

  it('gather small writes, and send them at close, fsync, stat and flush', () => {
    const session = start();
    const { files } = session;
    const line = Buffer.alloc(100, 65);
    const file = session.open('f', O_RDWR | O_CREAT);
    const written = (): number =>
      session.procedures().filter((each) => each === nfsProcedure.WRITE).length;
    const writeLines = (): void => {
      for (let i = 0; i < 50; i++) files.write(file, line);
      expect(written()).toBe(0);
    };
    writeLines();
    files.flush();
    expect(written()).toBe(1);
    writeLines();
    files.sync(file);
    expect(written()).toBe(1);
    writeLines();
    expect(files.fileAttributes(file).size).toBe(15000);
    expect(written()).toBe(1);
    writeLines();
    files.close(file);
    expect(written()).toBe(1);
    expect(fs.statSync(join(scratch, 'work', 'f')).size).toBe(20000);
  });

  it('send gathered writes at 1 MiB and writes of O_SYNC at once', () => {
    const session = start();
    const { files } = session;
    const file = session.open('f', O_RDWR | O_CREAT);
    const synced = session.open('g', O_WRONLY | O_CREAT | O_SYNC);
    for (let i = 0; i < 300; i++) files.write(file, Buffer.alloc(4096, 1));
    expect(fs.statSync(join(scratch, 'work', 'f')).size).toBe(MIB);
    files.write(synced, Buffer.from('now'));
    expect(fs.readFileSync(join(scratch, 'work', 'g'), 'utf8')).toBe('now');
  });

  it('write through where the volume is nearly full, so that ENOSPC comes with the write', () => {
    const session = start({ wrap: (server) => new NearlyFull(server, 200) });
    const { files } = session;
    const file = session.open('f', O_RDWR | O_CREAT);
    expect(files.write(file, Buffer.alloc(150, 1))).toBe(150);
    expect(fs.statSync(join(scratch, 'work', 'f')).size).toBe(150);
    expect(errnoOf(() => files.write(file, Buffer.alloc(150, 1)))).toBe('ENOSPC');
    expect(errnoOf(() => files.close(file))).toBe('no error');
  });

  it('show gathered writes to every reader of the session', () => {
    fs.writeFileSync(join(scratch, 'work', 'f'), 'aaaaaaaaaa');
    const session = start();
    const { files, at } = session;
    const first = session.open('f', O_RDWR);
    const second = session.open('f', O_RDONLY);
    expect(files.read(second, 4, 0).toString()).toBe('aaaa');
    files.write(first, Buffer.from('bb'), 2);
    files.write(first, Buffer.from('c'), 12);
    expect(files.read(second, 20, 0).toString()).toBe('aabbaaaaaa\0\0c');
    expect(files.attributes(at('f')).size).toBe(13);
  });

  it('tell a failed gathered write at the next fsync, once', () => {
    const session = start();
    const { files } = session;
    const file = session.open('f', O_RDWR | O_CREAT);
    files.write(file, Buffer.from('lost'));
    // Another one takes the file away: the server has no such object any more.
    fs.unlinkSync(join(scratch, 'work', 'f'));
    files.flush();
    expect(errnoOf(() => files.sync(file))).toBe('ESTALE');
  });

  it('keep the time that a program sets after it wrote', () => {
    const session = start();
    const { files, at } = session;
    const file = session.open('f', O_RDWR | O_CREAT);
    files.write(file, Buffer.from('text'));
    files.setAttributes(file, { mtime: 1_000_000_000n });
    files.close(file);
    expect(files.attributes(at('f')).mtimeNs).toBe(1_000_000_000n);
    expect(fs.statSync(join(scratch, 'work', 'f')).mtimeMs).toBe(1000);
  });

  it('see at open what others wrote in a close-to-open volume', () => {
    const real = join(scratch, 'tmp', 'f');
    fs.writeFileSync(real, 'first');
    const session = start();
    const { files } = session;
    const contents = (): string => {
      const file = session.open('/tmp/f', O_RDONLY);
      const text = files.read(file, 100).toString();
      files.close(file);
      return text;
    };
    expect(contents()).toBe('first');
    fs.writeFileSync(real, 'other');
    expect(contents()).toBe('other');
    fs.writeFileSync(`${real}2`, 'third');
    fs.renameSync(`${real}2`, real);
    expect(contents()).toBe('third');
    fs.unlinkSync(real);
    expect(errnoOf(contents)).toBe('ENOENT');
  });

  it('see a file of the system grow while it is open', () => {
    const real = join(scratch, 'system', 'log');
    fs.writeFileSync(real, 'one\n');
    const session = start();
    const { files } = session;
    const file = session.open('/log', O_RDONLY);
    expect(files.read(file, 100).toString()).toBe('one\n');
    expect(files.read(file, 100)).toHaveLength(0);
    fs.appendFileSync(real, 'two\n');
    expect(files.read(file, 100).toString()).toBe('two\n');
    expect(files.read(file, 100)).toHaveLength(0);
    fs.appendFileSync(real, 'three\n');
    expect(files.fileAttributes(file).size).toBe(14);
    expect(files.read(file, 100).toString()).toBe('three\n');
    fs.writeFileSync(real, 'new');
    expect(files.read(file, 100, 0).toString()).toBe('new');
  });

  it('keep own writes to a close-to-open file without reading it again', () => {
    fs.writeFileSync(join(scratch, 'tmp', 'f'), Buffer.alloc(1000, 97));
    const session = start();
    const { files } = session;
    const file = session.open('/tmp/f', O_RDWR);
    files.read(file, 1000, 0);
    session.procedures();
    files.write(file, Buffer.from('bb'), 10);
    files.flush();
    expect(files.read(file, 4, 9).toString()).toBe('abba');
    expect(session.procedures()).not.toContain(nfsProcedure.READ);
  });

  it('take the directories of the system to stay, and find the way again when they do not', () => {
    const real = join(scratch, 'system', 'a');
    fs.mkdirSync(real);
    fs.writeFileSync(join(real, 'f'), 'old');
    const session = start();
    session.at('/a/f');
    session.procedures();
    session.at('/a/f');
    expect(session.procedures()).toEqual([nfsProcedure.LOOKUP]);
    fs.rmSync(real, { recursive: true });
    fs.mkdirSync(real);
    fs.writeFileSync(join(real, 'f'), 'new');
    const file = session.open('/a/f', O_RDONLY);
    expect(session.files.read(file, 10).toString()).toBe('new');
  });
});
