/** Bundles the entry points into dist/. The native addon and the heavy figure libraries stay outside. */
import { build } from 'esbuild';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entries = {
  tmr: 'tmr/cli/main.ts',
  session: 'tmr/tracer/session-main.ts',
  interpose: 'faults/interpose.ts',
  experiment: 'experiments/cli.ts',
  bench: 'bench/cli.ts',
};

const result = await build({
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
  // Less to parse at every start of a monitor or session process; names stay for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  metafile: true,
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

// Chunks of earlier builds have names of their own: nothing stale is left behind.
const made = new Set(Object.keys(result.metafile.outputs).map((file) => basename(file)));
for (const file of readdirSync(join(root, 'dist'))) {
  if (!made.has(file)) rmSync(join(root, 'dist', file));
}
