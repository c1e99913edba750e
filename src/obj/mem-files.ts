/** The files of one object held in memory, and which of them count. Source: spec swift-formats 3.3, 3.7. */

import { Timestamp } from '../common/timestamp.ts';
import type { Metadata } from './storage.ts';

export interface MemFile {
  readonly kind: 'data' | 'meta' | 'tombstone';
  readonly timestamp: Timestamp;
  readonly metadata: Metadata;
  readonly bytes?: Buffer;
}

export class MemFiles {
  data: MemFile | undefined;
  tombstone: Timestamp | undefined;
  #metas: MemFile[] = [];

  /** The newest metadata file. */
  get meta(): MemFile | undefined {
    return this.#metas[0];
  }

  /** The metadata file that gives the content type: the newest, or an older one that named it later. */
  get contentTypeMeta(): MemFile | undefined {
    return this.#metas.at(-1);
  }

  /** Adds a file and drops those that no longer count. */
  add(file: MemFile): void {
    const { timestamp } = file;
    switch (file.kind) {
      case 'tombstone':
        if (this.tombstone === undefined || timestamp.isAfter(this.tombstone)) this.tombstone = timestamp;
        break;
      case 'data':
        if (this.data === undefined || !this.data.timestamp.isAfter(timestamp)) this.data = file;
        break;
      case 'meta':
        this.#metas.push(file);
        break;
    }
    this.#clean();
  }

  #clean(): void {
    const { tombstone } = this;
    if (tombstone !== undefined) {
      if (this.data !== undefined && !this.data.timestamp.isAfter(tombstone)) this.data = undefined;
      this.#metas = this.#metas.filter((meta) => meta.timestamp.isAfter(tombstone));
    }
    const data = this.data;
    if (data !== undefined) {
      this.tombstone = undefined;
      this.#metas = this.#metas.filter((meta) => meta.timestamp.isAfter(data.timestamp));
    }
    this.#metas = keptMetas(this.#metas);
  }

  /** What goes into the hash of the suffix. */
  hashTexts(): string[] {
    const texts: string[] = [];
    const { meta, contentTypeMeta } = this;
    if (meta !== undefined) texts.push(`${meta.timestamp.internal}.meta`);
    if (this.tombstone !== undefined) texts.push(`${this.tombstone.internal}.ts`);
    if (this.data !== undefined) {
      texts.push(`${this.data.timestamp.internal}.data`);
      const type = contentTypeMeta === undefined ? undefined : typeTime(contentTypeMeta);
      if (type?.isAfter(this.data.timestamp) === true) texts.push(`${type.internal}_ctype`);
    }
    return texts;
  }
}

/** The newest, and behind it the one that named the content type later than it did. */
function keptMetas(metas: readonly MemFile[]): MemFile[] {
  const [first, ...others] = [...metas].sort((a, b) => b.timestamp.compare(a.timestamp));
  if (first === undefined) return [];
  let best: MemFile | undefined;
  for (const other of others) {
    if (best === undefined || typeTime(other).isAfter(typeTime(best))) best = other;
  }
  if (best === undefined || !typeTime(best).isAfter(typeTime(first))) return [first];
  return best.timestamp.equals(first.timestamp) ? [best] : [first, best];
}

function typeTime(meta: MemFile): Timestamp {
  return Timestamp.tryParse(meta.metadata.get('Content-Type-Timestamp')) ?? Timestamp.ZERO;
}
