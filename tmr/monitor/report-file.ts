/** Where the report goes: checked before the session, written at its end. */
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError, messageOf } from './errors.ts';
import type { Report } from './report-schema.ts';

/** Throws ConfigurationError when no report can be written there; leaves nothing behind. */
export function checkReportFile(file: string): void {
  if (file === '') throw new ConfigurationError("--report: expected a file name, got ''");
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true || file.endsWith('/')) {
      throw new ConfigurationError(`--report: expected a file, got the directory ${file}`);
    }
    // A file is replaced, which takes its directory; anything else is written itself.
    const written = stat === undefined || stat.isFile() ? dirname(file) : file;
    accessSync(written, constants.W_OK);
    if (!statSync(dirname(file)).isDirectory()) {
      throw new ConfigurationError(`--report: ${dirname(file)} is no directory`);
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`--report: cannot write ${file}: ${messageOf(error)}`);
  }
}

/**
 * Written beside the file and renamed, so that a reader never sees half a report; a device or FIFO
 * is written itself. Throws the system's error, and leaves no half file.
 */
export function writeReport(file: string, report: Report): void {
  const text = `${JSON.stringify(report, undefined, 2)}\n`;
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    writeFileSync(file, text);
    return;
  }
  const beside = `${file}.${process.pid}.new`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
