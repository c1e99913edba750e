/** This server as a client of Keystone: logs in, and asks of others' tokens. */

import { arrayOf, type JsonObject, objectOf, textOf } from './json.ts';
import { type KeystoneAnswer, type KeystoneHttp, KeystoneUnavailable } from './keystone-http.ts';
import { endpointUrl } from './service-catalog.ts';
import { readToken } from './token.ts';

export interface SessionOptions {
  authUrl: string;
  login: JsonObject;
  /** Of the catalog: where tokens are asked of. */
  interface: string;
  region: string | undefined;
  withCatalog: boolean;
  /** How often a question is asked again when there is no answer. */
  retries: number;
  /** Seconds since 1970. */
  now: () => number;
}

/** A login of ours. */
interface Login {
  readonly token: string;
  readonly expires: number;
  /** Base URL of the version 3 API at which tokens are asked of. */
  readonly endpoint: string;
}

/** A login is renewed so long before its end that a request on its way arrives with it. */
const RENEW_BEFORE_SEC = 30;

export class KeystoneSession {
  readonly #http: KeystoneHttp;
  readonly #options: SessionOptions;
  #authBase: string | undefined;
  #login: Login | undefined;
  /** The login on its way, one for all who wait. */
  #pending: Promise<Login> | undefined;

  constructor(http: KeystoneHttp, options: SessionOptions) {
    this.#http = http;
    this.#options = options;
  }

  /**
   * What Keystone tells of a token, `{ token: { … } }`; undefined when it does not know it. Throws KeystoneUnavailable when that cannot
   * be learnt.
   */
  async ask(token: string, allowExpired: boolean): Promise<JsonObject | undefined> {
    let login = await this.#loggedIn();
    let answer = await this.#askAs(login, token, allowExpired);
    if (answer.status === 401) {
      // It is our own token that Keystone takes no longer.
      if (this.#login === login) this.#login = undefined;
      login = await this.#loggedIn();
      answer = await this.#askAs(login, token, allowExpired);
    }
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(`${login.endpoint}/auth/tokens`, answer);
    return objectOf(answer.json);
  }

  #askAs(login: Login, token: string, allowExpired: boolean): Promise<KeystoneAnswer> {
    const flags = [this.#options.withCatalog ? [] : 'nocatalog', allowExpired ? 'allow_expired=1' : []].flat();
    const query = flags.length === 0 ? '' : `?${flags.join('&')}`;
    const headers = {
      'x-auth-token': login.token,
      'x-subject-token': token,
      'openstack-identity-access-rules': '1',
    };
    const url = `${login.endpoint}/auth/tokens${query}`;
    return this.#http.send({ method: 'GET', url, headers, retries: this.#options.retries });
  }

  async #loggedIn(): Promise<Login> {
    const login = this.#login;
    if (login !== undefined && login.expires - RENEW_BEFORE_SEC > this.#options.now()) return login;
    this.#pending ??= this.#logIn().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #logIn(): Promise<Login> {
    const { authUrl, login, interface: wanted, region } = this.#options;
    const base = (this.#authBase ??= await this.#versionedUrl(authUrl));
    const url = `${base}/auth/tokens`;
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#http.send({ method: 'POST', url, headers, body: JSON.stringify(login) });
    const token = answer.headers['x-subject-token'];
    const told = readToken(answer.json);
    if (answer.status !== 201 || typeof token !== 'string' || told === undefined) throw unexpected(url, answer);
    const catalogUrl = endpointUrl(told.catalog ?? [], 'identity', wanted, region);
    if (catalogUrl === undefined) {
      throw new KeystoneUnavailable(`the catalog names no ${wanted} endpoint of the identity service`);
    }
    const endpoint = await this.#versionedUrl(catalogUrl);
    this.#login = { token, expires: told.expires, endpoint };
    return this.#login;
  }

  /** Base URL of version 3, without a slash at its end: as given when it names the version, else as the server tells. */
  async #versionedUrl(given: string): Promise<string> {
    const url = given.replace(/\/+$/, '').replace(/\/v2\.0$/, '');
    if (/\/v3$/.test(url)) return url;
    const answer = await this.#http.send({ method: 'GET', url: `${url}/` });
    const href = versionLink(answer.json);
    if (href === undefined) throw new KeystoneUnavailable(`${url}: no version 3 of the identity API is told of there`);
    return new URL(href, `${url}/`).href.replace(/\/+$/, '');
  }
}

/** The link to itself of version 3 in a list of versions, or in what one version tells of itself. */
function versionLink(json: unknown): string | undefined {
  const { versions, version } = objectOf(json);
  const known = version === undefined ? arrayOf(objectOf(versions)['values'] ?? versions) : [version];
  for (const { id, links } of known.map(objectOf)) {
    if (!/^v3(\.\d+)?$/.test(textOf(id) ?? '')) continue;
    return textOf(
      arrayOf(links)
        .map(objectOf)
        .find(({ rel }) => rel === 'self')?.['href'],
    );
  }
  return undefined;
}

function unexpected(url: string, { status, json }: KeystoneAnswer): KeystoneUnavailable {
  const reason = textOf(objectOf(objectOf(json)['error'])['message']);
  return new KeystoneUnavailable(`${url}: ${status}${reason === undefined ? '' : `, ${reason}`}`);
}
