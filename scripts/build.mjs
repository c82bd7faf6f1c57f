/** Bundles the entry points into dist/. The native addon and the heavy figure libraries stay outside. */
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entries = {
  tmr: 'tmr/cli/main.ts',
  session: 'tmr/tracer/session-main.ts',
  interpose: 'faults/interpose.ts',
  experiment: 'experiments/cli.ts',
  bench: 'bench/cli.ts',
};

await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(
    Object.entries(entries).filter(([, file]) => existsSync(join(root, file))),
  ),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  // Loaded from node_modules when first needed.
  external: [
    'ptrace-napi',
    'dockerode',
    'vega',
    'vega-lite',
    'pdfkit',
    'svg-to-pdfkit',
    'fontkit',
    '@resvg/resvg-js',
  ],
  // Bundled CommonJS packages (commander) call require.
  banner: {
    js: "import { createRequire as tmrCreateRequire } from 'node:module'; const require = tmrCreateRequire(import.meta.url);",
  },
});
