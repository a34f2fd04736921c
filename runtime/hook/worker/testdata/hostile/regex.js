//--- nested quantifier
/(a+)+$/.test("a".repeat(50) + "b");
//--- back reference
/^(a+)+\1$/.test("a".repeat(40) + "b");
//--- look ahead
/^(?=(a+)+$)b/.test("a".repeat(40) + "c");
//--- look behind
/(?<=^(a+)+)b/.test("a".repeat(40) + "c");
//--- many look aheads
for (;;) /^(?=(a|aa)+$)/.test("a".repeat(100) + "b");
//--- alternation
/^(?=(a|a)*$)b/.test("a".repeat(40) + "b");
//--- huge repetition
new RegExp("(?:a{1000}){1000}").test("a");
//--- huge pattern
new RegExp("a|".repeat(1e6)).test("b");
//--- nested groups
new RegExp("(".repeat(1e5) + "a" + ")".repeat(1e5)).test("a");
//--- global match of everything
"a".repeat(1e7).match(/a/g);
//--- replace of everything
"a".repeat(1e7).replace(/a/g, () => "bbbbbbbbbb");
//--- split by nothing
"a".repeat(1e7).split(/(?:)/);
//--- sticky loop
const r = /a*/gy; for (;;) { r.lastIndex = 0; r.exec("b"); }
//--- exec that never moves
const r = { [Symbol.replace]() { for (;;) {} } }; "x".replace(r, "y");
