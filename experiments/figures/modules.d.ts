/** Types of two packages that ship none, as far as we use them. */
declare module 'fontkit' {
  export interface Font {
    unitsPerEm: number;
    layout(text: string): { advanceWidth: number };
  }
  export function openSync(file: string): Font;
}

declare module 'svg-to-pdfkit' {
  interface Options {
    width?: number;
    height?: number;
    /** Lengths without a unit are points; else they are CSS pixels of 0.75 pt. */
    assumePt?: boolean;
    fontCallback?: (family: string, bold: boolean, italic: boolean) => string;
    warningCallback?: (warning: string) => void;
  }
  export default function svgToPdf(
    document: PDFKit.PDFDocument,
    svg: string,
    x: number,
    y: number,
    options?: Options,
  ): void;
}
