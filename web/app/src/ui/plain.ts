/**
 * What must not reach the screen as it is: terminal escapes and other controls, and characters that turn the
 * reading direction or hide (Unicode TR 36, "Trojan Source"). Line breaks and tabs stay.
 */
// eslint-disable-next-line no-control-regex -- controls are what is looked for
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Runs of combining marks beyond what a language needs are cut, so that one line cannot paint over others. */
const piled = /(\p{M}{4})\p{M}+/gu;

/** A piece of text; hidden pieces are shown by their code point. */
export interface Piece {
  text: string;
  hidden: boolean;
}

/** Splits foreign text into what may be shown as it is and what is shown by name. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  const calm = text.replace(piled, "$1");
  for (const match of calm.matchAll(unsafe)) {
    if (match.index > from) out.push({ text: calm.slice(from, match.index), hidden: false });
    out.push({ text: codePoint(match[0]), hidden: true });
    from = match.index + match[0].length;
  }
  if (from < calm.length) out.push({ text: calm.slice(from), hidden: false });
  return out;
}

/** The same as one string, for titles, labels and what is copied into attributes. */
export function plain(text: string): string {
  return pieces(text).map((p) => (p.hidden ? `⟨${p.text}⟩` : p.text)).join("");
}

function codePoint(character: string): string {
  return "U+" + (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
