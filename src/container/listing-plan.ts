import type { ContainerInfo, ContainerListing, ContainerListingRequest } from './container-store.ts';

/** What a listing of a container is to give. */
export interface ListingPlan extends Pick<
  ContainerListing,
  'recordType' | 'storagePolicyIndex' | 'nameFilterOverridden'
> {
  /** False for a container that is deleted. */
  readonly isShown: boolean;
}

export function listingPlan(info: ContainerInfo, request: ContainerListingRequest): ListingPlan {
  const isSharded = info.db_state === 'sharding' || info.db_state === 'sharded';
  const recordType = request.recordType === 'auto' ? (isSharded ? 'shard' : 'object') : request.recordType;
  return {
    recordType,
    storagePolicyIndex: request.storagePolicyIndex ?? info.storage_policy_index,
    isShown: !info.isDeleted || (recordType === 'shard' && request.overrideDeleted === true),
    nameFilterOverridden: recordType === 'shard' && request.overrideNameFilter === true && info.db_state === 'sharded',
  };
}
