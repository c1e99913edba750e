import { pythonJsonString } from '../common/python-json.ts';
import { decodeTimestamps, isoSeconds } from '../common/timestamp.ts';
import { XML_HEAD, xmlAttribute, xmlText } from '../common/xml-text.ts';
import type { Connection } from '../db/connection.ts';
import { jsonListing, jsonSubdir, listingBody, plainBody } from '../db/listing-body.ts';
import { queryListing, type ListingEntry, type ListingRow } from '../db/listing-query.ts';
import type { ListingBody, ListingFormat } from '../db/store-types.ts';
import type { ContainerListingRequest } from './container-store.ts';
import { extractSwiftBytes } from './content-type.ts';

/** The objects of a policy that fit the request, as a finished body. `container` names the XML document. */
export function listObjects(
  connection: Connection,
  request: ContainerListingRequest,
  storagePolicyIndex: number,
  container: string,
): ListingBody {
  const entries = queryObjects(connection, request, storagePolicyIndex);
  return formatObjects(entries, request.format, container);
}

/** Rows: name, created_at, size, content_type, etag. */
export function queryObjects(
  connection: Connection,
  request: Omit<ContainerListingRequest, 'format' | 'recordType'>,
  storagePolicyIndex: number,
): ListingEntry[] {
  const where = `storage_policy_index = ${Math.trunc(storagePolicyIndex)}`;
  const columns = 'created_at, size, content_type, etag';
  return queryListing({ connection, table: 'object', columns, where }, request, request.path ?? null);
}

function formatObjects(entries: readonly ListingEntry[], format: ListingFormat, container: string): ListingBody {
  switch (format) {
    case 'plain':
      return plainBody(entries.map((entry) => entry.name));
    case 'json':
      return jsonListing(entries, jsonEntry);
    case 'xml': {
      const name = xmlAttribute(container);
      if (entries.length === 0) return listingBody(`${XML_HEAD}<container name=${name} />`, [], '', '');
      return listingBody(`${XML_HEAD}<container name=${name}>`, entries.map(xmlEntry), '', '</container>');
    }
  }
}

interface ShownObject {
  readonly bytes: number;
  readonly hash: string;
  readonly contentType: string;
  readonly lastModified: string;
}

function shownObject(row: ListingRow): ShownObject {
  const [, createdAt, size, storedType, etag] = row as readonly [string, string, number, string, string];
  const { contentType, swiftBytes } = extractSwiftBytes(storedType);
  const bytes = swiftBytes !== undefined && /^\s*[+-]?\d+\s*$/.test(swiftBytes) ? Number(swiftBytes) : size;
  return { bytes, hash: etag, contentType, lastModified: lastModified(createdAt) };
}

function jsonEntry({ name, row }: ListingEntry): string {
  if (row === null) return jsonSubdir(name);
  const { bytes, hash, contentType, lastModified } = shownObject(row);
  return (
    `{"bytes": ${bytes}, "hash": ${pythonJsonString(hash)}, "name": ${pythonJsonString(name)}, ` +
    `"content_type": ${pythonJsonString(contentType)}, "last_modified": "${lastModified}"}`
  );
}

function xmlEntry({ name, row }: ListingEntry): string {
  if (row === null) return `<subdir name=${xmlAttribute(name)}><name>${xmlText(name)}</name></subdir>`;
  const { bytes, hash, contentType, lastModified } = shownObject(row);
  return (
    `<object><name>${xmlText(name)}</name><hash>${xmlText(hash)}</hash><bytes>${bytes}</bytes>` +
    `<content_type>${xmlText(contentType)}</content_type><last_modified>${lastModified}</last_modified></object>`
  );
}

/** The metadata time of a stored created_at, as listings show it. */
function lastModified(createdAt: string): string {
  if (createdAt.length !== 16 || createdAt.charCodeAt(10) !== 0x2e) return decodeTimestamps(createdAt)[2].isoFormat;
  return `${isoSeconds(Number(createdAt.slice(0, 10)))}.${createdAt.slice(11)}0`;
}
