/** The bundles that the harness starts: `dist/` beside this folder, or this very folder when bundled. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `dist/tmr.js`: the command line. */
export function tmrScript(): string {
  return bundle('tmr.js');
}

/** `dist/interpose.js`: what session processes load to inject a fault. */
export function interposeModule(): string {
  return bundle('interpose.js');
}

/** This file lies one level below the project, as source and as part of a bundle. */
function bundle(name: string): string {
  const path = fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  throw new Error(`expected ${path}, found nothing there; build it with: npm run build`);
}
