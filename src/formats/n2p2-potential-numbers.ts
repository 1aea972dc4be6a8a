/** 17 significant digits in C's form ("%24.16E"), which every program reads back as the same number. */
export function exponentText(value: number): string {
  const [mantissa, exponent] = value.toExponential(16).split("e");
  const digits = exponent.slice(1).padStart(2, "0");
  return `${mantissa}E${exponent[0]}${digits}`.padStart(24);
}
