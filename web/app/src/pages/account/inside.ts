/** Where to go after signing in: an address of ours, whatever the link said. */
export function inside(next: string): string {
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
