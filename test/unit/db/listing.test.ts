import fc from 'fast-check';
import { copyFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { queryContainers } from '../../../src/account/account-listing.ts';
import { compareCodePoints } from '../../../src/common/text.ts';
import { decodeTimestamps } from '../../../src/common/timestamp.ts';
import { queryObjects } from '../../../src/container/object-listing.ts';
import { Connection } from '../../../src/db/connection.ts';
import { successor } from '../../../src/db/listing-query.ts';
import { goldenJson, goldenPath, TestDevice } from './support.ts';

interface RecordedQuery {
  readonly limit: number;
  readonly marker: string;
  readonly end_marker: string;
  readonly prefix: string | null;
  readonly delimiter: string | null;
  readonly path?: string | null;
  readonly storage_policy_index?: number;
  readonly reverse: boolean;
  readonly allow_reserved: boolean;
}

interface ListingVector {
  readonly query: RecordedQuery;
  readonly result: (string | number | null)[][];
}

type Query = Parameters<typeof queryObjects>[1];

let device: TestDevice;
let connection: Connection | undefined;

beforeEach(() => {
  device = new TestDevice();
});

afterEach(() => {
  connection?.close();
  connection = undefined;
  device.remove();
});

function open(name: string): Connection {
  const path = `${device.devices}/copy.db`;
  rmSync(path, { force: true });
  copyFileSync(goldenPath(name), path);
  connection = new Connection(path);
  return connection;
}

function queryFrom(recorded: RecordedQuery): Query {
  return {
    limit: recorded.limit,
    marker: recorded.marker,
    endMarker: recorded.end_marker,
    prefix: recorded.prefix ?? '',
    delimiter: recorded.delimiter ?? '',
    reverse: recorded.reverse,
    allowReserved: recorded.allow_reserved,
    ...(recorded.path == null ? {} : { path: recorded.path }),
  };
}

test('every recorded container listing comes out as recorded', () => {
  const vectors = goldenJson<ListingVector[]>('container-listing-vectors.json.gz');
  expect(vectors).toHaveLength(206);
  const source = open('crafted-container-listing.db');
  for (const { query, result } of vectors) {
    const entries = queryObjects(source, queryFrom(query), query.storage_policy_index ?? 0);
    const shown = entries.map(({ name, row }) =>
      row === null ? [name, '0', 0, null, ''] : [name, decodeTimestamps(row[1] as string)[2].internal, ...row.slice(2)],
    );
    expect(shown, JSON.stringify(query)).toEqual(result);
  }
});

test('every recorded account listing comes out as recorded', () => {
  const vectors = goldenJson<ListingVector[]>('account-listing-vectors.json.gz');
  expect(vectors).toHaveLength(91);
  const source = open('crafted-account-listing.db');
  for (const { query, result } of vectors) {
    const shown = queryContainers(source, queryFrom(query)).map(({ name, row }) =>
      row === null ? [name, 0, 0, '0'] : [name, ...row.slice(1, 4)],
    );
    expect(shown, JSON.stringify(query)).toEqual(result.map((row) => row.slice(0, 4)));
  }
});

/** A listing worked out from all names in memory. */
function modelListing(names: readonly string[], query: Query): string[] {
  const { marker = '', endMarker = '', prefix = '', delimiter = '', reverse = false } = query;
  const [low, high] = reverse ? [endMarker, marker] : [marker, endMarker];
  const inRange = names.filter(
    (name) =>
      name.startsWith(prefix) &&
      (low === '' || compareCodePoints(name, low) > 0) &&
      (high === '' || compareCodePoints(name, high) < 0) &&
      !name.startsWith('\0'),
  );
  inRange.sort((a, b) => (reverse ? compareCodePoints(b, a) : compareCodePoints(a, b)));
  const shown: string[] = [];
  for (const name of inRange) {
    const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    const entry = at < 0 ? name : name.slice(0, at + delimiter.length);
    if (at >= 0 && (entry === low || shown.at(-1) === entry)) continue;
    shown.push(entry);
  }
  return shown.slice(0, query.limit);
}

const letter = fc.constantFrom('a', 'b', '/', '-', '\x01', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}');
const word = fc.array(letter, { maxLength: 5 }).map((letters) => letters.join(''));
const anyQuery: fc.Arbitrary<Query> = fc.record({
  limit: fc.integer({ min: 1, max: 8 }),
  marker: word,
  endMarker: word,
  prefix: word.map((text) => text.slice(0, 2)).filter((text) => text.isWellFormed()),
  delimiter: fc.constantFrom('', '/', '-', '/-', '😀', '\u{10ffff}'),
  reverse: fc.boolean(),
});

test('a listing equals one worked out from all names in code point order', () => {
  const source = open('crafted-container-listing.db');
  const insert = source.prepare(
    "INSERT INTO object (name, created_at, size, content_type, etag) VALUES (?, '1700000000.00000', 0, 'a', 'e')",
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(
        word.filter((text) => text !== ''),
        { maxLength: 25 },
      ),
      anyQuery,
      (names, query) => {
        source.exec('BEGIN; DELETE FROM object');
        try {
          for (const name of [...names, '\0hidden']) insert.run(name);
          const listed = queryObjects(source, query, 0).map((entry) => entry.name);
          expect(listed).toEqual(modelListing(names, query));
        } finally {
          source.exec('ROLLBACK');
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('names with NUL and beyond the basic plane come back in full', () => {
  const source = open('crafted-container-mixed.db');
  const names = queryObjects(source, { limit: 100, allowReserved: true }, 1).map((entry) => entry.name);
  expect(names).toContain('\0hidden\0x');
  expect(names).toContain('😀');
});

test('a parameter that is not UTF-8 is refused', () => {
  const source = open('crafted-container-mixed.db');
  expect(() => queryObjects(source, { limit: 1, marker: '\udc80' }, 0)).toThrow(
    expect.objectContaining({ code: 'not-utf8' }),
  );
});

test('the text after all that begin with a prefix skips the surrogates and ends at the last code point', () => {
  expect(successor('a')).toBe('b');
  expect(successor('a\ud7ff')).toBe('a\ue000');
  expect(successor('a\u{10ffff}')).toBe('b');
  expect(successor('\u{10ffff}')).toBe('');
});
