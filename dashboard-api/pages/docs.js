// The docs page: lists every operation of /api/v1/openapi.json with its input, output and a curl line.
"use strict";

function el(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

let components = {};

function resolve(schema) {
  while (schema && schema.$ref) schema = components[schema.$ref.split("/").pop()];
  return schema || {};
}

function typeName(schema) {
  const name = schema.$ref ? " " + schema.$ref.split("/").pop() : "";
  schema = resolve(schema);
  const type = [].concat(schema.type || "any").join(" | ");
  if (type.startsWith("array")) return "array of " + typeName(schema.items || {});
  const limits = [
    schema.enum && schema.enum.join(", "),
    schema.format,
    schema.minLength !== undefined && "min " + schema.minLength,
    schema.maxLength !== undefined && "max " + schema.maxLength,
  ].filter(Boolean);
  return type + name + (limits.length ? " (" + limits.join("; ") + ")" : "");
}

// example makes a value of a schema: what a reader would type.
function example(schema, depth = 0) {
  schema = resolve(schema);
  if (schema.example !== undefined) return schema.example;
  if (schema.examples) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const type = [].concat(schema.type || "object")[0];
  if (type === "array") return depth > 3 ? [] : [example(schema.items || {}, depth + 1)];
  if (type === "object") {
    const out = {};
    const required = new Set(schema.required || []);
    for (const [name, property] of Object.entries(schema.properties || {})) {
      if (required.has(name) && depth <= 3) out[name] = example(property, depth + 1);
    }
    return out;
  }
  return { string: "…", integer: schema.minimum || 1, number: 1, boolean: true }[type] ?? null;
}

function fields(schema) {
  schema = resolve(schema);
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([name, property]) => [
    name + (required.has(name) ? " *" : ""), typeName(property), property.description || resolve(property).description || "",
  ]);
  return rows.length ? table(["Field", "Type", ""], rows) : el("p", {}, typeName(schema));
}

function table(heads, rows) {
  return el("table", {},
    el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell, i) => el("td", {}, i === 0 ? el("code", {}, cell) : cell))))));
}

function jsonOf(holder) {
  const content = (holder && holder.content) || {};
  return (Object.values(content)[0] || {}).schema;
}

function curl(server, method, path, operation) {
  const lines = [`curl -sS -X ${method.toUpperCase()} '${server}${path}'`];
  if (operation.security) lines.push(`  -H "Authorization: Bearer $TURNKEY_TOKEN"`);
  for (const p of operation.parameters || []) {
    if (p.in === "header" && p.required) lines.push(`  -H '${p.name}: "…"'`);
  }
  const body = jsonOf(operation.requestBody);
  if (body) lines.push("  -H 'Content-Type: application/json'", `  -d '${JSON.stringify(example(body))}'`);
  return lines.join(" \\\n");
}

function render(server, method, path, operation) {
  const inside = el("div", { className: "inside" }, el("p", {}, operation.description || ""));
  const parameters = operation.parameters || [];
  if (parameters.length) {
    inside.append(el("h4", {}, "Parameters"), table(["Name", "Type", ""], parameters.map((p) => [
      p.name + (p.required ? " *" : ""), p.in + ", " + typeName(p.schema || {}), p.description || "",
    ])));
  }
  const body = jsonOf(operation.requestBody);
  if (body) inside.append(el("h4", {}, "Body"), fields(body));
  for (const [status, response] of Object.entries(operation.responses || {})) {
    inside.append(el("h4", {}, status === "default" ? "Any error" : "Answer " + status));
    const schema = jsonOf(response);
    inside.append(schema ? fields(schema) : el("p", {}, response.description || "no body"));
  }
  inside.append(el("h4", {}, "Try it"), el("pre", { tabIndex: 0 }, curl(server, method, path, operation)));
  return el("details", { id: operation.operationId },
    el("summary", {}, el("span", { className: "verb" }, method.toUpperCase()), el("code", {}, path), " ", operation.summary || ""), inside);
}

async function main() {
  const answer = await fetch("/api/v1/openapi.json");
  if (!answer.ok) throw new Error("The description could not be read: " + answer.status);
  const api = await answer.json();
  components = (api.components && api.components.schemas) || {};
  document.getElementById("about").textContent = api.info.description + " Version " + api.info.version + ".";
  const nouns = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      const operation = item[method];
      if (!operation) continue;
      const noun = (operation.tags || ["other"])[0];
      if (!nouns.has(noun)) nouns.set(noun, []);
      nouns.get(noun).push(render(api.servers[0].url, method, path, operation));
    }
  }
  for (const [noun, list] of nouns) {
    document.getElementById("nouns").append(el("li", {}, el("a", { href: "#noun-" + noun }, noun)));
    document.getElementById("operations").append(el("section", { id: "noun-" + noun }, el("h2", {}, noun), ...list));
  }
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  if (wanted) {
    wanted.open = true;
    wanted.scrollIntoView();
  }
}

main().catch((err) => {
  document.getElementById("error").textContent = err.message;
});
