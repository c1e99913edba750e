/** Stores the files of an archive that a request brings, each with a PUT of its own, and reports on them. */

import {
  accountPathOf,
  bodyStream,
  bytesFromNative,
  type Constraints,
  formatReport,
  type Handler,
  HttpError,
  isValidUtf8,
  keepAliveBody,
  nativeFromWire,
  type OperationReport,
  quote,
  reportContentType,
  reportFault,
  statusLineOf,
  type SwiftRequest,
  SwiftResponse,
  type Wait,
  XML_HEAD,
} from '../../middleware-api.ts';
import { type Compression, decompressed } from './decompression.ts';
import type { Places } from './places.ts';
import { memberHeaders } from './member-headers.ts';
import { TarError } from './tar-header.ts';
import { type TarMember, TarReader } from './tar-reader.ts';

export interface ExtractionLimits {
  readonly maxContainers: number;
  readonly maxFailures: number;
  readonly yieldFrequencySec: number;
  readonly constraints: Constraints;
  /** For archives that only a thread of their own can decompress. */
  readonly threads: Places;
  readonly wait?: Wait | undefined;
}

/**
 * Extracts the archive in the request's body to its path (account, container or prefix of names). Resolves with 200 whatever happens,
 * and a report as the client's Accept header wants it.
 */
export async function extractArchive(
  req: SwiftRequest,
  app: Handler,
  compression: Compression,
  limits: ExtractionLimits,
): Promise<SwiftResponse> {
  const contentType = reportContentType(req);
  const work = async (signal: AbortSignal): Promise<Buffer> => {
    const extraction = new Extraction(req, app, limits, signal);
    return formatReport(await extraction.run(compression, contentType !== undefined), contentType, 'extract');
  };
  const body = await keepAliveBody(work, {
    signal: req.signal,
    everySec: limits.yieldFrequencySec,
    opening: contentType?.endsWith('/xml') === true ? XML_HEAD : undefined,
    wait: limits.wait,
  });
  return new SwiftResponse(200, contentType === undefined ? {} : { 'content-type': contentType }, body);
}

const SOURCE = 'EA';
const FILES_CREATED = 'Number Files Created';

class Extraction {
  readonly #req: SwiftRequest;
  readonly #app: Handler;
  readonly #limits: ExtractionLimits;
  readonly #signal: AbortSignal;
  readonly #report: OperationReport = {
    responseStatus: statusLineOf(201),
    responseBody: '',
    counts: { [FILES_CREATED]: 0 },
    errors: [],
  };
  readonly #knownContainers = new Set<string>();
  #containersCreated = 0;
  #failedStatus = 400;
  #accountPath = '';
  /** What stands before the members' names: '' or `container/prefix/`. */
  #base = '';

  constructor(req: SwiftRequest, app: Handler, limits: ExtractionLimits, signal: AbortSignal) {
    this.#req = req;
    this.#app = app;
    this.#limits = limits;
    this.#signal = signal;
  }

  /** Never throws. `acceptable`: the client takes one of the report's types. */
  async run(compression: Compression, acceptable: boolean): Promise<OperationReport> {
    const report = this.#report;
    try {
      if (!acceptable) throw new HttpError(406);
      if (this.#req.contentLength === null && !this.#req.isChunked) throw new HttpError(411);
      this.#accountPath = accountPathOf(this.#req.path);
      const base = this.#req.path.slice(this.#accountPath.length + 1).replace(/\/+$/, '');
      this.#base = base === '' ? '' : `${base}/`;
      await this.#extractAll(compression);
      this.#conclude();
    } catch (error) {
      if (error instanceof TarError) {
        reportFault(report, new HttpError(400, `Invalid Tar File: ${error.message}`));
      } else {
        if (!(error instanceof HttpError)) this.#req.log.error('the extraction of an archive broke off', error);
        reportFault(report, error instanceof HttpError ? error : new HttpError(500));
      }
    }
    return report;
  }

  async #extractAll(compression: Compression): Promise<void> {
    const archive = new TarReader(
      decompressed(bodyStream(this.#req.body), compression, this.#limits.threads, this.#signal),
    );
    try {
      while (!this.#signal.aborted) {
        const member = await archive.next();
        if (member === undefined || this.#report.errors.length >= this.#limits.maxFailures) return;
        if (member.isFile) await this.#extract(member, archive);
      }
    } finally {
      await archive.close();
    }
  }

  #conclude(): void {
    const report = this.#report;
    if (report.errors.length > 0) report.responseStatus = statusLineOf(this.#failedStatus);
    else if (report.counts[FILES_CREATED] === 0) throw new HttpError(400, 'Invalid Tar File: No Valid Files');
  }

  async #extract(member: TarMember, archive: TarReader): Promise<void> {
    const name = this.#base + member.name.replace(/^\.\//, '').replace(/^\/+/, '');
    const slash = name.indexOf('/');
    if (slash < 0) return; // A file beside the containers.
    const path = `${this.#accountPath}/${name}`;
    if (!isValidUtf8(path) || path.includes('\0')) return this.#fail(name, statusLineOf(412));
    if (member.sizeBytes > this.#limits.constraints.max_file_size) return this.#fail(name, statusLineOf(413));
    const headers = memberHeaders(this.#req, member);
    if (headers === undefined) return this.#fail(name, statusLineOf(400));

    const container = name.slice(0, slash);
    const containerStatus = this.#knownContainers.has(container) ? undefined : await this.#ensureContainer(container);
    const sub = this.#req.sub('PUT', path, { source: SOURCE, headers, body: member.body });
    const res = await this.#put(sub, name, archive);
    this.#knownContainers.add(container);
    if (res.isSuccess) {
      this.#report.counts[FILES_CREATED] = (this.#report.counts[FILES_CREATED] ?? 0) + 1;
      return;
    }
    // Where the container could not be made sure of, the object may still have been allowed.
    if (containerStatus !== undefined) this.#fail(container, containerStatus, `${this.#accountPath}/`);
    if (res.statusClass === 5) this.#failedStatus = 502;
    this.#fail(name, res.statusLine);
    if (res.status === 401) throw new HttpError(401);
  }

  /** What broke the archive or the request's body is thrown, whatever the app made of it. */
  async #put(sub: SwiftRequest, name: string, archive: TarReader): Promise<SwiftResponse> {
    let res: SwiftResponse | undefined;
    let fault: unknown;
    try {
      res = await this.#app(sub);
      await res.close();
    } catch (error) {
      fault = error;
    }
    if (archive.failure !== undefined) {
      this.#fail(name, statusLineOf(500));
      throw archive.failure;
    }
    if (res === undefined) throw fault;
    return res;
  }

  /** Creates the container unless it is there. Resolves with the status line of what kept it from being so. */
  async #ensureContainer(container: string): Promise<string | undefined> {
    const head = await this.#askContainer('HEAD', container);
    if (head.isSuccess) return undefined;
    let refusal = head;
    if (head.status === 404) {
      const { maxContainers } = this.#limits;
      if (this.#containersCreated >= maxContainers) {
        throw new HttpError(400, `More than ${maxContainers} containers to create from tar.`);
      }
      refusal = await this.#askContainer('PUT', container);
      if (refusal.isSuccess) {
        this.#containersCreated += 1;
        return undefined;
      }
    }
    if (refusal.status === 401) throw new HttpError(401);
    return refusal.statusLine;
  }

  async #askContainer(method: 'HEAD' | 'PUT', container: string): Promise<SwiftResponse> {
    const sub = this.#req.sub(method, `${this.#accountPath}/${container}`, {
      source: SOURCE,
      headers: { 'user-agent': 'Swift' },
    });
    const token = this.#req.headers.get('x-auth-token');
    if (token !== undefined) sub.headers.set('x-auth-token', token);
    if (method === 'PUT') sub.headers.set('content-length', 0);
    const res = await this.#app(sub);
    await res.close();
    return res;
  }

  #fail(name: string, status: string, before = ''): void {
    const { max_object_name_length, max_container_name_length } = this.#limits.constraints;
    this.#report.errors.push([cut(before + name, max_object_name_length + max_container_name_length + 2), status]);
  }
}

/** Percent-encoded, of at most so many bytes before that. */
function cut(name: string, maxBytes: number): string {
  const bytes = bytesFromNative(name);
  return quote(bytes.length <= maxBytes ? name : nativeFromWire(bytes.toString('latin1', 0, maxBytes)));
}
