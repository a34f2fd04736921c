package engine

import (
	"reflect"

	"github.com/dop251/goja/ast"
)

// walk visits a node and all below it; visit tells whether to go below. The parser's package has no
// walker, and its nodes are plain structs: reflection finds every child, also in nodes to come.
func walk(n ast.Node, visit func(ast.Node) bool) { walkValue(reflect.ValueOf(n), visit) }

var nodeType = reflect.TypeFor[ast.Node]()

func walkValue(v reflect.Value, visit func(ast.Node) bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			walkValue(v.Elem(), visit)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct || v.Elem().Type().PkgPath() != astPackage {
			return
		}
		if v.Type().Implements(nodeType) && !visit(v.Interface().(ast.Node)) {
			return
		}
		walkFields(v.Elem(), visit)
	case reflect.Struct:
		if v.Type().PkgPath() == astPackage {
			walkFields(v, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkValue(v.Index(i), visit)
		}
	}
}

const astPackage = "github.com/dop251/goja/ast"

func walkFields(v reflect.Value, visit func(ast.Node) bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "DeclarationList" { // a second way to what the body holds
			continue
		}
		if f := v.Field(i); f.CanInterface() {
			walkValue(f, visit)
		}
	}
}
