/** The daemons of one machine as a user would start them: three tracers and the NFS server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const tmrCommand = fileURLToPath(new URL('../dist/tmr.js', import.meta.url));

const REPLICAS = 3;

export interface Daemons {
  tracers: string[];
  nfs: string;
  secretFile: string;
  directory: string;
  stop(): void;
}

/** Starts them on ephemeral loopback ports; they end with this process. */
export async function startDaemons(options: { keepIdle: number }): Promise<Daemons> {
  const directory = mkdtempSync(join(tmpdir(), 'tmr-daemons-'));
  const secretFile = join(directory, 'secret');
  writeFileSync(secretFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  const children: ChildProcess[] = [];
  const stop = () => {
    for (const child of children) child.kill('SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  };
  const start = (...args: string[]) => {
    const shared = [
      '--listen',
      '127.0.0.1:0',
      '--secret-file',
      secretFile,
      '--parent-death',
      String(process.pid),
    ];
    const child = spawn(process.execPath, [tmrCommand, ...args, ...shared], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return listening(child, args[0] ?? '');
  };
  try {
    const nfs = start('nfs', '--export', '/');
    const tracers = Array.from({ length: REPLICAS }, () =>
      start('tracer', '--keep-idle', String(options.keepIdle)),
    );
    return { tracers: await Promise.all(tracers), nfs: await nfs, secretFile, directory, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** The address in a daemon's first line. */
async function listening(child: ChildProcess, name: string): Promise<string> {
  if (child.stdout === null) throw new Error('expected a pipe from the daemon');
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /listening on (\S+)/.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error(`expected tmr ${name} to listen, but it ended`);
}
