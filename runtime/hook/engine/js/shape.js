// What a hook file exports, as text. Runs the file's top level.
(function (files, file) {
  "use strict";
  const hooks = files[file]().default;
  const kind = hooks === null ? "null" : Array.isArray(hooks) ? "a list" : typeof hooks;
  if (hooks === undefined) return JSON.stringify({ error: "The file has no default export.", members: [] });
  if (kind !== "object") return JSON.stringify({ error: "The default export is " + (kind === "function" ? "a function" : kind) + ", not an object of hook functions.", members: [] });
  const made = Object.getPrototypeOf(hooks);
  // Only members of its own count: methods of a class would never be called, and nobody would say so.
  if (made !== null && made !== Object.prototype) return JSON.stringify({ error: "The default export is an instance of " + (made.constructor?.name || "a class") + ", not a plain object of hook functions.", members: [] });
  return JSON.stringify({ error: "", members: Object.keys(hooks).map((name) => [name, typeof hooks[name]]) });
})
