import { Resvg } from '@resvg/resvg-js';
import { sizeOf } from './draw.ts';
import { fontFamily, fontFile } from './font.ts';

/** 400 dots an inch: above the 300 that venues ask of colour figures. */
const pixelsPerPoint = 400 / 72;

export function svgToPng(svg: string): Promise<Uint8Array> {
  const image = new Resvg(svg, {
    fitTo: { mode: 'width', value: Math.round(sizeOf(svg).width * pixelsPerPoint) },
    font: { fontFiles: [fontFile()], loadSystemFonts: false, defaultFontFamily: fontFamily },
    background: 'white',
  });
  return Promise.resolve(image.render().asPng());
}
