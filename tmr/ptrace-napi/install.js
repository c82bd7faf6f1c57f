/**
 * Builds the addon with node-gyp, against the headers that lie beside this Node where there are
 * some: node-gyp would otherwise download them, which fails on a machine without a network.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const room = dirname(fileURLToPath(import.meta.url));

/** Ends the installation with a text that says what to do. */
function fail(text) {
  console.error(`ptrace-napi: ${text}`);
  process.exit(1);
}

/** True when `command --version` runs. */
function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Arguments that point node-gyp at headers on this machine, or none. */
function headerArguments() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  fail(`needs Linux on x86-64; this is ${process.platform} on ${process.arch}.`);
}

const python = process.env.PYTHON ?? process.env.npm_config_python ?? 'python3';
const missing = [
  [process.env.CXX ?? 'g++', 'g++'],
  ['make', 'make'],
  [python, 'python3'],
].filter(([command]) => !runs(command));
if (missing.length > 0) {
  fail(
    `cannot build: ${missing.map(([command]) => command).join(', ')} not found. ` +
      'On Debian or Ubuntu: apt-get install g++ make python3',
  );
}

const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
const headers = headerArguments();
const build = spawnSync(process.execPath, [nodeGyp, 'rebuild', ...headers], {
  cwd: room,
  stdio: 'inherit',
});
if (build.status !== 0) {
  fail(
    headers.length > 0
      ? 'the compiler failed; its messages are above.'
      : `the build failed. No Node headers lie beside ${process.execPath}, so node-gyp had to ` +
          'download them: install Node from an archive of nodejs.org or nodesource, which bring ' +
          'include/node, or set npm_config_nodedir.',
  );
}
