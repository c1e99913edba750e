import { encodeRawUnicodeEscape } from './pickle-text.ts';
import type { PickleDict, PickleValue } from './pickle-values.ts';
import { PickleWriter } from './pickle-walk.ts';

/** Protocol 0. */
export class TextPickleWriter extends PickleWriter {
  protected override header(): void {
    // Protocol 0 has none.
  }

  protected override memoPut(index: number): void {
    this.ascii(`p${index}\n`);
  }

  protected override memoGet(index: number): void {
    this.ascii(`g${index}\n`);
  }

  protected override writeNumber(value: number | bigint): void {
    const isShort = value >= -0x80000000 && value < 0x80000000;
    this.ascii(isShort ? `I${value}\n` : `L${BigInt(value)}L\n`);
  }

  protected override writeFloat(value: number): void {
    const text = Number.isInteger(value) ? `${value}.0` : String(value);
    this.ascii(`F${text}\n`);
  }

  protected override writeBoolean(value: boolean): void {
    this.ascii(value ? 'I01\n' : 'I00\n');
  }

  protected override writeText(value: string): void {
    this.ascii(`V${encodeRawUnicodeEscape(value)}\n`);
    this.memoPut(this.memoSize++);
  }

  protected override writeArguments(write: () => void): void {
    this.ascii('(');
    write();
    this.ascii('t');
  }

  protected override writeTuple(items: readonly PickleValue[]): void {
    this.ascii('(');
    for (const item of items) this.write(item);
    this.ascii('t');
  }

  protected override writeList(items: readonly PickleValue[]): void {
    this.ascii('(l');
    this.remember(items);
    for (const item of items) {
      this.write(item);
      this.ascii('a');
    }
  }

  protected override writeDict(dict: PickleDict): void {
    this.ascii('(d');
    this.remember(dict);
    for (const [key, value] of dict) {
      this.write(key);
      this.write(value);
      this.ascii('s');
    }
  }
}
