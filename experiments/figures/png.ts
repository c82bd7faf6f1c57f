import { Resvg } from '@resvg/resvg-js';
import { fontFamily, fontFile } from './font.ts';

/** 400 dots an inch at 3.5 in: above the 300 that venues ask of colour figures. */
const pixels = 1400;

export function svgToPng(svg: string): Promise<Uint8Array> {
  const image = new Resvg(svg, {
    fitTo: { mode: 'width', value: pixels },
    font: { fontFiles: [fontFile()], loadSystemFonts: false, defaultFontFamily: fontFamily },
    background: 'white',
  });
  return Promise.resolve(image.render().asPng());
}
