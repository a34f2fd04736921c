package engine

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// A door is a file of ours through which the entry reads a hook file's default export. What is required, esbuild gives as an object with a getter
// for each export, made by four helpers: with each transaction, a tenth of what a short one takes. What a module imports and
// reads by its name, it refers to directly.
func door(file string) string { return ours + file }

// behind gives the file that a door leads to.
func behind(name string) (file string, ok bool) { return strings.CutPrefix(name, ours) }

// doorText is a door's source. The export is read each time: it may change as long as the transaction lives.
func doorText(file string) string {
	return "import * as file from " + jsonText(file) + "; module.exports = { get default() { return file.default; } };"
}

// buildHooks is build for hook files. Those that are no ES modules have no door, because importing them would mean something else.
func buildHooks(files map[string]string, entries []string) *built {
	doors := make([]string, len(entries))
	for i, file := range entries {
		doors[i] = door(file)
	}
	b := build(files, doors)
	if b.failed() {
		return b
	}
	modules, all := b.modules(), true
	for i, file := range entries {
		if !modules[file] {
			doors[i], all = file, false
		}
	}
	if all {
		return b
	}
	return build(files, doors)
}

// modules are the files that esbuild took for ES modules.
func (b *built) modules() map[string]bool {
	var meta struct {
		Inputs map[string]struct {
			Format string `json:"format"`
		} `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(b.metafile), &meta); err != nil {
		return nil
	}
	list := make(map[string]bool, len(meta.Inputs))
	for name, in := range meta.Inputs {
		list[strings.TrimPrefix(name, namespace+":")] = in.Format == "esm"
	}
	return list
}
