/** No server of the cache answers. Only `increment` throws it: reading and writing a cache that is gone is as if it were empty. */
export class CacheConnectionError extends Error {
  override readonly name = 'CacheConnectionError';
}
