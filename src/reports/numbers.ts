/** Numbers for people. */

/** Three significant digits, without an exponent where that reads well: 0.0234, 1.23, 12.3, 123, 12345, 1.2e-7. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(digits - 1);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(decimals, 8));
}

/** 12345 → "12 345", with a thin space that does not break. */
export const grouped = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");

/** 0.42 s · 12 s · 3 min 20 s · 2 h 05 min */
export function duration(seconds: number): string {
  if (seconds < 10) return `${significant(Math.max(0, seconds), 2)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** "3.142 ± 0.012": with as many decimals as two digits of the error need; six digits where all values are the same. */
export function withError({ mean, error }: { readonly mean: number; readonly error: number }): string {
  if (!(error > 0)) return significant(mean, 6);
  const decimals = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${mean.toFixed(decimals)} ± ${error.toFixed(decimals)}`;
}
