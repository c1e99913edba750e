/** What the proxy's controllers share. */

import { ErrorLimiter } from '../backend/error-limiter.ts';
import { BackendError, type BackendTransport } from '../backend/transport.ts';
import type { Constraints } from '../common/constraints.ts';
import type { Host, Logger, RingLookup, RingNode, RingType } from '../common/host.ts';
import type { Policies } from '../common/storage-policy.ts';
import { Timestamp } from '../common/timestamp.ts';
import { HttpError } from '../http/response.ts';
import type { Handler } from '../http/contract.ts';
import { ContentTypeGuesser } from '../http/content-type-guess.ts';
import { NodeIteration, type NodeOrder, NodeTimings } from './node-iteration.ts';
import type { ProxyConf } from './proxy-conf.ts';

export interface ProxyContextParts {
  conf: ProxyConf;
  host: Host;
  transport: BackendTransport;
  /** A number in [0, 1), like Math.random: shuffles nodes. */
  random?: () => number;
  pid?: number;
}

export interface IterationOptions {
  /** Object requests: whose options count. */
  policyIndex?: number | undefined;
  /** Writes: local nodes first, as `write_affinity` says. */
  forWrite?: boolean | undefined;
}

export class ProxyContext {
  readonly conf: ProxyConf;
  readonly host: Host;
  readonly transport: BackendTransport;
  readonly errorLimiter: ErrorLimiter;
  readonly timings: NodeTimings;
  readonly random: () => number;
  readonly userAgent: string;
  #app: Handler | undefined;
  #contentTypes: ContentTypeGuesser | undefined;

  constructor(parts: ProxyContextParts) {
    const { conf, host } = parts;
    const now = (): number => host.now();
    this.conf = conf;
    this.host = host;
    this.transport = parts.transport;
    this.random = parts.random ?? Math.random;
    this.userAgent = `proxy-server ${parts.pid ?? process.pid}`;
    this.errorLimiter = new ErrorLimiter({
      suppressionIntervalSec: conf.errorSuppressionIntervalSec,
      suppressionLimit: conf.errorSuppressionLimit,
      now,
    });
    this.timings = new NodeTimings(conf.timingExpirySec, now);
  }

  get policies(): Policies {
    return this.host.policies;
  }

  get constraints(): Constraints {
    return this.host.constraints;
  }

  /** The proxy app itself: for sub-requests that controllers make. */
  get app(): Handler {
    if (this.#app === undefined) throw new Error('the proxy app is not complete yet');
    return this.#app;
  }

  set app(app: Handler) {
    this.#app = app;
  }

  /** Guesses the types of objects whose PUT names none. */
  get contentTypes(): ContentTypeGuesser {
    return (this.#contentTypes ??= ContentTypeGuesser.fromSystem(this.host.swiftDir));
  }

  now(): Timestamp {
    return Timestamp.fromSeconds(this.host.now());
  }

  /** Throws HttpError 503 for a policy whose ring cannot be read. */
  ring(type: RingType, policyIndex?: number): RingLookup {
    try {
      return this.host.ring(type, policyIndex);
    } catch (error) {
      this.host.log.error(`no ${type} ring${policyIndex === undefined ? '' : ` for policy ${policyIndex}`}`, error);
      throw new HttpError(503);
    }
  }

  /** The nodes to ask for a partition, in order; see NodeIteration. */
  nodes(ring: RingLookup, partition: number, log: Logger, options: IterationOptions = {}): NodeIteration {
    const policy = options.policyIndex === undefined ? this.conf : this.conf.forPolicy(options.policyIndex);
    const order: NodeOrder = {
      sortingMethod: policy.sortingMethod,
      readAffinity: policy.readAffinity,
      timings: this.timings,
      random: this.random,
    };
    const isLocal = options.forWrite === true ? policy.isLocalForWrites : null;
    return new NodeIteration({
      ring,
      partition,
      order,
      errorLimiter: this.errorLimiter,
      requestNodeCount: this.conf.requestNodeCount(ring.replicaCount),
      localFirst:
        isLocal === null ? undefined : { isLocal, nodeCount: policy.writeAffinityNodeCount(ring.replicaCount) },
      onHandoff: this.conf.logHandoffs
        ? (count) => {
            log.warn(`Handoff requested (${count})`);
          }
        : undefined,
    });
  }

  /** A node failed: counts the error and logs it. `doing` is for the log: what the proxy tried. */
  nodeFailed(node: RingNode, serverType: string, doing: string, error: unknown, log: Logger): void {
    const limited = this.errorLimiter.increment(node);
    const rests = limited ? '; node will be error limited' : '';
    if (error instanceof BackendError) {
      log.error(`ERROR with ${serverType} server ${nodeName(node)} re: ${doing}: ${error.message}${rests}`);
    } else {
      log.error(`ERROR with ${serverType} server ${nodeName(node)} re: ${doing}${rests}`, error);
    }
  }

  /** A node answered 5xx: counts the error (507 rests the node at once) and logs it. */
  nodeAnsweredError(node: RingNode, serverType: string, status: number, doing: string, log: Logger): void {
    if (status === 507) {
      this.errorLimiter.limit(node);
      log.error(
        `Node will be error limited for ${this.conf.errorSuppressionIntervalSec}s: ${nodeName(node)}, error: ERROR Insufficient Storage`,
      );
      return;
    }
    this.errorLimiter.increment(node);
    log.error(`ERROR ${status} From ${serverType} Server re: ${doing} ${nodeName(node)}`);
  }
}

/** `127.0.0.1:6200/sdb1`, for the log. */
function nodeName(node: RingNode): string {
  return `${node.ip}:${node.port}/${node.device}`;
}
