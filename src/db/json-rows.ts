/**
 * Rows as JSON bodies carry them, each made of its fields by `rowFromFields`, which returns undefined for fields that are no row.
 * Undefined when one is none.
 */
export function rowsFromJson<Row>(
  values: readonly unknown[],
  rowFromFields: (fields: Record<string, unknown>) => Row | undefined,
): Row[] | undefined {
  const rows: Row[] = [];
  for (const value of values) {
    if (typeof value !== 'object' || value === null) return undefined;
    const row = rowFromFields(value as Record<string, unknown>);
    if (row === undefined) return undefined;
    rows.push(row);
  }
  return rows;
}
