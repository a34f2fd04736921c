/** For inputs that may not be changed: they are read like any other, reached by keyboard, and say why. */
export function locking(may: true | string): { readOnly?: true; title?: string; variant?: "filled" } {
  return may === true ? {} : { readOnly: true, title: may, variant: "filled" };
}

/** What keeps somebody from a control: their role first, then what is missing at the moment (false: nothing). */
export function allowed(role: true | string, missing: string | false): true | string {
  if (role !== true) return role;
  return missing === false ? true : missing;
}
