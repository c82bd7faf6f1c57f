import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openSync, type Font } from 'fontkit';

export const fontFamily = 'Inter';

/** The one font of all figures; the PDF and PNG writers want the file itself. */
export function fontFile(): string {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('@expo-google-fonts/inter/package.json'));
  return join(root, '400Regular', 'Inter_400Regular.ttf');
}

let font: Font | undefined;

/** Advance width of a text, in the unit of `size`. No browser measures it for us here. */
export function textWidth(text: string, size: number): number {
  font ??= openSync(fontFile());
  return (font.layout(text).advanceWidth * size) / font.unitsPerEm;
}

/** Breaks sentences into lines that fit `width`; words are never broken. */
export function wrapText(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === '' ? lines : [...lines, line];
}
