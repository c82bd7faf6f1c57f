import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as native from './index.js';
import { start } from './test-guests.ts';

const declarations = readFileSync(new URL('./index.d.ts', import.meta.url), 'utf8');

/** Names that `pattern` captures in index.d.ts, sorted, each once. */
function declared(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] as string))].sort();
}

test('what is declared is exported, and nothing else', () => {
  const names = declared(
    declarations,
    /^export (?:declare )?(?:function|const|class) ([A-Za-z0-9]+)/gm,
  );
  expect(Object.keys(native).sort()).toEqual(names);
});

test('constants have their declared values', () => {
  const values = (name: 'StopKind' | 'Reg') => {
    const body = declarations.split(`declare const ${name}: {`)[1]?.split('};')[0] ?? '';
    const pairs = [...body.matchAll(/readonly (\w+): (\d+);/g)];
    return Object.fromEntries(pairs.map(([, key, value]) => [key, Number(value)]));
  };
  expect(native.StopKind).toEqual(values('StopKind'));
  expect(native.Reg).toEqual(values('Reg'));
});

test('the tracee has every member of its three faces', () => {
  const faces = declarations.split('interface TraceeBase')[1]?.split('\nexport function spawn')[0];
  const members = declared(faces ?? '', /^ {2}(?:readonly )?([A-Za-z]+)[(:]/gm);
  expect(members.length).toBeGreaterThan(40);
  const tracee = start('spin');
  expect(members.filter((name) => !(name in tracee))).toEqual([]);
  tracee.destroy();
});
