/**
 * Text of others (names of clients and services, reasons) made fit for a terminal: whoever may choose a name must not
 * be able to move the cursor, hide a line, or turn the reading direction around.
 */

const PLAIN = /^[\x20-\x7e]*$/;

/** Every character that is not one to be seen as an escape: `\x1b`, `\u202e`, `\u{e0001}`. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  // Control and format characters, line separators, unassigned code points and halves of surrogate pairs; but what joins
  // emoji into one stays. Made here, for it takes long to make and nearly all texts are ASCII.
  return text.replace(
    /(?<!\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d|\u200d(?!\p{Extended_Pictographic})|(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Cn}]/gu,
    escaped,
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}

/** No longer than `columns`; what is cut off is told by an ellipsis. */
export function cut(text: string, columns: number): string {
  if (cellWidth(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const grapheme of graphemesOf(text)) {
    width += graphemeWidth(grapheme);
    if (width > columns) break;
    kept += grapheme;
  }
  return `${kept}…`;
}

/** How many columns of a terminal a printable text takes. */
export function cellWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemesOf(text)) width += graphemeWidth(grapheme);
  return width;
}

/** A segmenter is made when it is needed: the first takes longer than most commands do, and nearly all names are ASCII. */
function* graphemesOf(text: string): Iterable<string> {
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
/** The blocks that East Asian Width (Unicode Annex 11) calls wide or full-width. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /^\p{M}+$/u;

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme) || EMOJI.test(grapheme)) return 2;
  return NO_WIDTH.test(grapheme) ? 0 : 1;
}
