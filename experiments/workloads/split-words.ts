/**
 * Splits a command as a shell would: blanks separate, '...' and "..." and \ quote. There is no
 * shell behind it, so what only a shell can do is refused rather than passed on as a word.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === "'" || character === '"') {
      const { content, end } = quoted(text, at);
      word = (word ?? '') + content;
      at = end;
    } else if (character === '\\' && at + 1 < text.length) {
      word = (word ?? '') + text[at + 1]!;
      at += 2;
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else {
      if ('|&;<>()$`*?[]'.includes(character)) {
        throw new Error(
          `'${character}' needs a shell, and the command is run without one; quote it, or write "sh -c '...'"`,
        );
      }
      word = (word ?? '') + character;
      at++;
    }
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0)
    throw new Error('the command is empty; write e.g. "./simulation input.dat"');
  return words;
}

function quoted(text: string, start: number): { content: string; end: number } {
  const quote = text[start]!;
  let content = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) return { content, end: at + 1 };
    if (quote === '"' && text[at] === '\\' && '"\\$`'.includes(text[at + 1] ?? ' ')) at++;
    content += text[at];
  }
  throw new Error(`a quote ${quote} is not closed in: ${text}`);
}
