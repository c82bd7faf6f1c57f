/** Random operations through the file service and through the kernel: the same results and trees. */
import * as fc from 'fast-check';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NfsFileService } from './nfs-file-service.ts';
import { DirectServer, Playback } from './testing/direct-server.ts';
import { KernelPerformer, ServicePerformer, type Operation } from './testing/operations.ts';
import type { RpcCaller } from '../../nfs/client/nfs-client.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } =
  fs.constants;

/** Deep enough that no symlink of the operations leads out. */
const HOME = '1/2/3/4/5/6/7/8/home';

let scratch: string;
let oldUmask: number;
let runs = 0;

beforeAll(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'tmr-files-'));
  oldUmask = process.umask(0);
});
afterAll(() => {
  process.umask(oldUmask);
  fs.rmSync(scratch, { recursive: true });
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc.oneof(
  { weight: 6, arbitrary: name },
  { weight: 4, arbitrary: fc.tuple(name, name).map((parts) => parts.join('/')) },
  { weight: 1, arbitrary: fc.tuple(name, name, name).map((parts) => parts.join('/')) },
  { weight: 1, arbitrary: fc.tuple(name, name).map(([a, b]) => `${a}/../${b}`) },
  { weight: 1, arbitrary: name.map((each) => `${each}/`) },
  { weight: 1, arbitrary: fc.constantFrom('.', 'a/.', 'a/..', 'b//c', './a') },
);
const flags = fc
  .tuple(
    fc.constantFrom(O_RDONLY, O_WRONLY, O_RDWR),
    fc.subarray([O_APPEND, O_CREAT, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW], { maxLength: 3 }),
    fc.constantFrom(0, 0, 0, 0, O_DIRECTORY),
  )
  .map(([access, bits, directory]) => bits.reduce((all, bit) => all | bit, access | directory))
  // The kernel's answer to both together changed between versions.
  .filter((all) => (all & O_CREAT) === 0 || (all & O_DIRECTORY) === 0);
const fd = fc.nat(7);
const mode = fc.constantFrom(0o644, 0o600, 0o444, 0o755, 0o1777);
const size = fc.oneof(
  { weight: 4, arbitrary: fc.nat(20) },
  { weight: 3, arbitrary: fc.constantFrom(4096, 70_000, 300_000) },
  { weight: 1, arbitrary: fc.constant(1_200_000) },
);
// node:fs does not ask the kernel for 0 bytes.
const count = size.filter((bytes) => bytes > 0);
const at = fc.option(fc.oneof(fc.nat(30), fc.constantFrom(4090, 262_140, 600_000)), {
  nil: undefined,
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('open'), path, flags, mode }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('close', 'fstat', 'fsync'), fd }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('read'), fd, count, at }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('write'),
      fd,
      size,
      fill: fc.integer({ min: 1, max: 255 }),
      at,
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('ftruncate'), fd, length: size }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('fchmod'), fd, mode }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('truncate'), path, length: size }) },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constantFrom('stat', 'lstat', 'unlink', 'rmdir', 'readlink', 'readdir'),
      path,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constantFrom('mkdir', 'mkdir', 'chmod'), path, mode }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('rename', 'link'), path, to: path }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('symlink'),
      path,
      target: fc.constantFrom('a', 'b/c', '../a', './d', 'a/', '..', '.', 'nothing'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('utimes'),
      path,
      seconds: fc.integer({ min: 1, max: 2e9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush') }) },
);
const program = fc.array(operation, { minLength: 5, maxLength: 60 });

interface Setting {
  caches: boolean;
  consistency: 'session' | 'close-to-open';
}

const settings: [string, Setting][] = [
  ['no caches', { caches: false, consistency: 'session' }],
  ['caches, session', { caches: true, consistency: 'session' }],
  ['caches, close-to-open', { caches: true, consistency: 'close-to-open' }],
];

function service(port: RpcCaller, { caches, consistency }: Setting): NfsFileService {
  return new NfsFileService({
    port,
    volumes: [{ subtree: '/', path: '/v', access: 'rw', consistency }],
    caches,
    credentials: { uid: 0, gid: 0, groups: [] },
  });
}

function emptyTree(which: string): string {
  const root = join(scratch, `${which}-${runs}`);
  fs.mkdirSync(join(root, HOME), { recursive: true, mode: 0o755 });
  return root;
}

/** Names, types, modes, link counts, contents and targets of a tree. */
function listTree(root: string, below = ''): string[] {
  return fs
    .readdirSync(join(root, below))
    .toSorted()
    .flatMap((entry) => {
      const at = join(below, entry);
      const stats = fs.lstatSync(join(root, at));
      const head = `${at} ${(stats.mode & 0o177777).toString(8)} ${stats.nlink}`;
      if (stats.isDirectory()) return [head, ...listTree(root, at)];
      if (stats.isSymbolicLink()) return [`${head} -> ${fs.readlinkSync(join(root, at))}`];
      return [`${head} ${stats.size} ${fs.readFileSync(join(root, at)).toString('base64')}`];
    });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

describe.each(settings)('file service against the kernel, %s', (_title, setting) => {
  it('gives the same results, errors and trees', () => {
    fc.assert(
      fc.property(program, (operations) => {
        runs++;
        const native = emptyTree('native');
        const served = emptyTree('served');
        const kernel = new KernelPerformer(join(native, HOME));
        const files = new ServicePerformer(
          service(new DirectServer([{ path: '/v', real: served }]), setting),
          `/v/${HOME}`,
        );
        let differs: unknown;
        for (const [index, each] of operations.entries()) {
          const expected = kernel.perform(each);
          const got = files.perform(each);
          if (!isSame(got, expected)) differs ??= { index, ...each, expected, got };
        }
        kernel.end();
        files.end();
        expect(differs).toBeUndefined();
        expect(listTree(served)).toEqual(listTree(native));
        fs.rmSync(native, { recursive: true });
        fs.rmSync(served, { recursive: true });
      }),
      { numRuns: Number(process.env['RUNS'] ?? 80) },
    );
  });

  it('makes calls that depend on operations and replies alone', () => {
    fc.assert(
      fc.property(program, (operations) => {
        runs++;
        const served = emptyTree('served');
        const server = new DirectServer([{ path: '/v', real: served }]);
        const first = new ServicePerformer(service(server, setting), `/v/${HOME}`);
        const results = operations.map((each) => first.perform(each));
        first.end();
        const playback = new Playback(server.calls);
        const second = new ServicePerformer(service(playback, setting), `/v/${HOME}`);
        expect(operations.map((each) => second.perform(each))).toEqual(results);
        second.end();
        expect(playback.left).toBe(0);
        fs.rmSync(served, { recursive: true });
      }),
      { numRuns: 20 },
    );
  });
});
