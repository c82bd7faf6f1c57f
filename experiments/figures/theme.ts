/**
 * The look of all figures. One unit of Vega is one point, so sizes here are sizes in print.
 * Venues: one column is 3.5 in (IEEE) or 3.33 in; text 7 pt or more; vector, fonts embedded
 * (research/ecosystem.md 2.3).
 */
import { fontFamily } from './font.ts';

/** 3.5 in. */
export const pageWidth = 252;
/** Both columns, 7.16 in (IEEE). */
export const widePageWidth = 516;
export const textSize = 7;
const ink = '#222222';

/** Okabe & Ito's colours, with a marker and a dash each, so that they survive grey and blindness. */
export const styles = {
  blue: { colour: '#0072B2', shape: 'circle', dash: [1, 0] },
  vermilion: { colour: '#D55E00', shape: 'triangle-up', dash: [4, 2] },
  green: { colour: '#009E73', shape: 'square', dash: [1, 1.5] },
  orange: { colour: '#E69F00', shape: 'diamond', dash: [5, 1.5, 1, 1.5] },
  purple: { colour: '#CC79A7', shape: 'cross', dash: [2, 1] },
  grey: { colour: '#767676', shape: 'stroke', dash: [3, 3] },
  // Colours come again with other markers and dashes where a figure has more than six series.
  sky: { colour: '#56B4E9', shape: 'triangle-down', dash: [3, 1] },
  black: { colour: '#000000', shape: 'triangle-right', dash: [1, 1] },
  blueLeft: { colour: '#0072B2', shape: 'triangle-left', dash: [6, 2] },
  vermilionSquare: { colour: '#D55E00', shape: 'square', dash: [1, 3] },
  greenCircle: { colour: '#009E73', shape: 'circle', dash: [4, 1, 1, 1] },
  orangeCross: { colour: '#E69F00', shape: 'cross', dash: [2, 3] },
  purpleDiamond: { colour: '#CC79A7', shape: 'diamond', dash: [5, 3] },
} as const;
export type Style = keyof typeof styles;

/** Each kind of fault looks the same in every figure. By title. */
export function faultLook(title: string): Style {
  return looks[title] ?? 'grey';
}

const looks: Record<string, Style> = {
  'no fault': 'blue',
  'signature bit flip': 'green',
  kill: 'vermilion',
  'tracer delay': 'orange',
  'false flag notice': 'purple',
  'container killed': 'sky',
  'container restarted': 'black',
  'container paused': 'blueLeft',
  'network disconnected': 'vermilionSquare',
  'link partitioned': 'greenCircle',
  'CPU quota': 'orangeCross',
  'memory limit hit': 'purpleDiamond',
};

export interface Level {
  label: string;
  style: Style;
}

/** One look per level of `field`: colour and shape share a legend, the dash goes with them. */
export function seriesEncoding(
  field: string,
  levels: readonly Level[],
): { color: object; shape: object; dash: object } {
  const domain = levels.map((level) => level.label);
  const by = (range: string[]): object => ({
    field,
    type: 'nominal',
    scale: { domain, range },
    title: null,
  });
  return {
    color: by(levels.map((level) => styles[level.style].colour)),
    shape: by(levels.map((level) => styles[level.style].shape)),
    // As conditions, not as a scale: a legend for it would dash the outlines of the symbols.
    dash: {
      condition: levels.map(({ label, style }) => ({
        test: `datum[${JSON.stringify(field)}] === ${JSON.stringify(label)}`,
        value: styles[style].dash,
      })),
      value: [1, 0],
    },
  };
}

/**
 * Axis values of a log scale: decades, or 1-2-5 steps when fewer than two decades are in reach.
 * Vega's own minor lines would be a grey mass at this size.
 */
export function logTicks(low: number, high: number): number[] {
  const inside = (value: number): boolean => value >= low * 0.999 && value <= high * 1.001;
  const exponents = Array.from({ length: 25 }, (_, i) => i - 12);
  const decades = exponents.map((e) => Number(`1e${e}`)).filter(inside);
  if (decades.length >= 2) return decades;
  return exponents.flatMap((e) => [1, 2, 5].map((m) => Number(`${m}e${e}`))).filter(inside);
}

/** Bounds of a log axis with some room around the values, which must be positive. */
export function logDomain(values: readonly number[], room = 1.35): [number, number] {
  return [Math.min(...values) / room, Math.max(...values) * room];
}

/** Blank rim, points: what the layout measures leaves out strokes and descenders. */
export const edge = 3;

export const config = {
  // The SVG names the font; where it is not installed, one of like widths stands in.
  font: `${fontFamily}, Helvetica, Arial, sans-serif`,
  background: 'white',
  padding: edge,
  view: { stroke: '#BBBBBB', strokeWidth: 0.5 },
  axis: {
    labelFontSize: textSize,
    titleFontSize: textSize,
    titleFontWeight: 'normal',
    labelColor: ink,
    titleColor: ink,
    domainColor: ink,
    domainWidth: 0.5,
    tickColor: ink,
    tickWidth: 0.5,
    tickSize: 2.5,
    labelPadding: 2,
    titlePadding: 4,
    gridColor: '#DDDDDD',
    gridWidth: 0.5,
    labelOverlap: true,
  },
  header: {
    labelFontSize: textSize,
    labelColor: ink,
    title: null,
    labelPadding: 3,
  },
  legend: {
    labelFontSize: textSize,
    labelColor: ink,
    titleFontSize: textSize,
    titleFontWeight: 'normal',
    titleColor: ink,
    orient: 'top',
    direction: 'horizontal',
    symbolSize: 28,
    symbolOpacity: 1,
    symbolStrokeWidth: 1,
    symbolDash: [],
    rowPadding: 2,
    columnPadding: 8,
    labelLimit: 240,
    offset: 6,
    padding: 0,
  },
  title: {
    fontSize: textSize,
    fontWeight: 'normal',
    color: ink,
    anchor: 'start',
    frame: 'bounds',
    lineHeight: 9,
  },
};
