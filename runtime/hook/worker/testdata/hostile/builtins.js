//--- fill
new Array(2 ** 31).fill(0);
//--- indexOf on array-like
Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
//--- lastIndexOf on array-like
Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);
//--- includes on array-like
Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);
//--- copyWithin on array-like
Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1);
//--- fill on array-like
Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1);
//--- reverse sparse
const a = []; a[2 ** 32 - 2] = 1; a.reverse();
//--- reverse on array-like
Array.prototype.reverse.call({ length: 2 ** 53 - 1 });
//--- join on array-like
Array.prototype.join.call({ length: 2 ** 32 - 1 }, "");
//--- join holes
new Array(5e8).join("x");
//--- from length
Array.from({ length: 2 ** 32 - 1 });
//--- concat spreadable
[].concat({ length: 2 ** 32 - 1, [Symbol.isConcatSpreadable]: true });
//--- sort sparse
const a = []; a[2 ** 32 - 2] = 1; a.sort();
//--- splice on array-like
Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1);
//--- unshift on array-like
Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1);
//--- shift on array-like
Array.prototype.shift.call({ length: 2 ** 53 - 1 });
//--- some on array-like
Array.prototype.some.call({ length: 2 ** 53 - 1 }, () => false);
//--- flat cyclic
const a = []; a.push(a, a); a.flat(Infinity);
//--- slice on array-like
Array.prototype.slice.call({ length: 2 ** 32 - 1 });
//--- toSorted on array-like
Array.prototype.toSorted.call({ length: 2 ** 32 - 1 });
//--- with on array-like
Array.prototype.with.call({ length: 2 ** 32 - 1 }, 0, 1);
//--- normalize
"\u0344".repeat(3e7).normalize("NFC");
//--- replace all
"a".repeat(1e7).replaceAll("a", "bb".repeat(10));
//--- split
"a".repeat(5e7).split("");
//--- case
"ß".repeat(5e7).toUpperCase();
//--- compare
const s = "a".repeat(5e7); s.localeCompare(s + "b");
//--- encode
encodeURIComponent("\u{1F600}".repeat(5e6));
//--- bigint power
3n ** 50000000n;
//--- bigint to text
const n = 7n ** 3000000n; n.toString();
//--- bigint modulo
((1n << 4000000n) - 1n) % 7n ** 1000000n;
//--- bigint shift
1n << 50000000000n;
//--- apply with a huge list
Math.max.apply(null, { length: 2 ** 32 });
//--- from char code with a huge list
String.fromCharCode.apply(null, { length: 2 ** 32 });
//--- reflect construct
Reflect.construct(Array, { length: 3e8 });
//--- typed sort
new Float64Array(5e7).sort();
//--- typed from
Float64Array.from({ length: 1e9 });
//--- map of maps
const m = new Map(); for (let i = 0; ; i++) m.set({}, i);
//--- json parse of a long array
JSON.parse("[" + "1,".repeat(3e7) + "1]");
//--- json stringify of something deep and wide
const row = {}; for (let i = 0; i < 1e5; i++) row["k" + i] = "x".repeat(1000); JSON.stringify(row);
//--- json reviver
JSON.parse("[" + "1,".repeat(1e6) + "1]", () => { for (;;) {} });
//--- structured clone of a cycle
const a = []; for (let i = 0; i < 1e6; i++) a.push(a); structuredClone(a);
//--- pad
"x".padEnd(2 ** 30, "abc");
//--- string from entities
Object.entries("x".repeat(2e7));
//--- group of keys
Object.keys(new Uint8Array(3e7));
