/** Pairs found so far, in typed arrays that double when full. */
export class PairBuffer {
  count = 0;
  /** Neighbour index, [pair]. */
  indices: Int32Array;
  /** Cell translations, [pair, lattice vector]. */
  shifts: Int32Array;

  constructor(capacity: number) {
    this.indices = new Int32Array(Math.max(16, capacity));
    this.shifts = new Int32Array(3 * this.indices.length);
  }

  /** Makes sure that one more pair fits. */
  reserve(): void {
    if (this.count < this.indices.length) return;
    this.indices = doubled(this.indices);
    this.shifts = doubled(this.shifts);
  }
}

function doubled(old: Int32Array): Int32Array {
  const larger = new Int32Array(2 * old.length);
  larger.set(old);
  return larger;
}
