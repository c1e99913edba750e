/** Deletes many objects and containers with one request and reports on each: for bulk deletion and for what consists of segments. */

import { isValidUtf8, quote } from '../common/text.ts';
import { XML_HEAD } from '../common/xml-text.ts';
import type { Handler } from './contract.ts';
import { keepAliveBody, type Wait, waitInRealTime } from './keep-alive-body.ts';
import {
  formatReport,
  type OperationReport,
  reportContentType,
  reportFault,
  statusLineOf,
} from './operation-report.ts';
import { type SwiftRequest, splitPath } from './request.ts';
import { HttpError, SwiftResponse } from './response.ts';
import { forEachConcurrently } from './concurrently.ts';

export interface DeletionTarget {
  /** `/container/object` or `/container`, native text; with or without the first slash. An empty name is passed over. */
  readonly name: string;
  readonly versionId?: string | undefined;
  /** Why it is not to be deleted: reported with `message`, a 404 as not found. */
  readonly refusal?: { readonly status: number; readonly message: string } | undefined;
}

export interface BulkDeleteOptions {
  /** Short name of the maker for the access log (`swift.source`). */
  readonly source: string;
  /** Appended to the client's User-Agent. */
  readonly userAgent: string;
  /** How many are deleted at a time. */
  readonly concurrency: number;
  /** Once so many failed, no more are tried. */
  readonly maxFailures: number;
  /** How often a deletion that gets 409 is tried again, after 1.5, 2.25, ... seconds: a container may just have been emptied. */
  readonly conflictRetries: number;
  /** How often a blank keeps the connection alive, in seconds. */
  readonly yieldFrequencySec: number;
  /** For tests; by default real time. */
  readonly wait?: Wait | undefined;
}

/**
 * Deletes `targets` (of the account in the request's path) through `app`, objects first, then containers, and resolves with Swift's
 * answer: 200 whatever happens, and a report as the client's Accept header wants it. `targets` is read as the deletions go on, from
 * the beginning when it is async; an HttpError that it throws ends the work and is the report's status. Containers wait in memory
 * until all objects are gone.
 */
export async function bulkDelete(
  req: SwiftRequest,
  app: Handler,
  targets: Iterable<DeletionTarget> | AsyncIterable<DeletionTarget>,
  options: BulkDeleteOptions,
): Promise<SwiftResponse> {
  const contentType = reportContentType(req);
  const work = async (signal: AbortSignal): Promise<Buffer> => {
    const report = await new BulkDeletion(req, app, options, signal).run(targets, contentType !== undefined);
    return formatReport(report, contentType, 'delete');
  };
  const body = await keepAliveBody(work, {
    signal: req.signal,
    everySec: options.yieldFrequencySec,
    opening: contentType?.endsWith('/xml') === true ? XML_HEAD : undefined,
    wait: options.wait,
  });
  return new SwiftResponse(200, contentType === undefined ? {} : { 'content-type': contentType }, body);
}

const CONFLICT_WAIT_SEC = 1.5;

class BulkDeletion {
  readonly #req: SwiftRequest;
  readonly #app: Handler;
  readonly #options: BulkDeleteOptions;
  readonly #signal: AbortSignal;
  readonly #report: OperationReport = {
    responseStatus: statusLineOf(200),
    responseBody: '',
    counts: { 'Number Deleted': 0, 'Number Not Found': 0 },
    errors: [],
  };
  #accountPath = '';
  #failedStatus = 400;
  #tooManyFailures = false;

  constructor(req: SwiftRequest, app: Handler, options: BulkDeleteOptions, signal: AbortSignal) {
    this.#req = req;
    this.#app = app;
    this.#options = options;
    this.#signal = signal;
  }

  /** Never throws. `acceptable`: the client takes one of the report's types. */
  async run(
    targets: Iterable<DeletionTarget> | AsyncIterable<DeletionTarget>,
    acceptable: boolean,
  ): Promise<OperationReport> {
    const report = this.#report;
    try {
      if (!acceptable) throw new HttpError(406);
      this.#accountPath = accountPathOf(this.#req.path);
      await this.#deleteAll(targets);
      this.#conclude();
    } catch (error) {
      if (!(error instanceof HttpError)) this.#req.log.error('bulk delete broke off', error);
      reportFault(report, error instanceof HttpError ? error : new HttpError(500));
    }
    return report;
  }

  async #deleteAll(targets: Iterable<DeletionTarget> | AsyncIterable<DeletionTarget>): Promise<void> {
    const { concurrency } = this.#options;
    const containers: DeletionTarget[] = [];
    const deleteOne = async (target: DeletionTarget): Promise<boolean> => {
      await this.#delete(target);
      return !this.#tooManyFailures && !this.#signal.aborted;
    };
    await forEachConcurrently(targets, concurrency, async (target) => {
      if (target.name === '') return true;
      if (isObject(target.name)) return deleteOne(target);
      containers.push(target);
      return true;
    });
    if (!this.#tooManyFailures && !this.#signal.aborted) await forEachConcurrently(containers, concurrency, deleteOne);
  }

  #conclude(): void {
    const report = this.#report;
    if (this.#tooManyFailures) throw new HttpError(400, 'Max delete failures exceeded');
    if (report.errors.length > 0) {
      report.responseStatus = statusLineOf(this.#failedStatus);
    } else if (report.counts['Number Deleted'] === 0 && report.counts['Number Not Found'] === 0) {
      throw new HttpError(400, 'Invalid bulk delete.');
    }
  }

  async #delete({ name, versionId, refusal }: DeletionTarget): Promise<void> {
    if (refusal !== undefined) {
      if (refusal.status === 404) this.#count('Number Not Found');
      else this.#report.errors.push([quote(name), refusal.message]);
      return;
    }
    const path = `${this.#accountPath}/${name.replace(/^\/+/, '')}`;
    if (!isValidUtf8(path) || path.includes('\0')) {
      this.#report.errors.push([quote(name), statusLineOf(412)]);
      return;
    }
    this.#note(name, await this.#ask(path, versionId));
  }

  /** Status line of the answer to the last try. */
  async #ask(path: string, versionId: string | undefined): Promise<SwiftResponse> {
    const { conflictRetries, wait = waitInRealTime } = this.#options;
    for (let retry = 1; ; retry++) {
      const res = await this.#app(this.#subRequest(path, versionId));
      await res.close();
      if (res.status !== 409 || retry > conflictRetries || this.#tooManyFailures) return res;
      try {
        await wait(CONFLICT_WAIT_SEC ** retry, this.#signal);
      } catch (error) {
        if (this.#signal.aborted) return res;
        throw error;
      }
    }
  }

  #subRequest(path: string, versionId: string | undefined): SwiftRequest {
    const { source, userAgent } = this.#options;
    const { headers } = this.#req;
    const sub = this.#req.sub('DELETE', path, { source, body: Buffer.alloc(0) });
    const token = headers.get('x-auth-token');
    if (token !== undefined) sub.headers.set('x-auth-token', token);
    sub.headers.set('user-agent', `${headers.get('user-agent') ?? ''} ${userAgent}`.trimStart());
    if (versionId !== undefined) sub.setParams([['version-id', versionId]]);
    return sub;
  }

  #note(name: string, res: SwiftResponse): void {
    const { errors } = this.#report;
    if (res.isSuccess) this.#count('Number Deleted');
    else if (res.status === 404) this.#count('Number Not Found');
    else {
      if (res.statusClass === 5) this.#failedStatus = 502;
      errors.push([quote(name), res.status === 401 ? statusLineOf(401) : res.statusLine]);
    }
    if (errors.length >= this.#options.maxFailures) this.#tooManyFailures = true;
  }

  #count(what: 'Number Deleted' | 'Number Not Found'): void {
    this.#report.counts[what] = (this.#report.counts[what] ?? 0) + 1;
  }
}

/** `/v1/AUTH_a` of a path in or below an account. Throws HttpError 404 for any other path. */
export function accountPathOf(path: string): string {
  try {
    const [version, account] = splitPath(path, 2, 3, true);
    return `/${version}/${account}`;
  } catch {
    throw new HttpError(404);
  }
}

function isObject(name: string): boolean {
  return /[^/]\/+[^/]/.test(name);
}
