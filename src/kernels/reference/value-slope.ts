/** A function of one variable and its derivative at the same place. */
export interface ValueSlope {
  readonly value: number;
  readonly slope: number;
}

export const ZERO: ValueSlope = { value: 0, slope: 0 };
export const ONE: ValueSlope = { value: 1, slope: 0 };
