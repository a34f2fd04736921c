// What people, devices and hooks might write to do harm where it is shown: fifty texts. Each that is markup or
// script would set window.pwned, or make an element with data-pwned, if anything took it for more than text.
const run = 'window.pwned=1';

const markup = [
  `<script>${run}</script>`,
  `</script><script>${run}</script>`,
  `<img src=x onerror="${run}">`,
  `"><img src=x onerror=${run}>`,
  `'><svg onload=${run}>`,
  `<svg><script>${run}</script></svg>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`,
  `<iframe src="javascript:parent.pwned=1"></iframe>`,
  `<object data="javascript:${run}"></object>`,
  `<details open ontoggle=${run}>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${run}>`,
  `<a href="javascript:${run}" data-pwned>click</a>`,
  `<form action="https://evil.example"><button data-pwned>Sign in</button></form>`,
  `<style>*{display:none!important}</style>`,
  `<base href="https://evil.example/">`,
  `<meta http-equiv="refresh" content="0;url=https://evil.example">`,
  `<link rel=stylesheet href="https://evil.example/x.css">`,
  `<div style="position:fixed;inset:0;background:red" data-pwned>`,
  `<template><script>${run}</script></template>`,
  `&lt;script&gt;${run}&lt;/script&gt;`,
  `&#x3c;img src=x onerror=${run}&#x3e;`,
  `{{constructor.constructor('${run}')()}}`,
  '${' + run + '}',
  `javascript:${run}`,
  `data:text/html,<script>opener.pwned=1</script>`,
  `[click](javascript:${run})`,
  `![x](https://evil.example/?leak)`,
  `';${run};//`,
  `{"__proto__":{"pwned":1}}`,
  `constructor`,
  `__proto__`,
];

const invisible = [
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b[2J\u001b[H cleared',
  '\u009b31m C1',
  'safe\rEVIL',
  'abc\b\b\bxyz',
  'bell\u0007 and delete\u007f',
  'invoice\u202efdp.exe',
  '\u202dright\u202c to left',
  '\u2066isolated\u2069 and \u2067turned\u2069',
  'access\u2067 === "admin" \u2066',
  'zero\u200bwidth\u200djoin\ufeffbom',
  'soft\u00adhyphen \u061c mark \u180e',
  'line\u2028and paragraph\u2029separators',
  'tags\u{e0041}\u{e0042}\u{e007f}',
  'e' + '\u0301\u0316\u0323'.repeat(60),
  'W'.repeat(400),
];

export const attacks = [...markup, ...invisible];

/** Characters that may never be on a page as themselves (as in web/app/src/ui/plain.ts; line breaks and tabs may). */
export const unsafe = '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]|[\\u{e0000}-\\u{e007f}]|\\p{M}{5}';
