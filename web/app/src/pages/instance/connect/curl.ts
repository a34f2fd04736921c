import type { components } from "../../../api/schema";

/** Two commands that get a token and upload a write to the first table; undefined where there is none. */
export function firstWrite(url: string, sdks: components["schemas"]["SDK"][]): string | undefined {
  const schema = sdks.find((s) => s.id === "web")?.files[0]?.text ?? "";
  const table = /^ {2}'?([A-Za-z_][\w-]*)'?: new Table\(\n/m.exec(schema)?.[1];
  if (!table) return undefined;
  const write = { transactions: [{ crud: [{ op: "PUT", table, id: "65f0c0ffee0000000000cafe", op_data: {} }] }] };
  return [
    `TOKEN=$(curl -s '${url}/token?user_id=demo' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `curl -s ${url}/api/data -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '${JSON.stringify(write)}'`,
  ].join("\n");
}
