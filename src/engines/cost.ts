/** What a calculation has cost. */
export interface Cost {
  /** From start to end, s. */
  readonly wallSeconds: number;
  /** Of all its processes, s; undefined where it cannot be told. */
  readonly cpuSeconds: number | undefined;
  /** Largest resident memory of all its processes together, bytes; undefined where it cannot be told. */
  readonly maxMemory: number | undefined;
}

export const nothing: Cost = { wallSeconds: 0, cpuSeconds: 0, maxMemory: 0 };

/** Times add, memory is the largest; what is unknown in one stays unknown in the sum. */
export function totalCost(costs: Iterable<Cost>): Cost {
  let { wallSeconds, cpuSeconds, maxMemory } = nothing;
  for (const cost of costs) {
    wallSeconds += cost.wallSeconds;
    cpuSeconds = cpuSeconds === undefined || cost.cpuSeconds === undefined ? undefined : cpuSeconds + cost.cpuSeconds;
    maxMemory =
      maxMemory === undefined || cost.maxMemory === undefined ? undefined : Math.max(maxMemory, cost.maxMemory);
  }
  return { wallSeconds, cpuSeconds, maxMemory };
}
