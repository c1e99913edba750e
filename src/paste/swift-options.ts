/**
 * Options of OpenStack Swift that need a word: those that have no meaning here, with the reason. By entry point of `swift`, by daemon
 * section, or `server` for what any server reads from [DEFAULT] and its app section. An option that stands neither here nor in a
 * confSpec is not supported yet.
 */

const EVENTLET = 'there is no eventlet here';
const NO_POOL = 'blocking calls run in the pool of Node, whose size is UV_THREADPOOL_SIZE';

const SERVER: Readonly<Record<string, string>> = {
  eventlet_debug: EVENTLET,
  log_custom_handlers: 'it names Python functions',
};

const NO_MEANING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  server: SERVER,
  proxy: {
    put_queue_depth: 'back-pressure comes from the sockets themselves',
    write_legacy_ec_crc: 'it concerns fragments written by very old liberasurecode',
  },
  object: {
    eventlet_tpool_num_threads: NO_POOL,
    splice: 'bodies do not go through pipes of the kernel',
  },
  container: {
    db_query_logging: 'statements are not built at run time',
  },
  account: {
    db_query_logging: 'statements are not built at run time',
  },
};

/** Why an option has no meaning here; undefined when it has one, or is unknown. `scope`: an entry point's name, or a section's. */
export function reasonForNoMeaning(scope: string, option: string): string | undefined {
  const reasons = Object.hasOwn(NO_MEANING, scope) ? NO_MEANING[scope] : undefined;
  return reasons !== undefined && Object.hasOwn(reasons, option) ? reasons[option] : undefined;
}
