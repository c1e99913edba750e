/** Limits of `[swift-constraints]`, in the units of swift.conf. */
export interface Constraints {
  readonly max_file_size: number;
  readonly max_meta_name_length: number;
  readonly max_meta_value_length: number;
  readonly max_meta_count: number;
  readonly max_meta_overall_size: number;
  readonly max_header_size: number;
  readonly max_request_line: number;
  readonly max_object_name_length: number;
  readonly container_listing_limit: number;
  readonly account_listing_limit: number;
  readonly max_account_name_length: number;
  readonly max_container_name_length: number;
  readonly extra_header_count: number;
  readonly auto_create_account_prefix: string;
  readonly valid_api_versions: readonly string[];
}

export const DEFAULT_CONSTRAINTS: Constraints = {
  max_file_size: 5368709122,
  max_meta_name_length: 128,
  max_meta_value_length: 256,
  max_meta_count: 90,
  max_meta_overall_size: 4096,
  max_header_size: 8192,
  max_request_line: 8192,
  max_object_name_length: 1024,
  container_listing_limit: 10000,
  account_listing_limit: 10000,
  max_account_name_length: 256,
  max_container_name_length: 256,
  extra_header_count: 0,
  auto_create_account_prefix: '.',
  valid_api_versions: ['v1', 'v1.0'],
};

/**
 * Header lines that a server takes, the blank one at the end counted: metadata, Swift's own and what the operator adds, and as Swift does
 * 1.6 times as many, so that it is the proxy that says what is wrong with too much metadata (400, not 431).
 */
export function maxHeaderCount(constraints: Constraints): number {
  return Math.floor((constraints.max_meta_count + 36 + Math.max(0, constraints.extra_header_count)) * 1.6);
}
