package hook

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Program is a configuration's hook files, compiled to one script that the engine runs. It is made at
// deploy, kept with the deployment, and loaded by workers.
type Program struct {
	// Hash identifies code and map: workers keep what they have loaded by it.
	Hash string `json:"hash"`
	// Code is JavaScript; Map leads from its positions to the users' files (source map, version 3).
	Code string `json:"code"`
	Map  string `json:"map"`
	// Hooks says which file exports what; sorted by file.
	Hooks []Exports `json:"hooks"`
}

// Exports is what one hook file offers.
type Exports struct {
	File      string     `json:"file"`
	Name      string     `json:"name"` // the table, "_transaction" or "_auth"
	Functions []Function `json:"functions"`
	// Lines says where in the file each function begins, as far as that is known.
	Lines map[Function]int `json:"lines,omitempty"`
}

// HashOf gives the content hash of a program's code and map.
func HashOf(code, sourceMap string) string {
	h := sha256.New()
	h.Write([]byte(code))
	h.Write([]byte{0})
	h.Write([]byte(sourceMap))
	return hex.EncodeToString(h.Sum(nil))
}

// Has tells whether a table's hook file (or "_transaction", "_auth") exports the function. Whoever
// asks first saves a round trip to the worker.
func (p *Program) Has(name string, f Function) bool {
	e := p.Exports(name)
	return e != nil && slices.Contains(e.Functions, f)
}

// Exports finds a hook file by what it is for; nil if there is none, as in no program at all.
func (p *Program) Exports(name string) *Exports {
	if p == nil {
		return nil
	}
	for i := range p.Hooks {
		if p.Hooks[i].Name == name {
			return &p.Hooks[i]
		}
	}
	return nil
}

// Place is where a function is written, for people: its file, and the line if that is known.
func (p *Program) Place(name string, f Function) string {
	e := p.Exports(name)
	switch {
	case e == nil:
		return name
	case e.Lines[f] == 0:
		return e.File
	}
	return e.File + ":" + strconv.Itoa(e.Lines[f])
}
