/**
 * The test kit for filters. Packages import it as `apus/testing`.
 *
 * From the inside: `load` puts a filter around `fakeSwift`, `request` makes what it is called with, `text`, `bytes` and `drain` send its
 * answer as a server does. From the outside: `startCluster` runs a whole cluster with the filter in its pipeline. Bound to no test
 * runner.
 */

export { type Cluster, type ClusterOptions, type Credentials, startCluster } from './testing/cluster.ts';
export { FakeHost, fakeHost, type FakeHostOptions } from './testing/fake-host.ts';
export { FakeLog, type LogEntry } from './testing/fake-log.ts';
export {
  assertNoLeaks,
  type FakeAnswer,
  type FakeAnswers,
  type FakeBody,
  type FakeCall,
  type FakeSequence,
  type FakeSwift,
  fakeSwift,
} from './testing/fake-swift.ts';
export { load } from './testing/load.ts';
export type { ClusterFilter } from './testing/proxy-conf.ts';
export { abandon, bytes, drain, type SendOptions, text } from './testing/sending.ts';
export { request, TestRequest } from './testing/test-request.ts';
export type { UnfinishedBody } from './testing/tracked-body.ts';
