import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const room = dirname(fileURLToPath(import.meta.url));
const sources = readdirSync(room).filter(
  (name) => name.endsWith('.ts') && !/\.(test|soak)\.ts$/.test(name),
);

describe('the protocol core', () => {
  it('has sources to look at', () => {
    expect(sources).toContain('agreed-core.ts');
    expect(sources).toContain('create-core.ts');
  });

  for (const name of sources) {
    const text = readFileSync(`${room}/${name}`, 'utf8');

    it(`imports nothing but the core itself: ${name}`, () => {
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1]);
      const foreign = specifiers.filter((specifier) => !/^\.\/[a-z-]+\.ts$/.test(specifier ?? ''));
      expect(foreign).toEqual([]);
    });

    it(`uses no clock, no randomness and nothing global of Node: ${name}`, () => {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      const forbidden =
        /\b(Date|performance|Math\s*\.\s*random|crypto|process|globalThis|setTimeout|setInterval|queueMicrotask|require)\b/;
      expect(forbidden.exec(code)?.[0]).toBeUndefined();
    });
  }
});
