/** Rules of alerts, for people. */
export const rules: { value: string; label: string; note: string }[] = [
  { value: "first_rejection", label: "First rejection", note: "a write is refused after a day without" },
  { value: "rejection_rate", label: "Rejection rate", note: "a fifth of the last 15 minutes' writes is refused" },
  { value: "deployment_brake", label: "Deployment brake", note: "a deployment is taken back by itself" },
  { value: "source_down", label: "Source down", note: "writes wait for the database" },
  { value: "credentials_failing", label: "Credentials failing", note: "the database refuses ours, or we refuse most of the apps'" },
  { value: "key_expiring", label: "API key expiring", note: "an API key of an instance ends within a week" },
  { value: "token_expiring", label: "API token expiring", note: "an API token of the organization ends within a week" },
  { value: "stuck_device", label: "Stuck device", note: "a device's writes come back, or it does not get in" },
];

export function ruleLabel(rule: string): string {
  return rules.find((r) => r.value === rule)?.label ?? rule;
}
