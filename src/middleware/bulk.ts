/**
 * bulk - one request for many: deletes a list of objects and containers (POST or DELETE with `?bulk-delete`), and stores the files of an
 * archive (PUT with `?extract-archive=tar`, `tar.gz` or `tar.bz2`). Each becomes a request of its own to the rest of the pipeline.
 */

import { availableParallelism } from 'node:os';
import {
  bulkDelete,
  type BulkDeleteOptions,
  type FilterFactory,
  HttpError,
  type Order,
  readConf,
  type SwiftResponse,
  type Wait,
} from '../middleware-api.ts';
import type { Compression } from './bulk/decompression.ts';
import { deleteList, type ListLimits } from './bulk/delete-list.ts';
import { extractArchive, type ExtractionLimits } from './bulk/extraction.ts';
import { Places } from './bulk/places.ts';

export const confSpec = {
  max_containers_per_extraction: {
    type: 'integer',
    default: 10_000,
    doc: 'How many containers one archive may make.',
  },
  max_failed_extractions: {
    type: 'integer',
    default: 1000,
    doc: 'Once so many files of an archive could not be stored, the rest is left out.',
  },
  max_deletes_per_request: { type: 'integer', default: 10_000, doc: 'Longest list that one request may delete.' },
  max_failed_deletes: {
    type: 'integer',
    default: 1000,
    doc: 'Once so many of a list could not be deleted, the rest is left alone.',
  },
  yield_frequency: {
    type: 'integer',
    default: 10,
    doc: 'Seconds after which a blank is sent, again and again, to keep the connection alive.',
  },
  delete_container_retry_count: {
    type: 'integer',
    default: 0,
    doc: 'How often a container that is not empty yet is tried again, after 1.5, 2.25, ... seconds.',
  },
  delete_concurrency: { type: 'integer', default: 2, doc: 'How many of a list are deleted at a time, 1 to 1000.' },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache'],
  before: ['tempauth', 'keystoneauth', 'copy', 'slo', 'dlo', 'versioned_writes'],
  why: 'each file or name it deals with is to be checked and handled as a request of its own',
};

const COMPRESSIONS: Readonly<Record<string, Compression>> = { tar: 'none', 'tar.gz': 'gzip', 'tar.bz2': 'bzip2' };

function compressionOf(archiveType: string): Compression | undefined {
  const name = archiveType.toLowerCase().replace(/^\.+|\.+$/g, '');
  return Object.hasOwn(COMPRESSIONS, name) ? COMPRESSIONS[name] : undefined;
}

function unsupported(): SwiftResponse {
  const headers = { 'content-type': 'text/html; charset=UTF-8' };
  return new HttpError(400, 'Unsupported archive format', headers).toResponse();
}

/** A factory of the filter with a way to wait of the caller's own. */
export function makeFilterFactory(wait?: Wait): FilterFactory {
  return (globalConf, localConf, host) => {
    const conf = readConf(confSpec, globalConf, localConf);
    const { constraints } = host;
    host.info.register('bulk_upload', {
      max_containers_per_extraction: conf.max_containers_per_extraction,
      max_failed_extractions: conf.max_failed_extractions,
    });
    host.info.register('bulk_delete', {
      max_deletes_per_request: conf.max_deletes_per_request,
      max_failed_deletes: conf.max_failed_deletes,
    });
    const deletion: BulkDeleteOptions = {
      source: 'BD',
      userAgent: 'BulkDelete',
      concurrency: Math.min(1000, Math.max(1, conf.delete_concurrency)),
      maxFailures: conf.max_failed_deletes,
      conflictRetries: conf.delete_container_retry_count,
      yieldFrequencySec: conf.yield_frequency,
      wait,
    };
    const list: ListLimits = {
      maxNames: conf.max_deletes_per_request,
      maxLineBytes: 2 * (constraints.max_object_name_length + constraints.max_container_name_length + 2),
    };
    const extraction: ExtractionLimits = {
      maxContainers: conf.max_containers_per_extraction,
      maxFailures: conf.max_failed_extractions,
      yieldFrequencySec: conf.yield_frequency,
      constraints,
      threads: new Places(availableParallelism()),
      wait,
    };
    return (app) => (req) => {
      const { method, queryString } = req;
      if (queryString === '') return app(req);
      if (method === 'PUT') {
        const archiveType = req.params.get('extract-archive');
        if (archiveType === undefined) return app(req);
        const compression = compressionOf(archiveType);
        return compression === undefined
          ? Promise.resolve(unsupported())
          : extractArchive(req, app, compression, extraction);
      }
      const deletes = (method === 'POST' || method === 'DELETE') && req.params.has('bulk-delete');
      return deletes ? bulkDelete(req, app, deleteList(req, list), deletion) : app(req);
    };
  };
}

export const filterFactory: FilterFactory = makeFilterFactory();
