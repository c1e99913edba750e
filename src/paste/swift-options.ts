/**
 * Options of OpenStack Swift that need a word: those that have no meaning here, with the reason. By entry point of `swift`, by daemon
 * section, or `server` for what any server reads from [DEFAULT] and its app section. An option that stands neither here nor in a
 * confSpec is not supported yet.
 */

const NO_PROFILE_FILES = 'profiles are taken when asked for and kept nowhere';

const NO_MEANING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  server: {
    eventlet_debug: 'there is no eventlet here',
    log_custom_handlers: 'it names Python functions',
  },
  proxy: {
    put_queue_depth: 'back-pressure comes from the sockets themselves',
    write_legacy_ec_crc: 'erasure coding is not done by liberasurecode here',
  },
  object: {
    eventlet_tpool_num_threads: 'blocking calls run in the pool of Node, whose size is UV_THREADPOOL_SIZE',
    splice: 'bodies do not go through pipes of the kernel',
  },
  xprofile: {
    profile_module: 'the profiler is that of V8',
    log_filename_prefix: NO_PROFILE_FILES,
    dump_interval: NO_PROFILE_FILES,
    dump_timestamp: NO_PROFILE_FILES,
    flush_at_shutdown: NO_PROFILE_FILES,
    unwind: 'all that the process does is seen',
  },
  'swift.conf': {
    diskfile_module: 'it names a Python class; the storage follows from policy_type',
  },
};

/** Why an option has no meaning here; undefined when it has one, or is unknown. `scope`: an entry point's name, or a section's. */
export function reasonForNoMeaning(scope: string, option: string): string | undefined {
  const reasons = Object.hasOwn(NO_MEANING, scope) ? NO_MEANING[scope] : undefined;
  return reasons !== undefined && Object.hasOwn(reasons, option) ? reasons[option] : undefined;
}
