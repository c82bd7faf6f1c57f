import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** The table of ARCHITECTURE.md: what each room may import besides itself, node and packages. */
const system = ['tmr/core', 'tmr/wire', 'tmr/nfs', 'tmr/tracer', 'tmr/monitor', 'tmr/ptrace-napi'];
const table: Record<string, string[]> = {
  'tmr/core': [],
  'tmr/ptrace-napi': [],
  'tmr/wire': ['tmr/core'],
  'tmr/nfs': ['tmr/core', 'tmr/wire'],
  'tmr/tracer': ['tmr/core', 'tmr/wire', 'tmr/nfs', 'tmr/ptrace-napi'],
  'tmr/monitor': ['tmr/core', 'tmr/wire', 'tmr/nfs'],
  // The table of system calls, for the profile.
  'tmr/containers': ['tmr/core', 'tmr/wire', 'tmr/monitor', 'tmr/tracer'],
  'tmr/cli': [...system, 'tmr/containers'],
  faults: [...system, 'tmr/containers', 'tmr/cli'],
  harness: [...system, 'tmr/containers', 'tmr/cli', 'faults'],
  experiments: [...system, 'tmr/containers', 'tmr/cli', 'faults', 'harness'],
  bench: [...system, 'tmr/containers', 'tmr/cli', 'faults', 'harness', 'experiments'],
};
/** Tests may stand on real processes and terminals; the addon itself imports nothing. */
const addon = 'tmr/ptrace-napi';
const isTest = (file: string): boolean =>
  /\.(test|soak)\.ts$/.test(file) && !file.startsWith('tmr/core');
/** Where soaks leave their counts. */
const soakRecord = 'scripts/record-soak.ts';
/** Packages of our own that are imported by name. */
const ownPackages: Record<string, string> = { 'ptrace-napi': 'tmr/ptrace-napi' };

describe('imports', () => {
  const imports = Object.keys(table).flatMap((room) => importsOf(room));

  it('point one way: every room imports only what its row in ARCHITECTURE.md allows', () => {
    const wrong = imports.filter(
      ({ room, file, to }) =>
        to !== room &&
        !table[room]?.includes(to) &&
        !(isTest(file) && to === addon) &&
        !(file.endsWith('.soak.ts') && to === soakRecord),
    );
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });

  it('are seen by this test: the known ones are among those it judged', () => {
    expect(imports).toContainEqual(
      expect.objectContaining({ file: 'faults/interpose.ts', to: 'tmr/tracer' }),
    );
    expect(imports).toContainEqual(
      expect.objectContaining({ file: 'tmr/wire/messages.ts', to: 'tmr/core' }),
    );
  });

  it('of the core are its own files only: no node:, no packages, and not its simulator or model', () => {
    const core = filesIn('tmr/core').filter(
      (file) => !/\.(test|soak)\.ts$|^tmr\/core\/(sim|model)\//.test(file),
    );
    const foreign = core.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => !/^\.\/[^/]+\.ts$/.test(specifier))
        .map((specifier) => `${file}: ${specifier}`),
    );
    expect(core.length).toBeGreaterThan(5);
    expect(foreign).toEqual([]);
  });
});

interface Import {
  room: string;
  file: string;
  specifier: string;
  /** The room that holds what is imported, or the path where it is in none. */
  to: string;
}

function importsOf(room: string): Import[] {
  return filesIn(room).flatMap((file) =>
    specifiersOf(file).flatMap((specifier) => {
      const path = specifier.startsWith('.')
        ? relative(root, join(root, dirname(file), specifier))
        : ownPackages[specifier];
      if (path === undefined) return [];
      const to = Object.keys(table).find((name) => path === name || path.startsWith(`${name}/`));
      return [{ room, file, specifier, to: to ?? path }];
    }),
  );
}

/** Static, re-exporting and dynamic imports, those of types too: knowing is depending. */
function specifiersOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern = /(?:^|[\s;}])(?:from|import)\s*\(?\s*'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
