// Package guides holds the guides for app developers as Markdown, and renders them to HTML that may stand in a page
// with a strict policy: no raw HTML, no style attribute, headings with ids. It must not know who serves them, nor
// anything else of the product: what a guide says is held by the end-to-end test TestGuides, which does it.
//
// A guide is read by people and by that test, so its fenced blocks follow rules:
//
//	```sh                  commands; all of a guide's run in order in one shell, in a folder that has .turnkey/dev.json
//	```json, ```text       right after commands: what the last of them answers. "…" stands for what differs from run to
//	                       run; members of a JSON object that the guide does not show may be there, too
//	```yaml NAME, ```ts NAME  a file that the reader saves under this name; the test saves it before the next commands
//	```ts, ```js, ```yaml  an excerpt: it must compile, or be valid YAML
//
// Links to other guides are written as for a reader of the repository ([Conflicts](conflicts.md#when-a-hook-fails)).
package guides
