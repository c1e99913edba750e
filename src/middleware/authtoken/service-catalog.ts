/** A token's catalog: which services there are, and where. */

import { pythonJson } from '../../middleware-api.ts';
import { arrayOf, type JsonObject, objectOf, textOf } from './json.ts';

/** The value of X-Service-Catalog: the endpoints of a region together, as Keystone's version 2 told them. */
export function serviceCatalogHeader(catalog: readonly JsonObject[]): string {
  return pythonJson(
    catalog.map((service) => ({
      type: service['type'],
      name: service['name'],
      endpoints: endpointsByRegion(service),
    })),
  );
}

function endpointsByRegion(service: JsonObject): readonly Record<string, unknown>[] {
  const regions = new Map<unknown, Record<string, unknown>>();
  for (const endpoint of arrayOf(service['endpoints']).map(objectOf)) {
    const region = textOf(endpoint['region']);
    const urls = regions.get(region) ?? (region === undefined || region === '' ? {} : { region });
    regions.set(region, urls);
    urls[`${(textOf(endpoint['interface']) ?? '').toLowerCase()}URL`] = endpoint['url'];
  }
  return [...regions.values()];
}

/** Where a service is; undefined when the catalog does not tell. `region` undefined: any. */
export function endpointUrl(
  catalog: readonly JsonObject[],
  type: string,
  wantedInterface: string,
  region: string | undefined,
): string | undefined {
  const wanted = wantedInterface.replace(/URL$/, '');
  for (const service of catalog) {
    if (service['type'] !== type) continue;
    const found = arrayOf(service['endpoints'])
      .map(objectOf)
      .find((endpoint) => {
        const isThere = region === undefined || endpoint['region_id'] === region || endpoint['region'] === region;
        return isThere && endpoint['interface'] === wanted;
      });
    if (found !== undefined) return textOf(found['url']);
  }
  return undefined;
}
