/** From a figure to its five files: specification, data, SVG, PDF, PNG. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { rowsToCsv } from '../record/csv.ts';
import { textWidth, wrapText } from './font.ts';
import { svgToPdf } from './pdf.ts';
import { svgToPng } from './png.ts';
import { config, edge, pageWidth, textSize, widePageWidth } from './theme.ts';
import type { Figure } from './types.ts';

export interface DrawOptions {
  name: string;
  title: string;
  directory: string;
  /** Written into the PDF, so that the same run gives the same bytes. */
  date: Date;
}

/**
 * Writes NAME.csv and NAME.vl.json, then draws what these two files say, so that a researcher who
 * edits them starts from this very figure. The specification names the data by its file name.
 */
export async function drawFigure(figure: Figure, options: DrawOptions): Promise<string[]> {
  const { name, directory, title, date } = options;
  const path = (ending: string): string => join(directory, `${name}.${ending}`);
  writeFileSync(path('csv'), rowsToCsv(figure.columns, figure.rows));
  const { specification, svg } = await fitPage(figure, name, directory);
  writeFileSync(path('vl.json'), `${JSON.stringify(specification, null, 2)}\n`);
  writeFileSync(path('svg'), svg);
  writeFileSync(path('png'), await svgToPng(svg));
  writeFileSync(path('pdf'), await svgToPdf(svg, { title, date }));
  return ['svg', 'pdf', 'png', 'vl.json', 'csv'].map(path);
}

/** Draws a saved specification with the data beside it. */
export async function renderSvg(specification: object, directory: string): Promise<string> {
  const problems: string[] = [];
  const complain = (...what: readonly unknown[]): void => void problems.push(what.join(' '));
  measureWithFont();
  const logger = vega.logger(vega.Warn, 'error', (_method, _level, input) => complain(...input));
  const compiled = compile(specification as TopLevelSpec, { logger });
  const view = new vega.View(vega.parse(compiled.spec), {
    renderer: 'none',
    logger,
    loader: filesIn(directory),
  });
  try {
    const svg = await view.toSVG();
    if (problems.length > 0) throw new Error(`figure: ${problems.join('; ')}`);
    return inPrintUnits(svg);
  } finally {
    view.finalize();
  }
}

/** Vega measures text with a canvas, or guesses; here there is no canvas, but the font is at hand. */
function measureWithFont(): void {
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: { fontSize?: number }, text: string | number | null) => number };
  };
  textMetrics.width = (item, text) => textWidth(String(text ?? ''), item.fontSize ?? textSize);
}

/**
 * Plots and what stands around them make up the page's width. That grows evenly with the plots once
 * they are wider than legend and note: measure it at two such widths and solve.
 */
async function fitPage(
  figure: Figure,
  name: string,
  directory: string,
): Promise<{ specification: object; svg: string }> {
  const page = widthOf(figure);
  const drawn = async (plotWidth: number): Promise<{ specification: object; svg: string }> => {
    const specification = complete(figure, name, plotWidth);
    return { specification, svg: await renderSvg(specification, directory) };
  };
  const widthAt = async (plotWidth: number): Promise<number> =>
    sizeOf((await drawn(plotWidth)).svg).width;
  const [narrow, wide] = [page - 20, page];
  const narrowTotal = await widthAt(narrow);
  const slope = ((await widthAt(wide)) - narrowTotal) / (wide - narrow);
  let plotWidth = Math.ceil(narrow - (narrowTotal - page) / slope) + 1;
  // Plots have whole widths, so that the last few points of the page may stay blank.
  for (let round = 0; round < 8; round++, plotWidth--) {
    const { specification, svg } = await drawn(plotWidth);
    const { width } = sizeOf(svg);
    if (width > page) continue;
    return {
      specification,
      svg: svg
        .replaceAll(`${width}pt"`, `${page}pt"`)
        .replace(`viewBox="0 0 ${width} `, `viewBox="0 0 ${page} `),
    };
  }
  throw new Error(`figure ${name} does not fit ${page} pt; shorten its legend`);
}

function complete(figure: Figure, name: string, plotWidth: number): object {
  const lines = figure.note.flatMap((sentence) =>
    wrapText(sentence, textSize, widthOf(figure) - 2 * edge - 2),
  );
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    data: { url: `${name}.csv`, format: { type: 'csv' } },
    title: { text: lines, orient: 'bottom', offset: 8 },
    ...figure.specification(plotWidth),
    config,
  };
}

function widthOf({ wide }: Figure): number {
  return wide === true ? widePageWidth : pageWidth;
}

/** Width and height of the drawing in points. */
export function sizeOf(svg: string): { width: number; height: number } {
  const box = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (box === null) throw new Error('the SVG has no viewBox that starts at 0 0');
  return { width: Number(box[1]), height: Number(box[2]) };
}

/**
 * Points instead of pixels as the size on paper; no `1,0` dashes, which mean a solid line and which
 * PDFKit refuses.
 */
function inPrintUnits(svg: string): string {
  const { width, height } = sizeOf(svg);
  return svg
    .replace(/ width="[\d.]+" height="[\d.]+"/, ` width="${width}pt" height="${height}pt"`)
    .replaceAll(/ stroke-dasharray="1,0"/g, '');
}

/** A loader that reads files of one directory and nothing else, the network least of all. */
function filesIn(directory: string): vega.Loader {
  const load = (uri: string): Promise<string> =>
    Promise.resolve(readFileSync(join(directory, basename(uri)), 'utf8'));
  return {
    load,
    sanitize: (uri: string) => Promise.resolve({ href: uri }),
    http: () => Promise.reject(new Error('figures read local files only')),
    file: load,
  };
}
