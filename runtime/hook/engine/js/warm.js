// Touches the built-ins that most hooks use: an interpreter makes each when it is first touched. It leaves nothing behind.
(function () {
  "use strict";
  const list = [3, 1, 2], set = new Set(list), map = new Map([[1, 2]]);
  for (const x of [...set, ...map.keys()]) if (!set.has(x)) map.set(x, x);
  const object = { a: 1, ...{ b: 2 } };
  for (const [k, v] of Object.entries(object)) object[k] = v;
  const { a, ...rest } = object;
  Object.keys(rest).concat(Object.values(object)).includes(a);
  Object.assign({}, object);
  list.map((x) => x + 1).filter(Boolean).sort((x, y) => x - y).slice(0, 1).some((x) => x > 1);
  list.find((x) => x === 1); list.every((x) => x); list.reduce((x, y) => x + y, 0); list.push(1); list.join(",").split(",").forEach((x) => Number(x));
  " Ab-c ".trim().toLowerCase().replace(/[^a-z]+/g, "-").replace(/a/, (x) => x.toUpperCase()).startsWith("a");
  "a".padStart(2, "0").slice(1).concat("b").includes("b"); /^a$/.test("a"); "a".match(/a/); "ab".charCodeAt(0); String(1);
  Math.max(1, Math.min(2, Math.round(1.5))); Number.isNaN(Date.parse("2026-01-01")); Number.isInteger(1); parseInt("1", 10); (1.5).toFixed(1);
  new Date(0).toISOString(); JSON.stringify(JSON.parse("[1]")); Array.isArray(list); Array.from(set); new (class A { constructor(x) { this.x = x; } get y() { return this.x; } })(1).y;
})
