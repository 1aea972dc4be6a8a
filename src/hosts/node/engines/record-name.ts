/** Name of the record of a calculation, apart from its schemas, which only readers of records need. */
export const recordName = "calculation.json";
