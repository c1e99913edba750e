/** What one run of a load told, whatever drove it. */
export interface Load {
  /** Answered, all of them. */
  requests: number;
  requestsPerSec: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers other than 2xx and 3xx. */
  refused: number;
  /** Connections refused, broken or timed out. */
  socketErrors: number;
}
