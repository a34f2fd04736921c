/** At most `most` indexes of a list of that length, evenly spread, the first and the last among them. */
export function sampled(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (length - 1)) / (most - 1)));
}
