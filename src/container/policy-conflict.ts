import { Timestamp } from '../common/timestamp.ts';

/** What decides which replica's storage policy stands. */
export interface PolicyClaim {
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
  readonly status_changed_at: string;
  readonly object_count: number;
  readonly storage_policy_index: number;
}

/**
 * Whether the remote replica's policy replaces ours. The live side wins over the deleted, of two deleted ones the later changed;
 * a recreated side wins over one that was never deleted, of two recreated ones that which was put after the newest delete; else
 * the earlier changed.
 */
export function remotePolicyWins(local: PolicyClaim, remote: PolicyClaim): boolean {
  if (local.storage_policy_index === remote.storage_policy_index) return false;
  const [ours, theirs] = [standing(local), standing(remote)];
  if (ours.isDeleted || theirs.isDeleted) {
    if (ours.isDeleted !== theirs.isDeleted) return ours.isDeleted;
    return theirs.changed.isAfter(ours.changed);
  }
  if (ours.isRecreated !== theirs.isRecreated) return theirs.isRecreated;
  if (ours.isRecreated) {
    const newestDelete = ours.deleted.isAfter(theirs.deleted) ? ours.deleted : theirs.deleted;
    if (newestDelete.isAfter(ours.put)) return true;
    if (newestDelete.isAfter(theirs.put)) return false;
  }
  return ours.changed.isAfter(theirs.changed);
}

interface Standing {
  readonly put: Timestamp;
  readonly deleted: Timestamp;
  readonly changed: Timestamp;
  readonly isDeleted: boolean;
  readonly isRecreated: boolean;
}

function standing(claim: PolicyClaim): Standing {
  const put = Timestamp.parse(claim.put_timestamp);
  const deleted = Timestamp.parse(claim.delete_timestamp);
  return {
    put,
    deleted,
    changed: Timestamp.parse(claim.status_changed_at),
    isDeleted: deleted.isAfter(put) && claim.object_count === 0,
    isRecreated: put.isAfter(deleted) && deleted.isAfter(Timestamp.ZERO),
  };
}
