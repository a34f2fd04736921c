// A process-wide random part and counter, as MongoDB's drivers use them: ids made in the same second
// on one device still differ, and sort by creation.
const random = hex(randomBytes(5));
let counter = randomBytes(3).reduce((n, b) => (n << 8) | b, 0);

/**
 * A new MongoDB ObjectId as 24 lower-case hex digits, for rows that the app creates in tables whose
 * configuration says `id: objectid`. Sorts by creation time to the second.
 */
export function objectId(now: number = Date.now()): string {
  const seconds = Math.floor(now / 1000) >>> 0;
  counter = (counter + 1) & 0xffffff;
  return seconds.toString(16).padStart(8, '0') + random + counter.toString(16).padStart(6, '0');
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function randomBytes(n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  // React Native without a polyfill has no crypto. An id need not be secret, only unlikely to meet
  // another one, so Math.random will do there.
  if (globalThis.crypto?.getRandomValues) return globalThis.crypto.getRandomValues(bytes);
  return bytes.map(() => Math.floor(Math.random() * 256));
}
