// Just enough of Rust's grammar to tell code from comments and strings. Line numbers stay true:
// what is taken out leaves its line breaks behind.

const PIECE =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\b[bc]?r(#*)"[\s\S]*?"\1|\b[bc]?"(?:[^"\\]|\\[\s\S])*"|"(?:[^"\\]|\\[\s\S])*"|b?'(?:[^'\\\n]|\\[^\n]{1,10}?)'/g;

const lineBreaks = (piece) => piece.replace(/[^\n]/g, '');

const isComment = (piece) => piece.startsWith('//') || piece.startsWith('/*');

/** The source without comments. */
export function withoutComments(source) {
  return source.replace(PIECE, (piece) => (isComment(piece) ? lineBreaks(piece) : piece));
}

/** The source without comments and without what stands in strings and characters. */
export function codeOnly(source) {
  return source.replace(PIECE, (piece) => (isComment(piece) ? lineBreaks(piece) : `""${lineBreaks(piece)}`));
}

/** The strings of the source, each with the line it starts on. */
export function strings(source) {
  const found = [];
  for (const match of source.matchAll(PIECE)) {
    if (isComment(match[0]) || !match[0].endsWith('"') && !/"#*$/.test(match[0])) continue;
    found.push({ line: lineAt(source, match.index), text: match[0] });
  }
  return found;
}

/** Number of the line on which `offset` lies, from 1. */
export function lineAt(source, offset) {
  return source.slice(0, offset).split('\n').length;
}
