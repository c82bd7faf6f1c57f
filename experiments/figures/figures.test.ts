import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../analysis/report.ts';
import { syntheticRun, temporaryDirectory } from '../testing/synthetic-run.ts';
import { hostsCompare } from '../hosts-compare.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import type { Design } from '../types.ts';
import { renderSvg, sizeOf } from './draw.ts';
import { paperPolicy } from './notes.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let quick: string;
let both: string;
beforeAll(async () => {
  directory = temporaryDirectory();
  quick = await draw({});
  both = await draw({ policy: ['agreed', 'paper'] });
});
afterAll(() => directory.remove());

async function draw(change: Partial<Design>): Promise<string> {
  const run = syntheticRun(directory.path, change);
  await writeReport(run, timeoutSweep);
  return join(run, 'figures');
}

const names = ['detection-latency', 'false-flag-rate', 'overhead'];
const text = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');
const wordsOf = (svg: string): string =>
  [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map((match) => match[1]).join(' ');

describe('figures', () => {
  it('come as SVG, PDF, PNG, specification and data, and nothing else', () => {
    const endings = ['csv', 'pdf', 'png', 'svg', 'vl.json'];
    const files = names.flatMap((name) => endings.map((ending) => `${name}.${ending}`));
    expect(readdirSync(quick).sort()).toEqual(files.sort());
  });

  describe.each(names)('%s', (name) => {
    it('is one column wide, and no text is below 7 pt', () => {
      const svg = text(quick, `${name}.svg`);
      expect(sizeOf(svg).width).toBe(252);
      expect(svg).toContain('width="252pt"');
      const sizes = [...svg.matchAll(/font-size="([\d.]+)px"/g)].map((match) => Number(match[1]));
      expect(sizes.length).toBeGreaterThan(10);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(7);
    });

    it('has a PNG of 400 dots an inch', () => {
      const png = readFileSync(join(quick, `${name}.png`));
      expect(png.readUInt32BE(16)).toBe(1400);
      expect(png.readUInt32BE(20)).toBeGreaterThan(600);
    });

    it('has a PDF of the same size with its fonts embedded and none of Type 3', () => {
      const objects = pdfObjects(readFileSync(join(quick, `${name}.pdf`)));
      const fonts = objects.filter((object) => /\/Type \/Font\b/.test(object));
      expect(fonts.length).toBeGreaterThan(0);
      expect(fonts.join()).not.toContain('/Type3');
      expect(fonts.filter((font) => /\/Subtype \/(Type0|CIDFontType2)/.test(font))).toEqual(fonts);
      const descriptors = objects.filter((object) => /\/Type \/FontDescriptor/.test(object));
      expect(descriptors.length).toBeGreaterThan(0);
      expect(descriptors.every((descriptor) => /\/FontFile2/.test(descriptor))).toBe(true);
      expect(objects.join()).toMatch(/\/MediaBox \[0 0 252 /);
    });

    it('is drawn again, to the byte, from its saved specification and data', async () => {
      const specification = JSON.parse(text(quick, `${name}.vl.json`)) as object;
      expect(specification).toMatchObject({ data: { url: `${name}.csv` } });
      const again = await renderSvg(specification, quick);
      expect(wordsOf(again)).toBe(wordsOf(text(quick, `${name}.svg`)));
      expect(marks(again)).toEqual(marks(text(quick, `${name}.svg`)));
    });

    it('says what the axes are, with units, how many trials there were, and the policy', () => {
      const words = wordsOf(text(quick, `${name}.svg`)).replaceAll(/\s+/g, ' ');
      expect(words).toContain('time-out T (s)');
      expect(words).toMatch(/n = \d+/);
      expect(words).toContain('Policy agreed; hosts local; tsc auto.');
      expect(words).not.toContain('our reading');
    });

    it('explains the policy paper when it shows it', () => {
      const words = wordsOf(text(both, `${name}.svg`)).replaceAll(/\s+/g, ' ');
      expect(words).toContain(paperPolicy);
    });

    it('is the same file for the same run', async () => {
      const before = readFileSync(join(quick, `${name}.pdf`));
      await writeReport(join(quick, '..'), timeoutSweep);
      expect(readFileSync(join(quick, `${name}.pdf`)).equals(before)).toBe(true);
    }, 30_000);
  });

  it('are left out, with the reason, where there is nothing to draw', async () => {
    const run = syntheticRun(directory.path, { faults: ['none'] });
    const { drawn, notDrawn } = await writeReport(run, timeoutSweep);
    expect(drawn).toEqual(['overhead']);
    expect(notDrawn.map(({ name }) => name)).toEqual(['detection-latency', 'false-flag-rate']);
  });

  it('stand one page wide with one panel, and with six', async () => {
    const one = await draw({ faults: ['replica-kill'], workloads: ['jacobi'], detect: ['any'] });
    const six = await draw({ workloads: ['jacobi', 'gzip', 'sort', 'awk', 'sqlite3', 'counter'] });
    for (const folder of [one, six]) {
      expect(sizeOf(text(folder, 'overhead.svg')).width).toBe(252);
    }
  });
});

describe('the figure of a comparison of hosts', () => {
  it('has a mark for each pair and measure, the latency first, and says the median ratios', async () => {
    const run = syntheticRun(directory.path, {}, 7, hostsCompare);
    const { drawn, notDrawn } = await writeReport(run, hostsCompare);
    expect([drawn, notDrawn]).toEqual([['hosts-compare'], []]);
    const folder = join(run, 'figures');
    const rows: Record<string, string>[] = parse(text(folder, 'hosts-compare.csv'), {
      columns: true,
    });
    const of = (measure: string) => rows.filter((row) => row['measure'] === measure);
    expect(rows[0]!['measure']).toBe('detection latency');
    expect(of('run time')).toHaveLength(2 * 5 * 2 * 2);
    expect(of('detection latency').length).toBeGreaterThan(0);
    expect(of('detection latency').every((row) => row['local_s'] !== row['docker_s'])).toBe(true);
    const svg = text(folder, 'hosts-compare.svg');
    const words = wordsOf(svg).replaceAll(/\s+/g, ' ');
    expect(sizeOf(svg).width).toBe(252);
    expect(words).toContain('detection latency, local (s)');
    expect(words).toContain('run time, docker (s)');
    expect(words).toMatch(/of the detection latency: [\d.]+ \(95 % bootstrap interval/);
    expect(words).toMatch(/of the run time: [\d.]+ \(95 % bootstrap interval/);
  });

  it('is left out, with the reason, when one host is missing', async () => {
    const run = syntheticRun(directory.path, { hosts: ['local'] }, 7, hostsCompare);
    const { notDrawn } = await writeReport(run, hostsCompare);
    expect(notDrawn).toEqual([
      {
        name: 'hosts-compare',
        reason: 'no trial was completed on both local and docker hosts',
      },
    ]);
  });
});

/** The texts of all objects, those in compressed streams included. */
function pdfObjects(file: Buffer): string[] {
  const raw = file.toString('latin1');
  const direct = raw.split('endobj');
  const streams = [...raw.matchAll(/\/FlateDecode[^]*?stream\r?\n([^]*?)\r?\nendstream/g)];
  const inflated = streams.flatMap((match) => {
    try {
      return [inflateSync(Buffer.from(match[1]!, 'latin1')).toString('latin1')];
    } catch {
      return [];
    }
  });
  return [...direct, ...inflated.filter((content) => content.includes('/Type /Font'))];
}

/** Paths of the marks, without what depends on page width. */
function marks(svg: string): string[] {
  return [...svg.matchAll(/ d="([^"]+)"/g)].map((match) => match[1]!);
}
