/**
 * For a terminal: characters that move the cursor, colour the screen, end the line or turn the
 * direction of writing are shown by number. What a replica or tracer says may hold any.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
