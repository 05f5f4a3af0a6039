// What stands at the foot of every sheet: one that lies apart from the others still says what it is of.

/** A string of CSS; whatever is no letter, digit or space goes as its number, so that no word ends the string. */
export const quoted = (words: string): string => `"${words.replace(/[^\p{L}\p{N} ]/gu, (sign) => `\\${(sign.codePointAt(0) ?? 0).toString(16)} `)}"`;

/** Puts it there until the function that it gives is called. */
export function footSheets(words: string): () => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`@page { @bottom-left { content: ${quoted(words)}; font: 9pt system-ui, sans-serif; } }`);
  document.adoptedStyleSheets.push(sheet);
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}
