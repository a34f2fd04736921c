package devmongo

// operator computes an operator of expressions over its arguments, evaluated.
type operator func(op string, a []any) (any, error)

// operatorOf gives an operator by its name; nil for what this server lacks.
func operatorOf(op string) operator {
	switch op {
	case "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$cmp":
		return compareOp
	case "$and", "$or":
		return logicOp
	case "$not":
		return func(_ string, a []any) (any, error) { return !truthy(a[0]), nil }
	case "$ifNull":
		return ifNullOp
	case "$in":
		return inOp
	case "$max", "$min":
		return extremeOp
	case "$add", "$subtract", "$multiply":
		return arithOp
	case "$concat":
		return concatOp
	case "$type":
		return typeOp
	case "$mergeObjects":
		return mergeOp
	case "$size":
		return sizeOp
	}
	return nil
}

// evalOp evaluates an operator. $literal and $cond do not evaluate all that they are given.
func evalOp(d D, op string, arg any) (any, error) {
	switch op {
	case "$literal":
		return arg, nil
	case "$cond":
		return evalCond(d, arg)
	}
	do := operatorOf(op)
	if do == nil {
		return nil, unknown("expression", op, theirExprs, errf(168, "InvalidPipelineOperator", "Unrecognized expression '%s'", op))
	}
	list, ok := arg.(A)
	if !ok {
		list = A{arg}
	}
	a := make([]any, len(list))
	for i := range list {
		r, err := eval(d, list[i])
		if err != nil {
			return nil, err
		}
		a[i] = r
	}
	return do(op, a)
}

func evalCond(d D, arg any) (any, error) {
	var c, t, f any
	if a, ok := arg.(A); ok && len(a) == 3 {
		c, t, f = a[0], a[1], a[2]
	} else if o, ok := arg.(D); ok {
		c, t, f = val(o, "if"), val(o, "then"), val(o, "else")
	}
	r, err := eval(d, c)
	if err != nil {
		return nil, err
	}
	if truthy(r) {
		return eval(d, t)
	}
	return eval(d, f)
}

func two(op string, a []any) error {
	if len(a) != 2 {
		return errf(16020, "Location16020", "Expression %s takes exactly 2 arguments", op)
	}
	return nil
}

func compareOp(op string, a []any) (any, error) {
	if err := two(op, a); err != nil {
		return nil, err
	}
	c := cmp(a[0], a[1])
	switch op {
	case "$eq":
		return c == 0, nil
	case "$ne":
		return c != 0, nil
	case "$gt":
		return c > 0, nil
	case "$gte":
		return c >= 0, nil
	case "$lt":
		return c < 0, nil
	case "$lte":
		return c <= 0, nil
	}
	return int32(c), nil
}

func logicOp(op string, a []any) (any, error) {
	for _, x := range a {
		if truthy(x) == (op == "$or") {
			return op == "$or", nil
		}
	}
	return op == "$and", nil
}

func ifNullOp(_ string, a []any) (any, error) {
	for _, x := range a {
		if !nullish(x) {
			return x, nil
		}
	}
	return a[len(a)-1], nil
}

// nullish is null, or missing or undefined.
func nullish(x any) bool { return rank(x) > 0 && rank(x) <= 2 }

func inOp(op string, a []any) (any, error) {
	if err := two(op, a); err != nil {
		return nil, err
	}
	l, _ := a[1].(A)
	for _, x := range l {
		if cmp(a[0], x) == 0 {
			return true, nil
		}
	}
	return false, nil
}

func extremeOp(op string, a []any) (any, error) {
	if len(a) == 1 {
		if l, ok := a[0].(A); ok {
			a = l
		}
	}
	return extreme(op, a), nil
}

// extreme is the greatest or the least of what is not null.
func extreme(op string, a []any) any {
	var best any
	for _, x := range a {
		if nullish(x) {
			continue
		}
		if best == nil || (cmp(x, best) > 0) == (op == "$max") {
			best = x
		}
	}
	return best
}

func arithOp(op string, a []any) (any, error) {
	if len(a) == 0 {
		return int32(0), nil
	}
	acc := a[0]
	for _, x := range a[1:] {
		if rank(acc) <= 2 || rank(x) <= 2 {
			return nil, nil
		}
		r, err := arith(op, acc, x)
		if err != nil {
			return nil, err
		}
		acc = r
	}
	return acc, nil
}

func concatOp(_ string, a []any) (any, error) {
	s := ""
	for _, x := range a {
		t, ok := x.(string)
		if !ok {
			return nil, nil
		}
		s += t
	}
	return s, nil
}

func typeOp(_ string, a []any) (any, error) {
	for n, is := range typeNames {
		if n != "number" && is(a[0]) {
			return n, nil
		}
	}
	return "missing", nil
}

func mergeOp(_ string, a []any) (any, error) {
	var out D
	for _, x := range a {
		o, _ := x.(D)
		for _, e := range o {
			out = set(out, e.Key, e.Value)
		}
	}
	return out, nil
}

func sizeOp(_ string, a []any) (any, error) {
	l, ok := a[0].(A)
	if !ok {
		return nil, errf(17124, "Location17124", "The argument to $size must be an array")
	}
	return int32(len(l)), nil
}
