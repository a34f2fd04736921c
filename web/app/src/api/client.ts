import createFetchClient from "openapi-fetch";
import createQueryClient from "openapi-react-query";
import type { paths } from "./schema";
import { problemOf } from "./problem";

/** The REST API, typed by its own description. Failed calls throw a Problem. */
export const client = createFetchClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });

client.use({
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
    return response;
  },
});

/** Queries and mutations over the same description: `api.useQuery("get", "/api/v1/orgs")`. */
export const api = createQueryClient(client);

/** What an ETag came with. Pass the tag back as If-Match, so that nobody's change is overwritten unseen. */
export interface Tagged<T> {
  value: T;
  tag: string;
}

/** Keeps an answer together with its ETag. */
export function tagged<T>(answer: { data?: T; response: Response }): Tagged<T> {
  return { value: answer.data as T, tag: answer.response.headers.get("ETag") ?? "" };
}

/** Runs a call and gives its body; for mutations: `mutationFn: () => body(client.POST(...))`. */
export async function body<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  return (await call).data as T;
}
