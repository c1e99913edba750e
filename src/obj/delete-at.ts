/** X-Delete-At of stored metadata in seconds, 0 for none or for one that is no number. */
export function deleteAtOf(value: string | undefined): number {
  if (value === undefined || value === '') return 0;
  const seconds = Number(value.replaceAll('_', ''));
  return Number.isInteger(seconds) ? seconds : 0;
}
