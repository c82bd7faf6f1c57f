import { appendFileSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrialRecord } from '../../harness/types.ts';
import { expandPlan } from '../plan/expand.ts';
import { syntheticRecord, syntheticRun, temporaryDirectory } from '../testing/synthetic-run.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import { schemaVersion, trialColumns } from './columns.ts';
import { toCsv } from './csv.ts';
import { describeCode, describeMachine } from './manifest.ts';
import { readRun } from './run-directory.ts';
import { TrialLog, readJsonLines } from './trial-log.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => directory.remove());

const plan = expandPlan(timeoutSweep.presets.quick, 7);
const rowsOf = (csv: string): Record<string, string>[] => parse(csv, { columns: true });

describe('trials.csv', () => {
  it('has in each column the field of its name', () => {
    const record: Record<string, unknown> = { ...syntheticRecord(plan[0]!) };
    const camel = (name: string): string =>
      name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
    const named = trialColumns.filter(({ name }) => camel(name) in record);
    named.forEach(({ name }, index) => {
      const value = record[camel(name)];
      if (value === null || typeof value === 'number') record[camel(name)] = 1000 + index;
    });
    const scalar = named.filter(({ name }) => !Array.isArray(record[camel(name)]));
    const given = scalar.map((column) => [column.name, column.value(record as never)]);
    expect(given).toEqual(scalar.map(({ name }) => [name, record[camel(name)]]));
    const second = { fault: 'vote-loss', target: 't', injected: true, activated: false };
    const spec = { ...second, faultSpec: 'text', injectionNs: 5 };
    const [row] = rowsOf(toCsv(trialColumns, [{ ...record, second: spec } as never]));
    expect(row).toMatchObject({
      second_fault: 'vote-loss',
      second_target: 't',
      second_injected: 'true',
      second_activated: 'false',
      second_injection_ns: '5',
      second_spec: 'text',
    });
  });

  it('begins with the columns that others rely on, in their order', () => {
    const fixed =
      'schema,trial,repetition,workload,fault,target,trigger,seed,timeout_ms,detect,policy,hosts,tsc,' +
      'injected,effective,activated,outcome,mechanism,flagged,accusers,injection_ns,suspicion_ns,' +
      'quorum_ns,isolation_ns,resume_ns,detection_latency_ns,run_ns,native_run_ns,boot_id';
    const csv = toCsv(trialColumns, []);
    expect(csv.startsWith(`${fixed},`)).toBe(true);
  });

  it('leaves a column empty that the records of an older run lack', () => {
    const { clockUncertaintyNs, flagsApart, lost, ...old } = syntheticRecord(plan[0]!);
    expect([clockUncertaintyNs, flagsApart, lost]).not.toContain(undefined);
    const [row] = rowsOf(toCsv(trialColumns, [old as TrialRecord]));
    expect(row).toMatchObject({ clock_uncertainty_ns: '', flags_apart: '', lost: '' });
  });

  it('leaves missing values empty, and keeps zeros and false', () => {
    const spec = plan.find((one) => one.fault.kind === 'none')!;
    const record = { ...syntheticRecord(spec), repetition: 0, injected: false, exitStatus: 0 };
    const [row] = rowsOf(toCsv(trialColumns, [record]));
    expect(row).toMatchObject({
      schema: String(schemaVersion),
      target: '',
      quorum_ns: '',
      detection_latency_ns: '',
      flagged: '',
      injected: 'false',
      activated: '',
      repetition: '0',
      exit_status: '0',
    });
  });

  it('quotes what would break a line, and writes integers in full', () => {
    const record = {
      ...syntheticRecord(plan[0]!),
      reason: 'differs: "a", b\nand c',
      injectionNs: 9_007_199_254_740_991,
      flagged: [2, 3],
      accusers: [[1, 3], [1]],
    };
    const [row] = rowsOf(toCsv(trialColumns, [record]));
    expect(row).toMatchObject({
      reason: 'differs: "a", b\nand c',
      injection_ns: '9007199254740991',
      flagged: '2 3',
      accusers: '1+3 1',
    });
  });

  it('has a name, a type and a meaning for each column, no name twice', () => {
    expect(new Set(trialColumns.map((column) => column.name)).size).toBe(trialColumns.length);
    for (const { name, meaning, unit } of trialColumns) {
      expect(meaning.length).toBeGreaterThan(5);
      expect(/_(ns|ms)$/.exec(name)?.[1] ?? '').toBe(/_(ns|ms)$/.test(name) ? unit : '');
    }
  });
});

describe('the trial log', () => {
  it('survives a line torn by a crash', () => {
    const file = join(directory.path, 'trials.jsonl');
    const log = new TrialLog(file);
    log.append(syntheticRecord(plan[0]!));
    log.close();
    appendFileSync(file, '{"trial":1,"wor');
    expect(readJsonLines(file)).toEqual([syntheticRecord(plan[0]!)]);
  });

  it('names the line that is broken in its middle', () => {
    const file = join(directory.path, 'trials.jsonl');
    appendFileSync(file, '{}\n{"a\n{}\n');
    expect(() => readJsonLines(file)).toThrow('trials.jsonl:2 is not JSON');
  });
});

describe('a run directory', () => {
  it('is named by time and seed, never reused, and latest points to the last', () => {
    const first = syntheticRun(directory.path, {}, 7);
    const second = syntheticRun(directory.path, {}, 7);
    expect(first).toBe(join(directory.path, 'timeout-sweep', '20250101T000000Z-7'));
    expect(second).toBe(`${first}-2`);
    expect(readlinkSync(join(directory.path, 'latest'))).toBe('timeout-sweep/20250101T000000Z-7-2');
    expect(readFileSync(join(second, 'plan.jsonl'), 'utf8').split('\n')).toHaveLength(
      plan.length + 1,
    );
  });

  it('is read in the order of the plan, and what is none is refused', () => {
    const run = readRun(syntheticRun(directory.path));
    expect(run.records.map((record) => record.trial)).toEqual(plan.map((spec) => spec.trial));
    expect(() => readRun(directory.path)).toThrow('is no run directory: it has no manifest.json');
  });
});

describe('a run of an older version', () => {
  it('is refused in words, since its faults have another form', () => {
    const run = syntheticRun(directory.path);
    const old = {
      trial: 0,
      fault: { kind: 'replica-kill', replica: 2, trigger: { type: 'rendezvous', k: 9 } },
    };
    writeFileSync(join(run, 'plan.jsonl'), `${JSON.stringify(old)}\n`);
    expect(() => readRun(run)).toThrow(/older version, whose faults had another form/);
  });
});

describe('the manifest', () => {
  it('knows machine and code', () => {
    const machine = describeMachine(['local']);
    expect(machine.node).toBe(process.version);
    expect(machine.libc).toMatch(/^glibc \d/);
    expect(machine.cores).toBeGreaterThan(0);
    expect(machine.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(machine.cpuFlagsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(describeCode().packageLockSha256).toMatch(/^[0-9a-f]{64}$/);
  });
});
