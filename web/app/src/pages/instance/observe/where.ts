import type { components } from "../../../api/schema";
import { to } from "../../../paths";

/** Where a concern of the API points. */
export function whereOf(c: components["schemas"]["Concern"], instance: string): { href: string; label: string } {
  const query = new URLSearchParams((c.query ?? {}) as Record<string, string>).toString();
  const [href, label] = place(c.page, instance);
  return { href: query ? `${href}?${query}` : href, label };
}

function place(page: string, id: string): [string, string] {
  switch (page) {
    case "devices": return [to.clients(id), "Clients"];
    case "conflicts": return [to.conflicts(id), "Conflicts"];
    case "rejections": return [to.rejections(id), "Rejections"];
    case "deployments": return [to.deployments(id), "Deployments"];
    case "configuration": return [to.configuration(id), "Configuration"];
    case "logs": return [to.logs(id), "Logs"];
    case "keys": return [to.keys(id), "Auth and keys"];
    case "schema":
    case "connect": return [to.connect(id), "Connect"];
    case "settings": return [to.instanceSettings(id), "Settings"];
    default: return [to.instance(id), "Overview"];
  }
}
