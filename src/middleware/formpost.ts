/**
 * formpost - uploads of files by HTML forms that were signed with a key of the account or the container. The files are stored as they
 * stream in. Put it just behind auth: what it stores is allowed by the signature.
 */

import {
  allowedDigests,
  bodyStream,
  type FilterFactory,
  type Handler,
  Headers,
  type Host,
  HttpError,
  isSignedBy,
  type Order,
  parseSignature,
  readConf,
  type SignatureDigest,
  type SwiftRequest,
  type SwiftResponse,
  tempUrlKeys,
  type TempUrlKey,
  wireFromNative,
} from '../middleware-api.ts';
import { CappedBody } from './formpost/capped-body.ts';
import { formAnswer, type FormResult, plainAnswer, unauthorizedForm } from './formpost/form-answer.ts';
import { FormFields } from './formpost/form-fields.ts';
import { FormReader, InvalidOpening } from './formpost/form-reader.ts';
import { parseDisposition } from './formpost/part-head.ts';

export const confSpec = {
  allowed_digests: {
    type: 'text',
    default: '',
    doc: 'Digests that signatures may use: sha1 (deprecated), sha256, sha512, separated by blanks. All when empty.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache', 'tempauth', 'keystoneauth'],
  before: ['copy', 'container_quotas', 'account_quotas', 'slo', 'dlo', 'versioned_writes', 'symlink'],
  why: 'the PUT of each file is to pass quotas and versions, and needs no token',
};

const SOURCE = 'FP';
/** Of the request that carries the form, for the PUT of a file. */
const SHARED_HEADERS = [
  ...['user-agent', 'referer', 'origin', 'access-control-request-method', 'x-user-id', 'x-project-id'],
] as const;

/** RFC 2046 allows 70. The search for a boundary of thousands could take a second for each megabyte of a body made for that. */
const LONGEST_BOUNDARY = 200;

class Unauthorized extends Error {}

/** A file of the form. */
interface FormFile {
  readonly filename: string;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

class FormPost {
  readonly #digests: ReadonlySet<SignatureDigest>;
  readonly #apiVersions: readonly string[];
  readonly #now: () => number;

  constructor(digests: readonly SignatureDigest[], host: Host) {
    this.#digests = new Set(digests);
    this.#apiVersions = host.constraints.valid_api_versions;
    this.#now = () => host.now();
  }

  async handle(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
    const boundary = req.method === 'POST' ? boundaryOf(req.headers.get('content-type')) : undefined;
    if (boundary === undefined) return app(req);
    req.headers.set('user-agent', `${req.headers.get('user-agent') ?? ''} FormPost`.trim());
    try {
      return await this.#store(req, app, boundary);
    } catch (error) {
      if (error instanceof InvalidOpening) return plainAnswer(400, 'FormPost: invalid starting boundary');
      if (error instanceof Unauthorized) return unauthorizedForm(error.message);
      if (error instanceof HttpError && error.status === 400) return plainAnswer(400, error.text ?? error.message);
      throw error;
    }
  }

  async #store(req: SwiftRequest, app: Handler, boundary: string): Promise<SwiftResponse> {
    if (boundary.length > LONGEST_BOUNDARY) throw new InvalidOpening();
    const keys = this.#namesContainer(req.path) ? await tempUrlKeys(req, app, SOURCE) : [];
    const form = new FormReader(bodyStream(req.body), boundary);
    const fields = new FormFields();
    let result: FormResult = { statusLine: '400 Bad Request', message: 'no files to process', headers: {} };
    let files = 0n;
    for (let head = await form.nextPart(); head !== undefined; head = await form.nextPart()) {
      const { value, attributes } = parseDisposition(head.get('content-disposition') ?? '');
      const filename = attributes.get('filename') ?? '';
      if (value !== 'form-data' || filename === '') {
        await fields.add(attributes.get('name'), form);
        continue;
      }
      if (++files > fields.integer('max_file_count', 'max_file_count not an integer')) {
        result = { ...result, statusLine: '400 Bad Request', message: 'max file count exceeded' };
        break;
      }
      const contentType = fields.get('content-type') ?? head.get('content-type');
      const contentEncoding = fields.get('content-encoding') ?? head.get('content-encoding');
      result = await this.#storeFile(req, app, form, fields, keys, { filename, contentType, contentEncoding });
      if (!result.statusLine.startsWith('2')) break;
    }
    return formAnswer(result, fields.get('redirect') ?? '');
  }

  #namesContainer(path: string): boolean {
    const [before, version = '', account = '', container = ''] = path.split('/');
    return before === '' && this.#apiVersions.includes(version) && account !== '' && container !== '';
  }

  async #storeFile(
    req: SwiftRequest,
    app: Handler,
    form: FormReader,
    fields: FormFields,
    keys: readonly TempUrlKey[],
    file: FormFile,
  ): Promise<FormResult> {
    if (keys.length === 0) throw new Unauthorized('invalid signature');
    const maxBytes = fields.integer('max_file_size', 'max_file_size not an integer');
    const headers = headersOf(req, fields, file);
    this.#requireSignature(req.path, fields, keys);
    const body = new CappedBody(form, maxBytes);
    const put = req.sub('PUT', pathOf(req.path, file.filename), { headers, body, source: SOURCE, as: 'preauthorized' });
    try {
      const res = await app(put);
      await res.close();
      if (!body.isTooLarge) return { statusLine: res.statusLine, message: '', headers: res.headers };
    } catch (error) {
      if (!body.isTooLarge) throw error;
    }
    throw new HttpError(400, 'FormPost: max_file_size exceeded');
  }

  #requireSignature(path: string, fields: FormFields, keys: readonly TempUrlKey[]): void {
    const expires = fields.integer('expires', 'expired not an integer');
    if (Number(expires) < this.#now()) throw new Unauthorized('form expired');
    const signature = parseSignature(fields.get('signature') ?? '');
    const limits = ['max_file_size', 'max_file_count', 'expires'].map((name) => fields.get(name) || '0');
    const message = [path, fields.get('redirect') ?? '', ...limits].join('\n');
    const isSigned =
      signature !== undefined &&
      this.#digests.has(signature.digest) &&
      keys.some(({ key }) => isSignedBy(signature, key, message));
    if (!isSigned) throw new Unauthorized('invalid signature');
  }
}

/** Of a Content-Type that is a form's; undefined for any other. */
function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !contentType.trimStart().startsWith('multipart/form-data')) return undefined;
  const { value, attributes } = parseDisposition(contentType);
  return value === 'multipart/form-data' ? attributes.get('boundary') : undefined;
}

/** The form's path is the beginning of the object's; that of a container alone gets a slash behind it. */
function pathOf(path: string, filename: string): string {
  const isContainer = !path.endsWith('/') && path.split('/').length < 5;
  return `${path}${isContainer ? '/' : ''}${filename}`;
}

function headersOf(req: SwiftRequest, fields: FormFields, file: FormFile): Headers {
  const headers = new Headers({ 'transfer-encoding': 'chunked' });
  for (const name of SHARED_HEADERS) {
    const value = req.headers.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  const deleteAt = fields.optionalInteger('x_delete_at', 'x_delete_at not an integer: Unix timestamp required.');
  const deleteAfter = fields.optionalInteger(
    'x_delete_after',
    'x_delete_after not an integer: Number of seconds required.',
  );
  if (deleteAt !== undefined) headers.set('x-delete-at', String(deleteAt));
  if (deleteAfter !== undefined) headers.set('x-delete-after', String(deleteAfter));
  const { contentType, contentEncoding } = file;
  if (contentType !== undefined) headers.set('content-type', headerValue(contentType || 'application/octet-stream'));
  if (contentEncoding !== undefined) headers.set('content-encoding', headerValue(contentEncoding));
  return headers;
}

/** A form's attribute may hold what would end a header. */
function headerValue(native: string): string {
  return wireFromNative(native.replace(/[\x00-\x08\x0a-\x1f\x7f]+/g, ' ').trim());
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const warn = (message: string): void => host.log.warn(`formpost: ${message}`);
  const { allowed, deprecated } = allowedDigests(conf.allowed_digests, warn);
  host.info.register('formpost', {
    allowed_digests: allowed,
    ...(deprecated.length > 0 ? { deprecated_digests: deprecated } : undefined),
  });
  const formPost = new FormPost(allowed, host);
  return (app) => (req) => formPost.handle(req, app);
};
