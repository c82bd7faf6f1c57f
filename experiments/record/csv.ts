import { stringify } from 'csv-stringify/sync';
import type { Column } from './columns.ts';

/** RFC 4180 with a header line and LF; missing is empty, booleans are true and false. */
export function toCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row) ?? ''));
  return stringify(cells, {
    header: true,
    columns: columns.map((column) => column.name),
    cast: { boolean: String },
  });
}

/** Plain objects with the same keys, as figures' data are. */
export function rowsToCsv(keys: readonly string[], rows: readonly object[]): string {
  const cells = rows.map((row) => keys.map((key) => (row as Record<string, unknown>)[key] ?? ''));
  return stringify(cells, { header: true, columns: [...keys], cast: { boolean: String } });
}
