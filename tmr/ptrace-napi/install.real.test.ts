import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const room = dirname(fileURLToPath(import.meta.url));
let copy = '';

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'ptrace-napi-install-'));
  const files = ['package.json', 'index.js', 'error.js', 'spawn-options.js', 'install.js'];
  for (const file of [...files, 'binding.gyp', 'src']) {
    cpSync(join(room, file), join(copy, file), { recursive: true });
  }
  const modules = dirname(
    dirname(createRequire(import.meta.url).resolve('node-gyp-build/package.json')),
  );
  symlinkSync(modules, join(copy, 'node_modules'));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

/** The environment without anything that npm or a user configured. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm|node)_/i.test(name));
  return { ...Object.fromEntries(kept), NPM_CONFIG_USERCONFIG: '/dev/null' };
}

test('without a compiler: the packages are named', () => {
  const result = spawnSync(process.execPath, ['install.js'], {
    cwd: copy,
    env: { ...bareEnvironment(), PATH: '/nonexistent' },
    encoding: 'utf8',
  });
  expect(result.status).toBe(1);
  expect(result.stderr).toContain('g++, make, python3 not found');
  expect(result.stderr).toContain('apt-get install g++ make python3');
});

test(
  'builds with an empty user config and no way to download headers',
  { timeout: 180_000 },
  () => {
    // Any download fails at once: nothing listens on the discard port.
    const env = {
      ...bareEnvironment(),
      HOME: copy,
      npm_config_disturl: 'http://127.0.0.1:9',
      npm_config_devdir: join(copy, 'devdir'),
    };
    const result = spawnSync(process.execPath, ['install.js'], {
      cwd: copy,
      env,
      encoding: 'utf8',
    });
    expect(result.stderr + result.stdout).toContain('gyp info ok');
    expect(result.status).toBe(0);
    const source = "import('./index.js').then((m) => console.log(typeof m.spawn))";
    const load = spawnSync(process.execPath, ['-e', source], { cwd: copy, encoding: 'utf8' });
    expect(load.stdout + load.stderr).toBe('function\n');
    expect(readFileSync(join(copy, 'build', 'Release', 'ptrace_napi.node')).length).toBeGreaterThan(
      0,
    );
  },
);
