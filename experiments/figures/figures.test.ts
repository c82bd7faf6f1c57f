import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrialRecord } from '../../harness/types.ts';
import { writeReport } from '../analysis/report.ts';
import { syntheticRecord, syntheticRun, temporaryDirectory } from '../testing/synthetic-run.ts';
import { modelsFor } from '../fault-models.ts';
import { hostsCompare } from '../hosts-compare.ts';
import { expandPlan } from '../plan/expand.ts';
import { policyCompare } from '../policy-compare.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import { twoFaultMap } from '../two-fault-map.ts';
import type { Design } from '../types.ts';
import { renderSvg, sizeOf } from './draw.ts';
import { falseFlagRate } from './false-flag-rate.ts';
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

describe('the figure of a comparison of policies', () => {
  it('has a row a kind and reading, with counts, n and interval, and says what they are', async () => {
    const run = syntheticRun(directory.path, {}, 7, policyCompare);
    const { drawn, notDrawn } = await writeReport(run, policyCompare);
    expect([drawn, notDrawn]).toEqual([['policy-compare'], []]);
    const folder = join(run, 'figures');
    const rows = csvOf(folder, 'policy-compare');
    expect(rows).toHaveLength(modelsFor(['local']).length * 4);
    const row = (fault: string, reading: string) =>
      rows.find((one) => one['fault'] === fault && one['reading'] === reading)!;
    expect(row('vote loss', 'agreed')).toMatchObject({ n: '6', survived: '6', high: '1' });
    expect(row('vote loss', 'paper, own')).toMatchObject({ survived: '0', healthy_lost: '6' });
    expect(row('request bit flip', 'paper')).toMatchObject({ wrong_output: '6', low: '0' });
    expect(Number(row('vote loss', 'agreed')['low'])).toBeCloseTo(0.61, 2);
    const svg = text(folder, 'policy-compare.svg');
    const words = wordsOf(svg).replaceAll(/\s+/g, ' ');
    expect(sizeOf(svg).width).toBe(252);
    expect(smallestText(svg)).toBeGreaterThanOrEqual(7);
    for (const reading of ['agreed', 'paper', 'paper, first', 'paper, own']) {
      expect(words).toContain(reading);
    }
    expect(words).toContain('n = 6 trials a point; black bars, 95 % Wilson intervals of survived');
    expect(words).toContain(paperPolicy);
    expect(words).toContain('healthy replica lost');
    expect(words).not.toContain('crash');
  }, 30_000);

  it('is left out, with the reason, when no fault became visible', async () => {
    const run = syntheticRun(directory.path, { faults: ['vote-loss'] }, 7, policyCompare);
    changeTrials(run, () => ({ outcome: 'not-activated' }));
    const { notDrawn } = await writeReport(run, policyCompare);
    expect(notDrawn).toEqual([
      { name: 'policy-compare', reason: 'no trial in which a fault became visible' },
    ]);
  });
});

describe('the map of two faults', () => {
  const names = ['two-fault-map', 'two-fault-map-same-part'];

  it('is two columns wide, a panel a distance, and says n, interval and what is left out', async () => {
    const run = syntheticRun(directory.path, {}, 7, twoFaultMap);
    const { drawn } = await writeReport(run, twoFaultMap);
    expect(drawn).toEqual(names);
    for (const name of names) {
      const folder = join(run, 'figures');
      expect(csvOf(folder, name)).toHaveLength(7 * 7 * 2);
      const svg = text(folder, `${name}.svg`);
      const words = wordsOf(svg).replaceAll(/\s+/g, ' ');
      expect(sizeOf(svg).width).toBe(516);
      expect(smallestText(svg)).toBeGreaterThanOrEqual(7);
      expect(readFileSync(join(folder, `${name}.png`)).readUInt32BE(16)).toBe(2867);
      expect(words).toMatch(/0 rendezvous apart.* 8 rendezvous apart/);
      expect(words).toContain('n = 2 a cell; the 95 % Wilson interval');
      expect(words).toContain('share masked (the rest stopped safely)');
      expect(words).toContain('A wrong output would be red and marked "!": there is none');
    }
  }, 30_000);

  it('marks a wrong output, a hang, a pair that never met, and pairs that are never run', async () => {
    const design = {
      faults: ['early-vote' as const],
      secondFaults: ['early-vote' as const, 'vote-loss' as const],
      gaps: [0, 1, 8],
      parts: ['different' as const],
      repetitions: 1,
    };
    const run = syntheticRun(directory.path, design, 7, twoFaultMap);
    changeTrials(run, ({ second, faultSpec }) => {
      const place = (spec: string): number => Number(/rendezvous:(\d+)/.exec(spec)![1]);
      const gap = place(second!.faultSpec) - place(faultSpec);
      if (second!.fault === 'early-vote') return gap === 1 ? { outcome: 'sdc' } : {};
      return gap === 1 ? { outcome: 'hang' } : { activated: gap === 8 };
    });
    const { drawn, check } = await writeReport(run, twoFaultMap);
    expect(drawn).toEqual(['two-fault-map']);
    expect(check.verdict).toBe('violated');
    const cells = csvOf(join(run, 'figures'), 'two-fault-map').map((row) =>
      [row['second'], row['gap'], row['state'], row['label']].join(' '),
    );
    expect(cells.toSorted()).toEqual([
      'early wrong vote 0 excluded =',
      'early wrong vote 1 wrong ! 1',
      'early wrong vote 8 good 0/1',
      'vote loss 0 empty –',
      'vote loss 1 odd 0/1',
      'vote loss 8 good 0/1',
    ]);
    const words = wordsOf(text(join(run, 'figures'), 'two-fault-map.svg')).replaceAll(/\s+/g, ' ');
    expect(words).toContain('! 1');
    expect(words).toContain('Red, "!": a wrong output got out, in 1 cell.');
  }, 30_000);

  it('stands on its page with all kinds and four distances', async () => {
    const paper: Design = {
      ...twoFaultMap.presets.paper,
      workloads: ['ledger'],
      parts: ['different'],
      repetitions: 1,
    };
    const run = syntheticRun(directory.path, paper, 7, twoFaultMap);
    await writeReport(run, twoFaultMap);
    const svg = text(join(run, 'figures'), 'two-fault-map.svg');
    // Both columns of a page, and its height: 9 in.
    expect(sizeOf(svg).width).toBe(516);
    expect(sizeOf(svg).height).toBeLessThan(9 * 72);
    expect(smallestText(svg)).toBeGreaterThanOrEqual(7);
  }, 60_000);
});

function csvOf(folder: string, name: string): Record<string, string>[] {
  return parse(text(folder, `${name}.csv`), { columns: true });
}

function smallestText(svg: string): number {
  return Math.min(...[...svg.matchAll(/font-size="([\d.]+)px"/g)].map((match) => Number(match[1])));
}

/** Trials of a run as they might have been. */
function changeTrials(run: string, change: (record: TrialRecord) => Partial<TrialRecord>): void {
  const file = join(run, 'trials.jsonl');
  const records = readFileSync(file, 'utf8').trimEnd().split('\n');
  const lines = records.map((line) => {
    const record = JSON.parse(line) as TrialRecord;
    return `${JSON.stringify({ ...record, ...change(record) })}\n`;
  });
  writeFileSync(file, lines.join(''));
}

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

it('the false-flag rate is of the trials in which the delay acted', () => {
  const design = { ...timeoutSweep.presets.quick, faults: ['tracer-delay'], timeoutsMs: [250] };
  const records = expandPlan({ ...design, repetitions: 6 } as never, 1).map(syntheticRecord);
  const trials = records.map((record, index) =>
    index < 2
      ? {
          ...record,
          outcome: index === 0 ? ('not-activated' as const) : ('harness-error' as const),
        }
      : { ...record, outcome: index < 4 ? ('late-flagged' as const) : ('masked' as const) },
  );
  const manifest = { seed: 1, design: { ...design, delayRangeMs: [10, 1000] } };
  const figure = falseFlagRate.make({ records: trials, manifest } as never);
  if (typeof figure === 'string') throw new Error(figure);
  const late = figure.rows.filter((row) => row['kind'] === 'late-flagged');
  const sum = (name: string): number => late.reduce((all, row) => all + Number(row[name]), 0);
  expect([sum('trials'), sum('n')]).toEqual([2, records.length - 2]);
});
