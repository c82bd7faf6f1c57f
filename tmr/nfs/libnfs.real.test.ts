/** Debian's libnfs-utils against the server as a process of its own, and its command line. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from './testing/fixture.ts';

const run = promisify(execFile);
const installed = spawnSync('nfs-ls', [], { stdio: 'ignore' }).error === undefined;
const root = fileURLToPath(new URL('../..', import.meta.url));
let command: string;

/** The command bundled as the build does it, but aside: dist/ may be from an older state. */
beforeAll(async () => {
  command = join(root, 'node_modules/.cache/tmr-nfs-test', `nfs-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `import { nfsCommand } from './tmr/cli/nfs.ts';
        nfsCommand().parseAsync().catch((error) => {
          console.error(error.message);
          process.exitCode = error.exitStatus ?? 70;
        });`,
      resolveDir: root,
      loader: 'ts',
    },
    outfile: command,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return () => rmSync(command, { force: true });
});

/** A server without `--plain` needs one: nobody could use it otherwise. */
function secret(): string[] {
  const file = join(temporaryDirectory(), 'secret');
  writeFileSync(file, 'a secret of more than sixteen bytes\n', { mode: 0o600 });
  return ['--secret-file', file];
}

interface Running {
  port: number;
  child: ChildProcess;
  ended: Promise<number | null>;
}

async function start(args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let told = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr?.on('data', (bytes: Buffer) => reject(new Error(bytes.toString())));
    child.stdout?.on('data', (bytes: Buffer) => {
      told += bytes.toString();
      const match = /^tmr nfs: listening on 127\.0\.0\.1:(\d+)\n$/.exec(told);
      if (match !== null) resolve(Number(match[1]));
    });
  });
  return { port, child, ended };
}

/** Status and standard error of a server that does not start. */
async function refused(args: string[]): Promise<{ status: number; message: string }> {
  try {
    await run(process.execPath, [command, ...args]);
    return { status: 0, message: '' };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { status: code, message: stderr };
  }
}

describe.skipIf(!installed)('nfs-ls, nfs-cp and nfs-cat (apt-get install libnfs-utils)', () => {
  test('list, copy in, copy out and print by a URL with nfsport and mountport', async () => {
    const directory = temporaryDirectory();
    const volume = join(directory, 'volume');
    mkdirSync(volume);
    const content = Buffer.alloc(3_000_001, 'many bytes ');
    writeFileSync(join(directory, 'in'), content);
    const { port } = await start([
      '--export',
      directory,
      '--plain',
      'volume',
      '--listen',
      '127.0.0.1:0',
    ]);
    const query = `?version=3&nfsport=${port}&mountport=${port}`;
    const url = (name: string) => `nfs://127.0.0.1${volume}${name}${query}`;
    await run('nfs-cp', [join(directory, 'in'), url('/copy')]);
    expect(readFileSync(join(volume, 'copy')).equals(content)).toBe(true);
    await run('nfs-cp', [url('/copy'), join(directory, 'out')]);
    expect(readFileSync(join(directory, 'out')).equals(content)).toBe(true);
    writeFileSync(join(volume, 'text'), 'hello\n');
    expect((await run('nfs-cat', [url('/text')])).stdout).toBe('hello\n');
    const listed = (await run('nfs-ls', [url('')])).stdout;
    expect(listed).toContain('3000001 copy');
    expect(listed).toContain('6 text');
  });
});

describe('the command', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('ends with status 0 on %s', async (signal) => {
    const { child, ended } = await start([
      '--export',
      temporaryDirectory(),
      '--listen',
      '127.0.0.1:0',
      ...secret(),
    ]);
    child.kill(signal);
    expect(await ended).toBe(0);
  });

  test('with --parent-death ends when its parent is killed', async () => {
    const words = ['--export', temporaryDirectory(), '--listen', '127.0.0.1:0', ...secret()];
    words.push('--parent-death');
    const shell = spawn('sh', [
      '-c',
      '"$0" "$@" & echo $!; wait',
      process.execPath,
      command,
      ...words,
    ]);
    let told = '';
    await new Promise<void>((resolve) => {
      shell.stdout.on('data', (bytes: Buffer) => {
        told += bytes.toString();
        if (told.includes('listening')) resolve();
      });
    });
    onTestFinished(() => {
      try {
        process.kill(Number(told.split('\n')[0]), 'SIGKILL');
      } catch {
        // Gone, as it should be.
      }
    });
    // The server holds the other end of this pipe.
    const closed = new Promise<void>((resolve) => shell.stdout.once('end', resolve));
    shell.kill('SIGKILL');
    await expect(closed).resolves.toBeUndefined();
  });

  test('refuses a root that is no directory, and one that is not there', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const one = await refused(['--export', file, '--listen', '127.0.0.1:0', ...secret()]);
    expect(one).toMatchObject({ status: 78 });
    expect(one.message).toContain('another kind of file');
    const none = await refused([
      '--export',
      `${file}-none`,
      '--listen',
      '127.0.0.1:0',
      ...secret(),
    ]);
    expect(none).toMatchObject({ status: 78 });
    expect(none.message).toContain('ENOENT');
  });

  test('refuses a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const args = ['--export', temporaryDirectory(), '--listen', `127.0.0.1:${port}`, ...secret()];
    const { status, message } = await refused(args);
    expect(status).toBe(78);
    expect(message).toContain('the port is in use');
  });

  test('refuses an address that others reach, without a secret', async () => {
    const args = ['--export', temporaryDirectory(), '--listen', '0.0.0.0:0'];
    const { status, message } = await refused(args);
    expect(status).toBe(78);
    expect(message).toContain('--secret-file');
  });

  test('refuses a secret file that others may read', async () => {
    const directory = temporaryDirectory();
    const secret = join(directory, 'secret');
    writeFileSync(secret, 'a secret of more than sixteen bytes\n', { mode: 0o644 });
    const args = ['--export', directory, '--listen', '127.0.0.1:0', '--secret-file', secret];
    const { status, message } = await refused(args);
    expect(status).toBe(78);
    expect(message).toContain('chmod 600');
  });

  test('refuses a plain subtree that a link leads out of the root', async () => {
    const directory = temporaryDirectory();
    spawnSync('ln', ['-s', '/etc', join(directory, 'link')]);
    const args = ['--export', directory, '--plain', 'link', '--listen', '127.0.0.1:0'];
    const { status, message } = await refused(args);
    expect(status).toBe(78);
    expect(message).toContain('inside');
  });
});
