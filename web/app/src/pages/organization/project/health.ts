import type { components } from "../../../api/schema";

type Instance = components["schemas"]["InstanceOutputBody"];

/** How an instance does, in a word and a sentence. */
export interface Health {
  color: "teal" | "yellow" | "red" | "gray";
  word: string;
  detail: string;
}

/** What is worst comes first: a pause explains everything else, and a condition matters more than a revision that is on its way. */
export function health(i: Pick<Instance, "state" | "deployment" | "status">): Health {
  const [first] = i.status.conditions;
  if (i.state === "paused") return { color: "gray", word: "Paused", detail: "Uploads are held back; devices try again later." };
  if (first) return { color: "red", word: "Needs attention", detail: first.message };
  if (i.deployment === 0) return { color: "gray", word: "Not deployed", detail: "Nothing serves yet. Deploy its configuration." };
  if (i.status.runtimes.length === 0) return { color: "yellow", word: "No runtime", detail: "No runtime has reported in." };
  if (!i.status.ready) return { color: "yellow", word: "Updating", detail: "The newest revision is not served yet." };
  return { color: "teal", word: "Healthy", detail: "The newest revision is served." };
}
