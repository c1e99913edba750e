/** The text of a pattern, read from left to right by whole characters. */
export class PatternText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  isNext(literal: string): boolean {
    return this.#text.startsWith(literal, this.#at);
  }

  /** Passes over `literal` if it is next. */
  take(literal: string): boolean {
    if (!this.isNext(literal)) return false;
    this.#at += literal.length;
    return true;
  }

  /** Passes over what `pattern`, a sticky expression, matches here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  /** The next character; '' at the end. */
  next(): string {
    const code = this.#text.codePointAt(this.#at);
    const character = code === undefined ? '' : String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  /** What stands before `end`, which is passed over too. */
  until(end: string): string {
    const at = this.#text.indexOf(end, this.#at);
    if (at < 0) throw this.fault(`missing ${end}`);
    const text = this.#text.slice(this.#at, at);
    this.#at = at + end.length;
    return text;
  }

  /** What the flag `x` makes meaningless. False when there is none. */
  skipBlanksAndComments(): boolean {
    return this.match(/(?:[ \t\n\r\f\v]+|#[^\n]*)+/y) !== null;
  }

  /** `(?#…)`. False when there is none. */
  skipCommentGroup(): boolean {
    if (!this.take('(?#')) return false;
    this.until(')');
    return true;
  }

  fault(what: string): Error {
    return new Error(`expected a regular expression of Python (${what}, at character ${this.#at})`);
  }
}
