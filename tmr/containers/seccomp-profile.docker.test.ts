import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { numbers } from '../tracer/syscalls/numbers.ts';
import type { Engine } from './engine.ts';
import { ownerLabel } from './leftovers.ts';
import { seccompProfile } from './seccomp-profile.ts';
import { describeWithEngine } from './testing/test-engine.ts';

const { EPERM } = constants.errno;
const IMAGE = `tmr-test-try-calls:${process.pid}`;

/** Title to NUMBER:ARGUMENT. Calls that the profiles look into come with each argument that matters. */
const calls: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(numbers)
      // The kernel asks no filter about them, and ends with SIGILL who calls them by himself.
      .filter(([name]) => !/^u(ret)?probe$/.test(name))
      .map(([name, number]) => [name, `${number}:-1`] as const),
  ),
  ...withArguments('clone', [0x11, 0x2_0000, 0x200_0000, 0x1000_0000, 0x4000_0000]),
  ...withArguments('socket', [1, 2, 10, 16, 40]),
  ...withArguments('personality', [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff]),
  ...withArguments('personality', [1, 0x4_0000, 0x4_0008, 0x6_0000, 0x40_0000]),
};

interface Difference {
  why: string;
  calls: string[];
  /** Some engines' default agrees with us. */
  agreed?: true;
}

const allowedByUs: Difference[] = [
  { why: 'replicas start without address space randomisation', calls: ['personality 0x40000'] },
  {
    why: "the tracer reads and writes its replica's memory; Docker 20.10 wants SYS_PTRACE for it",
    calls: ['process_vm_readv', 'process_vm_writev'],
    agreed: true,
  },
  {
    why: "memory protection keys of a process's own; allowed since Docker 23",
    calls: ['pkey_mprotect', 'pkey_alloc', 'pkey_free'],
    agreed: true,
  },
];
const refusedByUs: Difference[] = [
  {
    why: 'refused by newer engines, too; the tracer has no use for them',
    calls: ['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'socket 0x28'],
    agreed: true,
  },
  {
    why: 'newer than the engine, which says ENOSYS, or refused by newer ones, too',
    calls: ['set_mempolicy_home_node', 'open_tree_attr', 'statmount', 'listmount'],
    agreed: true,
  },
];

describeWithEngine("in a container, our profile and the engine's default", (engine) => {
  let ours: Set<string>;
  let byDefault: Set<string>;
  beforeAll(async () => {
    await buildImage(engine);
    byDefault = await refusedUnder(engine, undefined);
    ours = await refusedUnder(engine, seccompProfile());
  });
  afterAll(() => engine.docker.getImage(IMAGE).remove({ force: true }));

  it('refuse the same calls but those that are listed with a reason', () => {
    const onlyIn = (these: Set<string>, others: Set<string>, listed: Difference[]): string[] => {
      const agreed = new Set(listed.flatMap(({ agreed: may, calls: names }) => (may ? names : [])));
      return [...these].filter((name) => !others.has(name) && !agreed.has(name));
    };
    const demanded = (listed: Difference[]): string[] =>
      listed.flatMap(({ agreed, calls: names }) => (agreed ? [] : names));
    expect(onlyIn(byDefault, ours, allowedByUs)).toEqual(demanded(allowedByUs));
    expect(onlyIn(ours, byDefault, refusedByUs)).toEqual(demanded(refusedByUs));
  });

  it('let a tracer do its work in ours', () => {
    const needed = ['ptrace', 'seccomp', 'prctl', ...allowedByUs.flatMap((one) => one.calls)];
    expect(needed.filter((name) => ours.has(name))).toEqual([]);
  });

  it('are compared by a program that an unconfined container refuses nothing', async () => {
    expect(await refusedUnder(engine, 'unconfined')).toEqual(new Set());
  });
});

function withArguments(name: keyof typeof numbers, values: number[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => [`${name} 0x${value.toString(16)}`, `${numbers[name]}:${value}`]),
  );
}

async function buildImage({ docker }: Engine): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tmr-try-calls-'));
  try {
    const program = join(directory, 'try-calls');
    const source = fileURLToPath(new URL('testing/try-calls.c', import.meta.url));
    execFileSync('gcc', ['-static', '-O1', '-o', program, source]);
    const context = pack();
    context.entry({ name: 'Dockerfile' }, 'FROM scratch\nCOPY try-calls /\n');
    context.entry({ name: 'try-calls', mode: 0o755 }, readFileSync(program));
    context.finalize();
    const body = context as unknown as NodeJS.ReadableStream;
    const stream = await docker.buildImage(body, { t: IMAGE, labels: ownerLabel() });
    await new Promise((resolve, reject) => {
      docker.modem.followProgress(stream, (error, output) =>
        error ? reject(error) : resolve(output),
      );
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What gives EPERM; undefined: the engine's default profile. */
async function refusedUnder({ docker }: Engine, profile: string | undefined): Promise<Set<string>> {
  const output = new PassThrough();
  const all = text(output);
  const [result] = (await docker.run(IMAGE, ['/try-calls', ...Object.values(calls)], output, {
    Tty: true,
    Labels: ownerLabel(),
    HostConfig: {
      AutoRemove: true,
      CapDrop: ['ALL'],
      NetworkMode: 'none',
      SecurityOpt: profile === undefined ? [] : [`seccomp=${profile}`],
    },
  })) as [{ StatusCode: number }];
  output.end();
  expect(result.StatusCode).toBe(0);
  const errors = new Map(
    (await all).split(/\r?\n/).map((line) => line.split(' ') as [string, string]),
  );
  expect(errors.size).toBeGreaterThan(Object.keys(calls).length);
  const isRefused = ([, call]: [string, string]): boolean => Number(errors.get(call)) === EPERM;
  return new Set(
    Object.entries(calls)
      .filter(isRefused)
      .map(([title]) => title),
  );
}
