import type { RunData } from '../record/run-directory.ts';

export type Cell = string | number | null;

/** A figure before drawing: its data, and how to draw it. */
export interface Figure {
  /** Columns of NAME.csv, in order. */
  columns: string[];
  rows: Record<string, Cell>[];
  /**
   * The Vega-Lite specification without data, size and note, for plots `plotWidth` points wide each
   * (facets and their axes share the page's width).
   */
  specification(plotWidth: number): Record<string, unknown>;
  /** Over both columns of a page. */
  wide?: true;
  /** Sentences below the plot: what is shown, n, settings that are no axis. */
  note: string[];
}

export interface FigureMaker {
  /** File name without its ending. */
  name: string;
  title: string;
  /** A sentence instead of a figure: why there is nothing to draw. */
  make(run: RunData): Figure | string;
}
