/** Python pickles, as far as Swift keeps them on disk and sends them. Source: spec swift-formats 0.5. */
export {
  PickleArray,
  PickleError,
  PickleFloat,
  PickleHeaderKeyDict,
  PickleTuple,
  pickleDict,
  type PickleDict,
  type PickleValue,
} from './pickle-values.ts';
export { readAsciiBytesDict } from './pickle-ascii-dict.ts';
export { readPickle, type PickleReadOptions } from './pickle-reader.ts';
export { writePickle, writeBytesDict, type PickleProtocol } from './pickle-writer.ts';
