/** The one place that knows svg-to-pdfkit, which is old (research/feasibility.md f). */
import Document from 'pdfkit';
import toPdf from 'svg-to-pdfkit';
import { sizeOf } from './draw.ts';
import { fontFamily, fontFile } from './font.ts';

export interface PdfOptions {
  title: string;
  date: Date;
}

/** A page of exactly the drawing's size, the font embedded as a TrueType subset, no Type 3. */
export function svgToPdf(svg: string, { title, date }: PdfOptions): Promise<Uint8Array> {
  const { width, height } = sizeOf(svg);
  const document = new Document({
    size: [width, height],
    margin: 0,
    info: { Title: title, Creator: 'tmr-testbed', CreationDate: date, ModDate: date },
    // Else PDFKit starts with Helvetica, which it does not embed.
    font: fontFile(),
  });
  const chunks: Uint8Array[] = [];
  const done = new Promise<Uint8Array>((resolve, reject) => {
    document.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
  });
  document.registerFont(fontFamily, fontFile());
  const warnings: string[] = [];
  toPdf(document, svg, 0, 0, {
    width,
    height,
    assumePt: true,
    fontCallback: () => fontFamily,
    warningCallback: (warning) => warnings.push(warning),
  });
  document.end();
  if (warnings.length > 0) throw new Error(`figure as PDF: ${warnings.join('; ')}`);
  return done;
}
