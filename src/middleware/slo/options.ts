/** Options of the filter. */

export const confSpec = {
  max_manifest_segments: {
    type: 'integer',
    default: 1000,
    min: 0,
    doc: 'Most objects that one manifest may name; nested manifests count as one each.',
  },
  max_manifest_size: { type: 'bytes', default: 8_388_608, doc: 'Longest manifest that a client may put.' },
  rate_limit_under_size: {
    type: 'bytes',
    default: 1_048_576,
    doc: 'Only segments of fewer bytes count for the rate at which segments are served.',
  },
  rate_limit_after_segment: {
    type: 'integer',
    default: 10,
    doc: 'So many small segments of one large object are served at any rate.',
  },
  rate_limit_segments_per_sec: {
    type: 'integer',
    default: 1,
    min: 0,
    doc: 'The rate of those that follow; 0: no limit.',
  },
  max_get_time: { type: 'seconds', default: 86_400, doc: 'A GET that takes longer is cut off.' },
  concurrency: {
    type: 'integer',
    default: 2,
    doc: 'How many segments are checked at a time when a manifest is put: 1 to 1000, best between 2 and 10.',
  },
  delete_concurrency: {
    type: 'integer',
    doc: 'How many segments are deleted at a time with multipart-manifest=delete; by default as concurrency.',
  },
  yield_frequency: {
    type: 'seconds',
    default: 10,
    doc: 'How often a blank is sent to a client that puts a manifest with heartbeat=on, and waits.',
  },
  allow_async_delete: {
    type: 'boolean',
    default: false,
    doc: 'With async=on the segments of a large object are left to the expirer to delete.',
  },
  expiring_objects_account_name: {
    type: 'text',
    default: 'expiring_objects',
    emptyIsMissing: true,
    doc: "Name of the expirer's account, without its prefix.",
  },
  expiring_objects_container_divisor: {
    type: 'integer',
    default: 86_400,
    min: 1,
    doc: "Seconds for which one set of the expirer's containers is used.",
  },
} as const;
