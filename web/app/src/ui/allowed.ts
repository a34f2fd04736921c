/** What keeps somebody from a control: their role first, then what is missing at the moment (false: nothing). */
export function allowed(role: true | string, missing: string | false): true | string {
  if (role !== true) return role;
  return missing === false ? true : missing;
}
