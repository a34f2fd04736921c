//go:build e2e

package main_test

import (
	"os"
	"strings"
	"testing"
)

// TestConflictGuide: the guide names every scenario of TestStrategies, and no other.
func TestConflictGuide(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/guides/conflicts.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{} // in the third column of the tables with four
	for _, line := range strings.Split(string(raw), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 4 {
			continue
		}
		for i, part := range strings.Split(cells[2], "`") {
			if i%2 == 1 {
				named[part] = true
			}
		}
	}
	for _, s := range append(append([]scenario{}, strategies...), deviceSync...) {
		name := strings.ReplaceAll(s.name, " ", "_")
		if !named[name] {
			t.Errorf("the guide does not name %s", name)
		}
		delete(named, name)
	}
	for name := range named {
		t.Errorf("there is no scenario %s", name)
	}
}
