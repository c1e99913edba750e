import { Timestamp } from '../common/timestamp.ts';
import type { Metadata } from './storage.ts';

/** What data file and metadata files say together. Source: spec swift-formats 3.4. */

export interface MergedView {
  readonly metadata: Metadata;
  readonly timestamp: Timestamp;
  readonly dataTimestamp: Timestamp;
  readonly contentTypeTimestamp: Timestamp;
}

/** Keys that a metadata file cannot change, lower case. */
const FROM_DATA: ReadonlySet<string> = new Set(['content-length', 'deleted', 'etag', 'x-static-large-object']);
const SYSMETA = 'x-object-sysmeta-';

/**
 * `data`: of the data file. `meta`: of the newest metadata file. `contentType`: of the metadata file with the newest content type,
 * when it is another one. Throws TimestampError when a time is missing or none.
 */
export function mergeMetadata(data: Metadata, meta: Metadata | undefined, contentType?: Metadata): MergedView {
  const dataTimestamp = timeOf(data, 'X-Timestamp');
  if (meta === undefined) {
    return { metadata: data, timestamp: dataTimestamp, dataTimestamp, contentTypeTimestamp: dataTimestamp };
  }
  const metadata: Metadata = new Map(meta);
  for (const [key, value] of data) {
    const name = key.toLowerCase();
    if (FROM_DATA.has(name) || name.startsWith(SYSMETA)) metadata.set(key, value);
  }
  const named = newestType(meta, contentType);
  const since = named === undefined ? undefined : timeOf(named, 'Content-Type-Timestamp');
  const isFromMeta = named !== undefined && since !== undefined && !dataTimestamp.isAfter(since);
  const type = (isFromMeta ? named : data).get('Content-Type');
  if (type !== undefined) metadata.set('Content-Type', type);
  if (isFromMeta) metadata.set('Content-Type-Timestamp', since.internal);
  else metadata.delete('Content-Type-Timestamp');
  return {
    metadata,
    timestamp: timeOf(metadata, 'X-Timestamp'),
    dataTimestamp,
    contentTypeTimestamp: isFromMeta ? since : dataTimestamp,
  };
}

/** The metadata file whose content type is newest; undefined when none has one. */
function newestType(meta: Metadata, contentType: Metadata | undefined): Metadata | undefined {
  const [first, second] = [meta, contentType].filter((file) => file?.has('Content-Type-Timestamp') === true);
  if (first === undefined || second === undefined) return first;
  const isNewer = timeOf(second, 'Content-Type-Timestamp').isAfter(timeOf(first, 'Content-Type-Timestamp'));
  return isNewer ? second : first;
}

function timeOf(metadata: Metadata, key: string): Timestamp {
  return Timestamp.parse(metadata.get(key) ?? '');
}
