package engine

import (
	"strings"

	"github.com/dop251/goja"
)

// touch is the built-ins of one object that a script names. The interpreter makes each when it is first looked at, which is a third
// of what a short call takes; to look at one changes nothing that code could see.
type touch struct {
	global    string
	prototype bool
	names     []string
	symbols   []*goja.Symbol
}

// unnamed are objects whose members code uses without naming them: those of literals, and what syntax stands for.
var unnamed = []touch{
	{global: "Object", prototype: true}, {global: "Function", prototype: true}, {global: "String", prototype: true}, {global: "Number", prototype: true},
	{global: "Array", prototype: true, symbols: []*goja.Symbol{goja.SymIterator}},
	{global: "RegExp", prototype: true, symbols: []*goja.Symbol{goja.SymReplace}}, // one makes them all
}

// named are those that code names, and their prototypes.
var named = []string{"Object", "Array", "String", "Number", "Boolean", "Math", "JSON", "Date", "RegExp", "Map", "Set", "Promise", "Symbol", "Error", "BigInt"}

// touchesOf lists what code names. It asks a VM, which is used for nothing else.
func touchesOf(code string, vm *goja.Runtime) (list []touch) {
	words := wordsOf(code)
	add := func(t touch) {
		o := t.find(vm)
		for _, name := range o.GetOwnPropertyNames() {
			look := func() { o.Get(name) } // what has a getter may throw
			if words[name] && !common[name] && vm.Try(look) == nil {
				t.names = append(t.names, name)
			}
		}
		if len(t.names)+len(t.symbols) > 0 {
			list = append(list, t)
		}
	}
	for _, t := range unnamed {
		add(t)
	}
	for _, name := range named {
		if !words[name] {
			continue
		}
		add(touch{global: name})
		if name != "Math" && name != "JSON" {
			add(touch{global: name, prototype: true})
		}
	}
	return list
}

// common are members of most built-ins, and words of most scripts; hardly one is used.
var common = map[string]bool{"constructor": true, "prototype": true, "name": true, "length": true}

// find gives the object; they are those of the language.
func (t *touch) find(vm *goja.Runtime) *goja.Object {
	o := vm.Get(t.global).ToObject(vm)
	if t.prototype {
		o = o.Get("prototype").ToObject(vm)
	}
	return o
}

// apply looks at them all.
func (t *touch) apply(vm *goja.Runtime) {
	o := t.find(vm)
	for _, name := range t.names {
		o.Get(name)
	}
	for _, s := range t.symbols {
		o.GetSymbol(s)
	}
}

// wordsOf are the words of a text: of a script, all the names in it, and more.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r != '_' && r != '$' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		words[word] = true
	}
	return words
}
