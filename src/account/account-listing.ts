import { pythonJsonString } from '../common/python-json.ts';
import { Timestamp } from '../common/timestamp.ts';
import { XML_HEAD, xmlAttribute, xmlText } from '../common/xml-text.ts';
import type { Connection } from '../db/connection.ts';
import { jsonListing, jsonSubdir, listingBody, plainBody } from '../db/listing-body.ts';
import { queryListing, type ListingEntry, type ListingRow } from '../db/listing-query.ts';
import type { ListingBody, ListingQuery } from '../db/store-types.ts';
import { exactSum } from './account-information.ts';
import type { AccountListingRequest } from './account-store.ts';

/** The containers that fit the request, as a finished body. `account` names the XML document. */
export function listContainers(connection: Connection, request: AccountListingRequest, account: string): ListingBody {
  return formatContainers(queryContainers(connection, request), request, account);
}

/** Rows: name, object_count, bytes_used, put_timestamp, storage_policy_index. */
export function queryContainers(connection: Connection, query: ListingQuery): ListingEntry[] {
  const columns = `${exactSum('object_count')}, ${exactSum('bytes_used')}, put_timestamp, storage_policy_index`;
  return queryListing({ connection, table: 'container', columns, where: '1' }, query);
}

export function formatContainers(
  entries: readonly ListingEntry[],
  request: Pick<AccountListingRequest, 'format' | 'policyNames'>,
  account: string,
): ListingBody {
  const { policyNames } = request;
  switch (request.format) {
    case 'plain':
      return plainBody(entries.map((entry) => entry.name));
    case 'json':
      return jsonListing(entries, (entry) => jsonEntry(entry, policyNames));
    case 'xml': {
      const head = `${XML_HEAD}<account name=${xmlAttribute(account)}>\n`;
      return listingBody(
        head,
        entries.map((entry) => xmlEntry(entry, policyNames)),
        '',
        '</account>',
      );
    }
  }
}

type PolicyNames = AccountListingRequest['policyNames'];

interface ShownContainer {
  readonly count: number;
  readonly bytes: number;
  readonly lastModified: string;
  /** Undefined when names are not asked for or the policy has none. */
  readonly policyName: string | undefined;
}

function shownContainer(row: ListingRow, policyNames: PolicyNames): ShownContainer {
  const [, count, bytes, putTimestamp, policyIndex] = row as readonly [string, number, number, string, number];
  const lastModified = Timestamp.parse(putTimestamp).isoFormat;
  return { count, bytes, lastModified, policyName: policyNames?.[policyIndex] };
}

function jsonEntry({ name, row }: ListingEntry, policyNames: PolicyNames): string {
  if (row === null) return jsonSubdir(name);
  const { count, bytes, lastModified, policyName } = shownContainer(row, policyNames);
  const policy = policyName === undefined ? '' : `, "storage_policy": ${pythonJsonString(policyName)}`;
  return (
    `{"name": ${pythonJsonString(name)}, "count": ${count}, "bytes": ${bytes}, ` +
    `"last_modified": "${lastModified}"${policy}}`
  );
}

function xmlEntry({ name, row }: ListingEntry, policyNames: PolicyNames): string {
  if (row === null) return `<subdir name=${xmlAttribute(name)} />\n`;
  const { count, bytes, lastModified, policyName } = shownContainer(row, policyNames);
  const policy = policyName === undefined ? '' : `<storage_policy>${xmlText(policyName)}</storage_policy>`;
  return (
    `<container><name>${xmlText(name)}</name><count>${count}</count><bytes>${bytes}</bytes>` +
    `<last_modified>${lastModified}</last_modified>${policy}</container>\n`
  );
}
