package engine

import (
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// resolver gives esbuild the users' files and nothing else: no name leads to a disk.
type resolver struct{ files map[string]string }

func (r resolver) install(b api.PluginBuild) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		file, problem := r.find(a.Path, a.Importer)
		if problem != nil {
			return api.OnResolveResult{Errors: []api.Message{*problem}}, nil
		}
		return api.OnResolveResult{Path: file, Namespace: namespace}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		text := withoutMap.Replace(r.files[a.Path])
		if file, ok := behind(a.Path); ok {
			text = doorText(file)
		}
		return api.OnLoadResult{Contents: &text, Loader: loaderOf(a.Path)}, nil
	})
}

// withoutMap blunts comments that name a source map, at the same length: esbuild would read the file that they name,
// from the disk, whoever owns the code. (A string that holds exactly such a comment loses a sign.)
var withoutMap = strings.NewReplacer(
	"//# sourceMappingURL=", "//  sourceMappingURL=", "//@ sourceMappingURL=", "//  sourceMappingURL=",
	"/*# sourceMappingURL=", "/*  sourceMappingURL=", "/*@ sourceMappingURL=", "/*  sourceMappingURL=",
)

func loaderOf(file string) api.Loader {
	switch path.Ext(file) {
	case ".ts", ".mts":
		return api.LoaderTS
	case ".json":
		return api.LoaderJSON
	}
	return api.LoaderJS
}

// find leads from what an import names to a file.
func (r resolver) find(name, importer string) (string, *api.Message) {
	if importer == "<stdin>" || strings.HasPrefix(importer, ours) {
		return name, nil
	}
	if !strings.HasPrefix(name, "./") && !strings.HasPrefix(name, "../") {
		return "", bare(name)
	}
	target := path.Join(path.Dir(importer), name)
	if !strings.HasPrefix(target, "hooks/") && !strings.HasPrefix(target, "lib/") {
		return "", message("Cannot import "+quote(name)+": only files in hooks/ and lib/ can be imported.", "")
	}
	for _, try := range candidates(target) {
		if _, ok := r.files[try]; ok {
			return try, nil
		}
	}
	return "", message("Cannot import "+quote(name)+": there is no file "+target+".", "")
}

// candidates are the files that an import may mean: as written, with an extension, .js for .ts, a folder's index.
func candidates(target string) []string {
	list := []string{target, target + ".ts", target + ".js", target + ".json", target + "/index.ts", target + "/index.js"}
	if stem, ok := strings.CutSuffix(target, ".js"); ok {
		list = append(list, stem+".ts")
	}
	return list
}

func bare(name string) *api.Message {
	switch {
	case strings.HasPrefix(name, "lib/") || strings.HasPrefix(name, "hooks/"):
		return message("Cannot import "+quote(name)+": paths are relative.", "Write "+quote("../"+name)+" in a hook file.")
	case strings.HasPrefix(name, "/") || strings.Contains(name, "://"):
		return message("Cannot import "+quote(name)+": only files in hooks/ and lib/ can be imported, by a relative path.", "")
	case slices.Contains(testLibraries, name):
		return message("Cannot import "+quote(name)+": tests need no library.", "Remove the import: test, expect and run are there in files that end in .test.ts.")
	case strings.HasPrefix(name, "node:") || slices.Contains(nodeModules, strings.TrimSuffix(name, "/promises")):
		return message("Cannot import "+quote(name)+": hooks do not run in Node.", "turnkey.d.ts lists what there is instead: Buffer, crypto, URL, fetch in afterCommit.")
	}
	return message("Cannot import "+quote(name)+": npm packages are not available in hooks.", "Put the code that you need into lib/ and import it by a relative path.")
}

// testLibraries are what tests elsewhere begin with; nodeModules are Node's own.
var (
	testLibraries = []string{"vitest", "jest", "@jest/globals", "mocha", "chai", "bun:test", "node:test"}
	nodeModules   = strings.Fields("assert async_hooks buffer child_process cluster console crypto dgram dns events fs http http2 https module net os path perf_hooks process " +
		"punycode querystring readline stream string_decoder timers tls tty url util v8 vm worker_threads zlib")
)

func message(text, hint string) *api.Message {
	m := &api.Message{Text: text}
	if hint != "" {
		m.Notes = []api.Note{{Text: hint}}
	}
	return m
}

func quote(s string) string { return `"` + clean(s, 200) + `"` }
