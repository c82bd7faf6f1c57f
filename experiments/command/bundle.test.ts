import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { projectRoot } from '../project-root.ts';

const slowToLoad = [
  'vega',
  'vega-lite',
  'pdfkit',
  'svg-to-pdfkit',
  'fontkit',
  '@resvg/resvg-js',
  'dockerode',
  'ptrace-napi',
];

describe('the bundled command', () => {
  it('loads neither drawing libraries nor the addon to show its help', async () => {
    const { metafile } = await build({
      absWorkingDir: projectRoot(),
      entryPoints: [join(projectRoot(), 'experiments/cli.ts')],
      bundle: true,
      splitting: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      outdir: 'unused',
      logLevel: 'silent',
      external: slowToLoad,
    });
    const start = Object.entries(metafile.outputs).find(([, { entryPoint }]) =>
      entryPoint?.endsWith('experiments/cli.ts'),
    );
    const reached = new Set<string>();
    const walk = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const imported of metafile.outputs[path]?.imports ?? []) {
        if (imported.kind === 'import-statement') walk(imported.path);
      }
    };
    walk(start![0]);
    expect(slowToLoad.filter((name) => reached.has(name))).toEqual([]);
    const all = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
    expect(all.map(({ path }) => path)).toContain('vega');
  });
});
