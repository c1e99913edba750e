/**
 * The one door for filters, built-in and user-written alike: everything that a filter may use of Apus. Packages import it as
 * `apus/middleware`.
 */

export type {
  AppFactory,
  CompositeFactory,
  Conf,
  ConfSpec,
  Filter,
  FilterAppFactory,
  FilterFactory,
  FilterModule,
  Handler,
  Loader,
  OptionSpec,
  Order,
} from './http/contract.ts';
export type { Host, InfoRegistry, Logger, RingLookup, RingNode, ServiceKey } from './common/host.ts';
export type { Constraints } from './common/constraints.ts';
export type { Policies, StoragePolicy } from './common/storage-policy.ts';
export type { Authorize, Cache, KeystoneIdentity, RequestEnv } from './http/env.ts';
export { type Body, type BodyStream, bodyStream, closeBody, iterateBody, readAll } from './http/body.ts';
export { type HeaderInit, Headers, titleName } from './http/headers.ts';
export {
  formatQuery,
  parseQuery,
  splitPath,
  SwiftRequest,
  type RequestInit,
  type SubRequestOptions,
} from './http/request.ts';
export { type ResourcePath, resourcePathOf } from './http/resource-path.ts';
export { errorResponse, HttpError, type SentInfo, SwiftResponse, textResponse } from './http/response.ts';
export { unauthorizedResponse } from './http/unauthorized.ts';
export { defaultPage, reasonOf } from './http/status.ts';
export { ChunkReadError, ChunkReadTimeout, ClientDisconnect } from './http/errors.ts';
export {
  type ByteRange,
  type ContentRange,
  contentRange,
  parseContentRange,
  rangeHeader,
  requestedRanges,
} from './http/range.ts';
export {
  conditionalResponse,
  type ConditionSubject,
  type Entity,
  type EntityAnswer,
  etagListHas,
  evaluateConditions,
  unquotedEtag,
} from './http/conditional.ts';
export { addEtagIsAt, etagThatIsAt, ignoreRangeIfPresent, isRangeIgnored } from './http/etag-is-at.ts';
export { ContentTypeGuesser } from './http/content-type-guess.ts';
export { MultipartByteRanges } from './http/multipart-byteranges.ts';
export { parseHttpDate } from './http/http-date.ts';
export { CacheConnectionError } from './http/cache-error.ts';
export { ConfigError, joinFaults } from './common/config-error.ts';
export { resellerOption, resellerPrefixes, resellerPrefixOf } from './common/reseller-options.ts';
export { readSection } from './common/readconf.ts';
export { deviceFolder } from './common/drive.ts';
export { Timestamp } from './common/timestamp.ts';
export {
  bytesFromNative,
  compareCodePoints,
  isTrueValue,
  isValidUtf8,
  nativeFromBytes,
  nativeFromWire,
  quote,
  unquote,
  wireFromNative,
} from './common/text.ts';
export { readConf, type TypedConf } from './common/conf-spec.ts';
export {
  accountInfo,
  type AccountInfo,
  containerInfo,
  type ContainerInfo,
  objectInfo,
  type ObjectInfo,
} from './http/resource-info.ts';
export { accountPathOf, bulkDelete, type BulkDeleteOptions, type DeletionTarget } from './http/bulk-delete.ts';
export { keepAliveBody, type KeepAliveOptions, type Wait, waitInRealTime } from './http/keep-alive-body.ts';
export {
  formatReport,
  formatValues,
  type OperationReport,
  reportContentType,
  reportFault,
  statusLineOf,
} from './http/operation-report.ts';
export { forEachConcurrently } from './http/concurrently.ts';
export { acceptedContentType, listingContentType, listingFormatOf } from './http/listing-content-type.ts';
export {
  type AccountAcl,
  AclError,
  cleanAcl,
  formatAccountAcl,
  isReferrerAllowed,
  parseAccountAcl,
  type ParsedAcl,
  parseAcl,
} from './common/acl.ts';
export { newTransactionId } from './common/transaction-id.ts';
export { SWIFT_VERSION } from './common/version.ts';
export { CACHE_PEERS, LocalCache } from './http/local-cache.ts';
export { MemoryCache, SHARED_CACHE } from './http/memory-cache.ts';
export { expirerContainer, type ObjectName } from './common/expirer-container.ts';
export { pythonJson } from './common/python-json.ts';
export { XML_HEAD, xmlAttribute, xmlText } from './common/xml-text.ts';
export { type DataSegment, type ObjectSegment, type Segment, SegmentError, shareOf } from './http/segment.ts';
export { SegmentedBody, type SegmentedBodyOptions } from './http/segmented-body.ts';
export type { SegmentLimits, Sleep } from './http/segment-pace.ts';
export { type LargeObject, largeObjectResponse } from './http/large-object-response.ts';
export { headersForSub } from './http/sub-headers.ts';
export {
  type AllowedDigests,
  allowedDigests,
  hmacHex,
  isSignedBy,
  parseSignature,
  type Signature,
  type SignatureDigest,
} from './common/hmac-signature.ts';
export { type TempUrlKey, tempUrlKeys } from './http/temp-url-keys.ts';
export { bigIntegerValue, integerValue } from './common/python-integer.ts';
export { domainSuffixes, type HostPort, isAddress, splitHostHeader } from './common/storage-domain.ts';
export { mapLocations } from './http/location-headers.ts';
export { urlMapFactory } from './paste/urlmap.ts';
