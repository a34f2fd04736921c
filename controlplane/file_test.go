package controlplane

import (
	"strings"
	"testing"
)

// TestPathsOfHookFiles: a path is two to seven names of up to a hundred characters, with an ending that hooks have.
func TestPathsOfHookFiles(t *testing.T) {
	long := strings.Repeat("n", 100)
	for path, may := range map[string]bool{
		"hooks/todos.ts": true, "hooks/_auth.js": true, "lib/a/b/c/d/e/f.ts": true, "hooks/todos.test.ts": true, "lib/cases.json": true, "hooks/a.b/c-d.ts": true,
		"hooks/" + long + ".json": true, "lib/" + long + "/" + long + ".ts": true,
		"": false, "hooks": false, "hooks/": false, "hooks/.ts": false, "hooks/todos": false, "hooks/todos.tsx": false, "src/todos.ts": false, "/hooks/todos.ts": false,
		"hooks//todos.ts": false, "hooks/../todos.ts": false, "hooks/a..ts": false, "hooks/-a.ts": false, "hooks/ä.ts": false, "hooks/a b.ts": false, "hooks/todos.ts\n": false,
		"lib/a/b/c/d/e/f/g.ts": false, "hooks/" + long + "n.ts": false, "lib/" + long + "n/a.ts": false,
	} {
		if isFilePath(path) != may {
			t.Errorf("%q: %t, want %t", path, !may, may)
		}
	}
}
