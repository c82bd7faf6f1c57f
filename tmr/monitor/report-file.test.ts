import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkReportFile, writeReport } from './report-file.ts';
import type { Report } from './report-schema.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/tmp/tmr-test-report-');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const report = { version: 1 } as Report;

describe('the file of the report', () => {
  it('is refused where none can be written, and checking leaves nothing', () => {
    writeFileSync(join(directory, 'plain'), '');
    const refused = ['', directory, `${directory}/absent/`, `${directory}/absent/r.json`];
    for (const file of [...refused, `${directory}/plain/r.json`]) {
      expect(() => checkReportFile(file), file).toThrow(/^--report: /);
    }
    checkReportFile(join(directory, 'r.json'));
    checkReportFile(join(directory, 'plain'));
    checkReportFile('/dev/null');
    expect(readdirSync(directory)).toEqual(['plain']);
  });

  it('is replaced as a whole', () => {
    const file = join(directory, 'r.json');
    writeFileSync(file, 'a longer text than the report has');
    writeReport(file, report);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(report);
    expect(readdirSync(directory)).toEqual(['r.json']);
  });

  it('that became a directory in the meantime fails, and leaves no half file', () => {
    const file = join(directory, 'r.json');
    mkdirSync(file);
    expect(() => writeReport(file, report)).toThrow();
    expect(readdirSync(directory)).toEqual(['r.json']);
    expect(() => writeReport(join(directory, 'gone', 'r.json'), report)).toThrow(/ENOENT/);
  });
});
