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
/** Layout is slow, and the same few texts are measured again and again. */
const advances = new Map<string, number>();

/** Advance width of a text, in the unit of `size`. No browser measures it for us here. */
export function textWidth(text: string, size: number): number {
  font ??= openSync(fontFile());
  let advance = advances.get(text);
  if (advance === undefined) {
    advance = font.layout(text).advanceWidth / font.unitsPerEm;
    advances.set(text, advance);
  }
  return advance * size;
}

/** Breaks sentences into lines that fit `width`; words are never broken. */
export function wrapText(text: string, size: number, width: number): string[] {
  const space = textWidth(' ', size);
  const lines: string[] = [];
  let line: string[] = [];
  let used = 0;
  for (const word of text.split(' ')) {
    const wide = textWidth(word, size);
    if (line.length > 0 && used + space + wide > width) {
      lines.push(line.join(' '));
      line = [];
      used = 0;
    }
    used += (line.length > 0 ? space : 0) + wide;
    line.push(word);
  }
  return line.length > 0 ? [...lines, line.join(' ')] : lines;
}
